// SPDX-License-Identifier: MIT

import Bytes

/// Reads server-sent events from parts of any size: the HTML standard, 9.2.5 and 9.2.6.
struct ServerSentEvents {
    struct Event: Equatable {
        /// `message` where it names none.
        let name: String
        let data: [UInt8]
    }

    /// The number of the last event, to go on from; nil if none had one.
    private(set) var lastID: Int64?
    private var line: [UInt8] = []
    private var name: [UInt8] = []
    private var data: [UInt8]?
    private var id: Int64?

    /// More than the daemon ever writes on one line.
    private static let longest = 1 << 20

    /// The events that end in a part.
    mutating func add(_ part: ArraySlice<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in part {
            if byte == UInt8(ascii: "\n") {
                if let event = end() { events.append(event) }
                line.removeAll(keepingCapacity: true)
            } else if line.count < Self.longest, byte != UInt8(ascii: "\r") {
                line.append(byte)
            }
        }
        return events
    }

    /// Takes a line in; at an empty one gives the event that it ends.
    private mutating func end() -> Event? {
        guard !line.isEmpty else {
            defer { (name, data, id) = ([], nil, nil) }
            if let id { lastID = id }
            return data.map { Event(name: name.isEmpty ? "message" : String(decoding: name, as: UTF8.self), data: $0) }
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.count
        var value = line[min(colon + 1, line.count)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = Array(value)
        case "data": data = data.map { $0 + [UInt8(ascii: "\n")] + value } ?? Array(value)
        case "id": id = Int64(decimal: Array(value))
        // A comment, or a field that there is not.
        default: break
        }
        return nil
    }
}
