// SPDX-License-Identifier: MIT

import Foundation
import Synchronization
import Testing
import TestSupport

@testable import Linux

/// Who is inside of which process.
@Suite struct EnclosureTests {
    private let enclosures = Enclosures<String>(nil)

    /// What the last of a family is inside of, with its first as root "a".
    private func label(of steps: String, _ arguments: String...) throws -> String? {
        let family = try Family(steps)
        try enclosures.add(family[0].held, "a")
        let last = try #require(family.members.last)
        #expect(last.thread != family[0].thread)
        let found = try enclosures.innermost(last)
        // As before, by what is remembered now.
        #expect(try enclosures.innermost(last)?.label == found?.label)
        #expect(try enclosures.innermost(last.held)?.label == found?.label)
        #expect(try Enclosures<String>(nil).innermost(last) == nil)
        return found?.label
    }

    @Test(arguments: [
        // Children, grandchildren, sessions.
        "snfn", "snfffn", "snfSnfn", "snfffffffffffn",
        // Orphans, of one generation and of three, and of a session of their own.
        "snfon", "snfooon", "snfoSon", "snfoSnfon",
        // Threads, whose first thread sleeps, or has ended; below such; of the root itself, whose first thread has ended.
        "snfhn", "snftn", "snftfn", "snfhfon", "snhn", "sntn", "sntfn",
        // Other programs, from the first thread and from another; by vfork(2).
        "snfxn", "snfXn", "snfvn", "snfvfvon", "snfXoXn",
        // Namespaces of users and of processes.
        "snfun", "snfufon", "snfpfn", "snfpffn", "snfupffofn",
    ])
    func `inside is who descends from the root`(steps: String) throws {
        #expect(try label(of: steps) == "a")
    }

    @Test func `inside is the root itself`() throws {
        let family = try Family("n")
        try enclosures.add(family[0].held, "a")
        #expect(try enclosures.innermost(family[0])?.label == "a")
        #expect(try enclosures.innermost(family[0].held)?.label == "a")
    }

    @Test func `outside are its parent, its siblings and its orphans that it did not ask for`() throws {
        let family = try Family("snfnfon")
        try enclosures.add(family[1].held, "a")
        #expect(try enclosures.innermost(family[0]) == nil)
        #expect(try enclosures.innermost(family[1])?.label == "a")
        #expect(try enclosures.innermost(family[2]) == nil)
        #expect(try enclosures.innermost(thread: getpid(), process: getpid()) == nil)
        let other = try Family("snfn")
        #expect(try enclosures.innermost(other[1]) == nil)
    }

    @Test func `a foreign process is in none`() throws {
        let family = try Family("n")
        try enclosures.add(family[0].held, "a")
        #expect(try enclosures.innermost(thread: 0, process: 0) == nil)
        #expect(try enclosures.innermost(thread: 0, process: family[0].process) == nil)
    }

    @Test func `a process that is not there is an error`() throws {
        let family = try Family("snfn")
        try enclosures.add(family[0].held, "a")
        #expect(errno { _ = try enclosures.innermost(thread: .max, process: .max) } == .noSuchProcess)
        try family.end(1)
        #expect(errno { _ = try enclosures.innermost(family[1].held) } == .noSuchProcess)
    }

    @Test(arguments: [false, true])
    func `who is inside is outside when the root ends, before anybody waits for it`(wasAsked: Bool) throws {
        let family = try Family("snfnfonfn")
        // By another handle than the one that the end is waited for with.
        try enclosures.add(HeldProcess.open(family[0].process), "a")
        if wasAsked { for member in family.members { #expect(try enclosures.innermost(member)?.label == "a") } }
        try family.end(0)
        for member in family.members.dropFirst() { #expect(try enclosures.innermost(member) == nil) }
        try family.reap()
        for member in family.members.dropFirst() { #expect(try enclosures.innermost(member) == nil) }
        #expect(errno { try enclosures.add(family[0].held, "b") } == .noSuchProcess)
    }

    @Test func `an ancestor that ends leaves its children inside`() throws {
        let family = try Family("snfnfnfnfn")
        try enclosures.add(family[0].held, "a")
        #expect(try enclosures.innermost(family[4])?.lineage(limit: 9).members.map(\.id) == family.members.map(\.process))
        try family.end(2)
        #expect(try enclosures.innermost(family[4])?.lineage(limit: 9).members.map(\.id) == [0, 3, 4].map { family[$0].process })
        try family.end(1)
        try family.end(3)
        #expect(try enclosures.innermost(family[4])?.lineage(limit: 9).members.map(\.id) == [0, 4].map { family[$0].process })
    }

    @Test func `the innermost counts, also when it was added or removed meanwhile`() throws {
        let family = try Family("snfsnfsnfn")
        let answers = { try family.members.map { try enclosures.innermost($0)?.label } }
        try enclosures.add(family[0].held, "a")
        #expect(try answers() == ["a", "a", "a", "a"])
        try enclosures.add(family[2].held, "c")
        #expect(try answers() == ["a", "a", "c", "c"])
        try enclosures.add(family[1].held, "b")
        #expect(try answers() == ["a", "b", "c", "c"])
        enclosures.remove(family[2].held)
        #expect(try answers() == ["a", "b", "b", "b"])
        // Another handle of the same process takes none away, nor adds it twice.
        let again = try HeldProcess.open(family[1].process)
        enclosures.remove(again)
        #expect(errno { try enclosures.add(again, "x") } == .exists)
        #expect(try answers() == ["a", "b", "b", "b"])
        enclosures.remove(family[1].held)
        try enclosures.add(again, "d")
        #expect(try answers() == ["a", "d", "d", "d"])
        enclosures.remove(again)
        enclosures.remove(family[0].held)
        #expect(try answers() == [nil, nil, nil, nil])
    }

    @Test func `who was in an inner one that ended is in the outer`() throws {
        let family = try Family("snfsnfn")
        try enclosures.add(family[0].held, "a")
        try enclosures.add(HeldProcess.open(family[1].process), "b")
        #expect(try enclosures.innermost(family[2])?.label == "b")
        try family.end(1)
        #expect(try enclosures.innermost(family[2])?.label == "a")
    }

    @Test func `nobody is inside of what is over, before it is removed`() throws {
        let over = Mutex<Set<String>>([])
        let enclosures = Enclosures<String>(nil) { label in over.withLock { $0.contains(label) } }
        let family = try Family("snfsnfn")
        try enclosures.add(family[0].held, "a")
        try enclosures.add(family[1].held, "b")
        func expectInside(_ labels: String?...) throws {
            #expect(try family.members.map { try enclosures.innermost($0)?.label } == labels)
            #expect(try family.members.map { try enclosures.innermost($0.held)?.label } == labels)
        }
        try expectInside("a", "b", "b")
        over.withLock { _ = $0.insert("b") }
        try expectInside("a", "a", "a")
        over.withLock { _ = $0.insert("a") }
        try expectInside(nil, nil, nil)
        over.withLock { _ = $0.remove("b") }
        try expectInside(nil, "b", "b")
    }

    @Test func `the number of a root that has ended means nothing`() throws {
        // The child is in a session of its own: as the number of its group or session, the number would not be free.
        let family = try Family("snfSn")
        let root = try HeldProcess.open(family[0].process)
        try enclosures.add(root, "a")
        #expect(try enclosures.innermost(family[1])?.label == "a")
        try family.end(0)
        try family.reap()
        try family.waitUntilFree(0)
        let other = try Family("=nfn", "\(family[0].process)")
        #expect(other[0].process == family[0].process && other[0].held.parentage() == true)
        #expect(try enclosures.innermost(other[0]) == nil)
        #expect(try enclosures.innermost(other[1]) == nil)
        // The number's new owner can be a root; the old one's end does not remove it.
        try enclosures.add(other[0].held, "b")
        enclosures.remove(root)
        #expect(try enclosures.innermost(other[1])?.label == "b")
        #expect(try enclosures.innermost(family[1]) == nil)
    }

    @Test func `the number of an ancestor that has ended means nothing`() throws {
        let family = try Family("snfnfnfn")
        try enclosures.add(family[0].held, "a")
        for member in family.members { #expect(try enclosures.innermost(member)?.label == "a") }
        for index in [1, 2] {
            try family.end(index)
            try family.waitUntilFree(index)
            // An outsider and its child, under the number of one that was inside.
            let other = try Family("=nfn", "\(family[index].process)")
            #expect(other[0].process == family[index].process)
            for member in other.members { #expect(try enclosures.innermost(member) == nil) }
            #expect(try enclosures.innermost(family[3])?.label == "a")
        }
    }

    @Test func `the number of an outsider that has ended means nothing`() throws {
        let family = try Family("nfn")
        let other = try Family("sn")
        try enclosures.add(other[0].held, "a")
        #expect(try enclosures.innermost(family[1]) == nil)
        try family.end(1)
        try family.waitUntilFree(1)
        let inside = try Family("sn=nfn", "\(family[1].process)")
        try enclosures.add(inside[0].held, "b")
        #expect(inside[1].process == family[1].process)
        #expect(try enclosures.innermost(inside[1])?.label == "b")
        #expect(try enclosures.innermost(inside[2])?.label == "b")
    }

    @Test func `who enters another's pid namespace stays inside until it gives itself to that one's first process`() throws {
        let host = try Family("npfn")
        let space = "/proc/\(host[1].process)/ns/pid"
        let entered = try Family("snfjfn", space)
        try enclosures.add(entered[0].held, "a")
        #expect(try enclosures.innermost(entered[1])?.label == "a")
        let orphaned = try Family("snfjfon", space)
        try enclosures.add(orphaned[0].held, "b")
        #expect(try enclosures.innermost(orphaned[1]) == nil)
        try enclosures.add(host[0].held, "host")
        #expect(try enclosures.innermost(orphaned[1])?.label == "host")
    }

    @Test func `a line that is too long is an error, and no way out`() throws {
        let family = try Family("sn" + String(repeating: "f", count: Ancestors.longest - 1) + "nfn")
        try enclosures.add(family[0].held, "a")
        #expect(try enclosures.innermost(family[1])?.label == "a")
        #expect(errno { _ = try enclosures.innermost(family[2]) } == .tooManyLinks)
        // Sleeping processes between them end with the first: nobody else is told of their numbers.
        for process in try descendants(of: family[0].process) { kill(process, SIGKILL) }
    }

    private func descendants(of process: Int32) throws -> [Int32] {
        let path = "/proc/\(process)/task/\(process)/children"
        let children = String(decoding: Scratch.contents(path), as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
        return try children.flatMap { try [$0] + descendants(of: $0) }
    }

    @Test func `a line is told from the root down, in bounds`() throws {
        let family = try Family("snfnfnfnfn")
        try enclosures.add(family[0].held, "a")
        let found = try #require(try enclosures.innermost(family[4]))
        let ids = family.members.map(\.process)
        let lineage = found.lineage(limit: 5)
        #expect(lineage.members.map(\.id) == ids && lineage.omitted == 0)
        #expect(lineage.members.allSatisfy { $0.comm == Array("probe".utf8) })
        #expect(found.lineage(limit: 4).members.map(\.id) == [ids[0], ids[2], ids[3], ids[4]])
        #expect(found.lineage(limit: 4).omitted == 1)
        #expect(found.lineage(limit: 2).members.map(\.id) == [ids[0], ids[4]] && found.lineage(limit: 2).omitted == 3)
        #expect(found.lineage(limit: -1) == found.lineage(limit: 2))
        #expect(try enclosures.innermost(family[0])?.lineage(limit: 0).members.map(\.id) == [ids[0]])
        // A name is as it is when it is asked for, and none of one that is gone.
        try family.end(4)
        try family.waitUntilFree(4)
        #expect(found.lineage(limit: 5).members.last == Lineage.Member(id: ids[4], comm: []))
    }
}

extension HeldProcess {
    /// Whether the kernel and /proc name the same parent.
    func parentage() -> Bool? {
        guard let told = try? parent(), let read = try? parentFromProc() else { return nil }
        return told == read
    }
}
