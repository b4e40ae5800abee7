// SPDX-License-Identifier: MIT

import Testing

@testable import tacit

@Suite struct ServerSentEventsTests {
    private typealias Event = ServerSentEvents.Event

    private static let stream = """
        id: 7

        :

        event: change
        data: {"ref":"a"}

        id: 8
        event: change
        data:{"ref":"b"}
        other: x

        data: one
        data: two

        id: none
        data

        id: 9
        data: unfinished
        """

    private static let events = [
        Event(name: "change", data: Array(#"{"ref":"a"}"#.utf8)), Event(name: "change", data: Array(#"{"ref":"b"}"#.utf8)),
        Event(name: "message", data: Array("one\ntwo".utf8)), Event(name: "message", data: []),
    ]

    /// Wherever the stream is cut into parts, and with either end of a line.
    @Test(arguments: ["\n", "\r\n"]) func `events are the same however they come`(end: String) {
        let stream = Array(Self.stream.replacing("\n", with: end).utf8)
        for size in 1...stream.count {
            var reader = ServerSentEvents()
            var events: [Event] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                events += reader.add(stream[start..<min(start + size, stream.count)])
            }
            #expect(events == Self.events && reader.lastID == 8, "\(size)")
        }
    }
}
