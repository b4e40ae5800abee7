// SPDX-License-Identifier: MIT

import Foundation
import Synchronization
import Testing
import TestSupport

@testable import Linux

/// Processes that are held, and their ends.
@Suite struct HeldProcessTests {
    @Test func `the kernel and proc name the same parent`() throws {
        for steps in ["nfn", "nfon", "nftn", "nfupfn"] {
            let family = try Family(steps)
            for member in family.members { #expect(member.held.parentage() == true) }
        }
        #expect(try HeldProcess.open(1).parent() == 0)
        #expect(try HeldProcess.open(1).parentFromProc() == 0)
    }

    @Test func `one that has ended is known as ended before it is waited for, and has a parent until then`() throws {
        let family = try Family("nfn")
        #expect(!family[0].held.hasEnded)
        try family.end(0)
        #expect(try family[0].held.parent() == getpid())
        #expect(try family[0].held.parentFromProc() == getpid())
        #expect(try family[0].held.comm() == Array("probe".utf8))
        try family.reap()
        #expect(errno { _ = try family[0].held.parent() } == .noSuchProcess)
        #expect(errno { _ = try family[0].held.parentFromProc() } == .noSuchProcess)
        #expect(errno { _ = try family[0].held.comm() } == .noSuchProcess)
        #expect(family[0].held.hasEnded)
    }

    @Test func `what /proc says of a number's next owner is not told of the one before`() throws {
        let family = try Family("nfn")
        try family.end(1)
        try family.waitUntilFree(1)
        let other = try Family("=n", "\(family[1].process)")
        #expect(other[0].process == family[1].process)
        #expect(errno { _ = try family[1].held.parent() } == .noSuchProcess)
        #expect(errno { _ = try family[1].held.parentFromProc() } == .noSuchProcess)
        #expect(errno { _ = try family[1].held.comm() } == .noSuchProcess)
        #expect(family[1].held.hasEnded && !other[0].held.hasEnded)
    }

    @Test func `a process lives as long as one of its threads`() throws {
        let family = try Family("nftn")
        #expect(family[1].thread != family[1].process)
        #expect(!family[1].held.hasEnded)
        // The first thread's number still is the process's.
        #expect(try HeldProcess.open(family[1].process).parent() == family[0].process)
    }

    @Test(arguments: [0, -1, .max])
    func `a number that nobody has is an error`(number: Int32) {
        #expect(errno { _ = try HeldProcess.open(number) } == .noSuchProcess)
    }

    @Test func `who connected is held, also when it has ended`() throws {
        let scratch = try Scratch()
        let listener = try UnixListener(path: scratch.path + "/socket", mode: 0o666)
        let family = try Family("qn", scratch.path + "/socket")
        let socket = FileDescriptor(owning: accept(listener.rawValue, nil, nil))
        let peer = try HeldProcess.peer(of: socket.rawValue)
        #expect(peer.id == family[0].process && !peer.hasEnded)
        #expect(try peer.comm() == Array("probe".utf8))
        try family.end(0)
        #expect(peer.hasEnded)
    }

    /// As before Linux 6.5, where the kernel does not hold who connected.
    @Test func `by its number alone, who has it now counts if it is the same user's`() throws {
        let family = try Family("nfn")
        let number = family[1].process
        #expect(try HeldProcess.peer(byNumber: PeerCredentials(uid: geteuid(), gid: getegid(), pid: number)).id == number)
        for (uid, gid) in [(geteuid() + 1, getegid()), (geteuid(), getegid() + 1)] {
            #expect(errno { _ = try HeldProcess.peer(byNumber: PeerCredentials(uid: uid, gid: gid, pid: number)) } == .noSuchProcess)
        }
        try family.end(1)
        try family.waitUntilFree(1)
        let credentials = PeerCredentials(uid: geteuid(), gid: getegid(), pid: number)
        #expect(errno { _ = try HeldProcess.peer(byNumber: credentials) } == .noSuchProcess)
    }

    @Test func `each end is told once, of a thousand processes`() throws {
        #expect(DescriptorLimit.raise() > 2000)
        let family = try Family("nC", "1000")
        #expect(family.members.count == 1001)
        let ends = try ProcessEnds()
        let told = Mutex<[Int32: Int]>([:])
        for member in family.members {
            let id = member.process
            try ends.watch(member.held) { told.withLock { $0[id, default: 0] += 1 } }
        }
        #expect(errno { try ends.watch(family[5].held) {} } == .exists)
        ends.forget(family[7].held)
        #expect(told.withLock { $0.isEmpty })
        for index in 1...500 { try family.end(index) }
        try Wait.until("499 ends are told") { told.withLock { $0.count } == 499 }
        for index in 501...1000 { try family.end(index) }
        try Wait.until("999 ends are told") { told.withLock { $0.count } == 999 }
        // Of one that has ended it is told too.
        try ends.watch(family[7].held) { told.withLock { $0[-1] = 1 } }
        try Wait.until("the forgotten one is told") { told.withLock { $0[-1] } == 1 }
        #expect(told.withLock { $0[family[7].process] == nil && $0[family[0].process] == nil && $0.values.allSatisfy { $0 == 1 } })
    }

    @Test func `nothing is told by one that is gone`() throws {
        final class Told: Sendable {
            let count = Atomic(0)
        }
        let family = try Family("n")
        weak var kept: Told?
        do {
            let told = Told()
            kept = told
            let ends = try ProcessEnds()
            try ends.watch(family[0].held) { _ = told.count.add(1, ordering: .relaxed) }
        }
        // Whom to tell is let go with the thread that would tell, and there was nothing to be told until then.
        try Wait.until("the thread ends") { kept == nil }
        #expect(!family[0].held.hasEnded)
    }
}
