// SPDX-License-Identifier: MIT

import Foundation
import Synchronization
import Testing
import TestSupport

@testable import Linux

/// Threads of real programs. What a FLUSH sees of one that dies is tested with mounts.
@Suite struct CallingThreadTests {
    /// Runs `body` with a sleeping program of that user, as its thread.
    private func withSleeper(
        uid: UInt32, gid: UInt32, groups: [UInt32] = [], name: String? = nil, _ body: (CallingThread) throws -> Void
    ) throws {
        let scratch = try Scratch()
        let program = try name.map { name in
            // A link: a copy could still be open for writing in a child that another test starts, and then not be executed (ETXTBSY).
            try FileManager.default.createSymbolicLink(atPath: scratch.path + "/" + name, withDestinationPath: "/bin/sleep")
            return scratch.path + "/" + name
        }
        var command = Command(program ?? "sleep", "60")
        command.caller = TestUser(uid: uid, gid: gid, groups: groups)
        let child = try command.start()
        let expected = Array((name ?? "sleep").utf8.prefix(15))
        try Wait.until("\(command.words) runs") { (try? ThreadName.read(of: child.pid)) == expected }
        try body(CallingThread(uid: uid, gid: gid, tid: child.pid))
    }

    @Test func `a caller is its process, its name and its groups`() throws {
        try withSleeper(uid: 61001, gid: 61002, groups: [61003, 61004]) { thread in
            let info = try thread.inspect()
            #expect(info == CallingThreadInfo(tgid: thread.tid, comm: Array("sleep".utf8), isKernelThread: false, fsuidAgrees: true))
            #expect(try Set(thread.groups()) == [61003, 61004])
            #expect(!thread.diesFromSignal())
        }
    }

    @Test func `a process descends from itself and from its parent`() throws {
        try withSleeper(uid: 61001, gid: 61002) { thread in
            #expect(thread.descends(fromOneOf: [thread.tid]))
            #expect(thread.descends(fromOneOf: [1 << 29, ThisProcess.id]))
            #expect(!thread.descends(fromOneOf: [1 << 29]))
            #expect(!thread.descends(fromOneOf: []))
            #expect(!CallingThread(uid: 0, gid: 0, tid: ThisProcess.id).descends(fromOneOf: [thread.tid]))
            #expect(!CallingThread(uid: 0, gid: 0, tid: 0).descends(fromOneOf: [0]))
        }
    }

    @Test func `another user or group than the thread's own does not agree`() throws {
        try withSleeper(uid: 61001, gid: 61002) { thread in
            let otherUser = try CallingThread.inspect(uid: 0, gid: 61002, tid: thread.tid)
            let otherGroup = try CallingThread.inspect(uid: 61001, gid: 0, tid: thread.tid)
            #expect(!otherUser.fsuidAgrees && !otherGroup.fsuidAgrees)
        }
    }

    @Test(arguments: ["a b", ") S 1 2 (", "näme", "exactly-15-byte", "longer-than-15-bytes"])
    func `a name is whatever the program chose`(name: String) throws {
        try withSleeper(uid: 61001, gid: 61001, name: name) { thread in
            let info = try thread.inspect()
            #expect(info.comm == Array(name.utf8.prefix(15)))
        }
    }

    @Test func `a thread that is not the first belongs to its process`() throws {
        let number = Mutex<Int32?>(nil)
        let end = DispatchSemaphore(value: 0)
        try Linux.DetachedThread.start {
            // "<process>/task/<thread>"
            let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
            number.withLock { $0 = link.flatMap { Int32($0.split(separator: "/").last ?? "") } }
            end.wait()
        }
        defer { end.signal() }
        try Wait.until("the thread runs") { number.withLock { $0 != nil } }
        let tid = try #require(number.withLock { $0 })
        let thread = CallingThread(uid: geteuid(), gid: getegid(), tid: tid)
        let info = try thread.inspect()
        #expect(info.tgid == getpid() && info.fsuidAgrees && thread.tid != getpid())
    }

    @Test func `the pidfd and proc say the same`() throws {
        try withSleeper(uid: 61001, gid: 61002) { thread in
            let fromProc = try ThreadCredentials.fromProc(of: thread.tid)
            if let told = try ThreadHandles.shared.inspect(thread.tid) { #expect(told.credentials == fromProc) }
            #expect(fromProc.fsuid == 61001 && fromProc.fsgid == 61002)
        }
    }

    @Test func `a thread of the kernel is told`() throws {
        // kthreadd, in the first pid namespace.
        guard (try? ThreadName.read(of: 2)) == Array("kthreadd".utf8) else { return }
        let info = try CallingThread.inspect(uid: 0, gid: 0, tid: 2)
        #expect(info.isKernelThread && info.comm == Array("kthreadd".utf8))
        #expect(!CallingThread(uid: 0, gid: 0, tid: 2).diesFromSignal())
    }

    @Test func `of a foreign thread nothing is known`() throws {
        let thread = CallingThread(uid: 5, gid: 6, tid: 0)
        #expect(try thread.inspect() == CallingThreadInfo(tgid: 0, comm: [], isKernelThread: false, fsuidAgrees: true))
        #expect(try thread.groups() == [])
        #expect(!thread.diesFromSignal())
    }

    @Test func `a thread that is gone is an error`() throws {
        let thread = CallingThread(uid: 0, gid: 0, tid: .max)
        #expect(errno { _ = try thread.inspect() } == .noSuchProcess)
        #expect(errno { _ = try thread.groups() } == .noSuchProcess)
        #expect(!thread.diesFromSignal())
    }
}
