// SPDX-License-Identifier: MIT

import Foundation
import Linux
import Testing

@testable import tacit

/// What the keeper does, in a thread here; that it does so as a process of its own is for the tests of `tacit run`.
@Suite struct KeeperTests {
    /// The keeper's ends of its pipes are the thread's, the others the test's.
    private final class Running: @unchecked Sendable {  // the thread has what it is given, and the semaphore tells when it is done
        private let done = DispatchSemaphore(value: 0)
        private var hold: FileDescriptor?
        private let reports: FileDescriptor
        private(set) var status: Int32 = -1

        init(_ plan: PlacementPlan) throws {
            let wait = try PipeEnds()
            let report = try PipeEnds()
            let ends = (try wait.reader.duplicate().release(), try report.writer.duplicate().release())
            hold = wait.intoWriter()
            reports = report.intoReader()
            Thread { [self] in
                let reader = FileDescriptor(owning: ends.0)
                let writer = FileDescriptor(owning: ends.1)
                status = Keeper.keep(plan, for: 0, until: reader, writer)
                try? writer.close()
                done.signal()
            }.start()
        }

        func first() throws -> UInt8? {
            var byte: [UInt8] = [0]
            var span = byte.mutableSpan
            var bytes = unsafe span.mutableBytes
            return try reports.read(into: &bytes) == 1 ? byte[0] : nil
        }

        func end() throws -> (status: Int32, said: [UInt8]) {
            hold = nil
            done.wait()
            return (status, try reports.readToEnd(limit: 65536))
        }
    }

    @Test func `files go when the other end is closed`() throws {
        let at = try Places()
        let keeper = try Running(at.plan(["a/x"]))
        #expect(try keeper.first() == Keeper.Report.placed.rawValue)
        try #expect(at.tree().count == 2)
        let end = try keeper.end()
        #expect(end.status == 0 && end.said == [Keeper.Report.undone.rawValue])
        try #expect(at.tree() == [])
    }

    @Test func `why nothing is placed is said`() throws {
        let at = try Places()
        try at.write("mine", to: "x")
        let keeper = try Running(at.plan(["x"]))
        #expect(try keeper.first() == Keeper.Report.failed.rawValue)
        let end = try keeper.end()
        #expect(end.status == 1 && end.said.first == 8)
        let words = end.said.dropFirst().split(separator: 0).map { string($0) }
        #expect(words == ["\(at.home)/x is there already, and is not a file of this job", "--force moves it away as long as the job runs"])
    }

    @Test func `remarks are said`() throws {
        let at = try Places()
        try at.write("mine", to: "x")
        let keeper = try Running(at.plan(["x"], replaces: true))
        #expect(try keeper.first() == Keeper.Report.placed.rawValue)
        try FileManager.default.removeItem(atPath: at.home + "/x")
        try at.write("new", to: "x")
        let end = try keeper.end()
        #expect(end.said.first == Keeper.Report.undone.rawValue && end.said.last == 0)
        #expect(string(end.said).contains("was made meanwhile"))
    }
}
