// SPDX-License-Identifier: MIT

import Foundation
import Synchronization
import Testing
import TestSupport

@testable import Linux

/// Who is inside of which control group: with groups that are made for it.
@Suite struct CgroupTests {
    @Test func `inside is who sits in the group or below it`() throws {
        let tree = try CgroupTree()
        let enclosures = Enclosures<String>(tree)
        let group = try ControlGroup()
        let lower = try group.below("b")
        let beside = try ControlGroup(group.path + "b")
        let families = try [group, lower, beside].map { try Family("ncfn", $0.folder) }
        #expect(try families.map { try enclosures.innermost($0[1])?.label } == [nil, nil, nil])
        try enclosures.add(tree.cgroup(at: group.folder), "a")
        for _ in 0..<2 {
            #expect(try families.map { try enclosures.innermost($0[1])?.label } == ["a", "a", nil])
            #expect(try families.map { try enclosures.innermost($0[1].held)?.label } == ["a", "a", nil])
        }
        #expect(try enclosures.innermost(thread: getpid(), process: getpid()) == nil)
        #expect(try enclosures.innermost(families[1][1])?.lineage(limit: 9).members.map(\.id) == [families[1][1].process])
        // The deeper one counts.
        try enclosures.add(tree.cgroup(at: lower.path), "b")
        #expect(try families.map { try enclosures.innermost($0[1])?.label } == ["a", "b", nil])
        #expect(errno { try enclosures.add(tree.cgroup(at: lower.folder), "c") } == .exists)
        enclosures.remove(try tree.cgroup(at: lower.folder))
        #expect(try families.map { try enclosures.innermost($0[1])?.label } == ["a", "a", nil])
        for family in families { try family.members.indices.forEach { try family.end($0) } }
    }

    @Test func `nobody is inside of a group whose label is over`() throws {
        let tree = try CgroupTree()
        let over = Mutex<Set<String>>([])
        let enclosures = Enclosures<String>(tree) { label in over.withLock { $0.contains(label) } }
        let group = try ControlGroup()
        let lower = try group.below("b")
        try enclosures.add(tree.cgroup(at: group.folder), "a")
        try enclosures.add(tree.cgroup(at: lower.folder), "b")
        let family = try Family("cn", lower.folder)
        #expect(try enclosures.innermost(family[0])?.label == "b")
        over.withLock { _ = $0.insert("b") }
        #expect(try enclosures.innermost(family[0])?.label == "a")
        over.withLock { _ = $0.insert("a") }
        #expect(try enclosures.innermost(family[0]) == nil)
        try family.end(0)
    }

    @Test func `who moves is where it has moved to`() throws {
        let tree = try CgroupTree()
        let enclosures = Enclosures<String>(tree)
        let group = try ControlGroup()
        let other = try ControlGroup()
        try enclosures.add(tree.cgroup(at: group.folder), "a")
        let family = try Family("n")
        let move = { (group: ControlGroup) in
            try group.take("\(family[0].process)")
            return try enclosures.innermost(family[0])?.label
        }
        #expect(try enclosures.innermost(family[0]) == nil)
        #expect(try move(group) == "a")
        #expect(try move(other) == nil)
        #expect(try move(group) == "a")
        try family.end(0)
    }

    @Test func `a group that was removed and made again is another`() throws {
        let tree = try CgroupTree()
        let enclosures = Enclosures<String>(tree)
        let group = try ControlGroup()
        let first = try tree.cgroup(at: group.folder)
        try enclosures.add(first, "a")
        #expect(tree.has(first))
        try group.remove()
        #expect(!tree.has(first))
        let again = try ControlGroup(group.path)
        let family = try Family("cn", again.folder)
        #expect(try enclosures.innermost(family[0]) == nil)
        #expect(!tree.has(first))
        let second = try tree.cgroup(at: again.folder)
        #expect(second.path == first.path && second.id != first.id && tree.has(second))
        try enclosures.add(second, "b")
        #expect(try enclosures.innermost(family[0])?.label == "b")
        try family.end(0)
    }

    @Test func `of a root and a group, the inner one counts`() throws {
        let tree = try CgroupTree()
        let enclosures = Enclosures<String>(tree)
        let group = try ControlGroup()
        // A root in the group; a group that a child of the root entered.
        let within = try Family("scnfn", group.folder)
        let around = try Family("snfcn", group.folder)
        try enclosures.add(within[0].held, "within")
        try enclosures.add(around[0].held, "around")
        try enclosures.add(tree.cgroup(at: group.folder), "group")
        #expect(try within.members.map { try enclosures.innermost($0)?.label } == ["within", "within"])
        #expect(try around.members.map { try enclosures.innermost($0)?.label } == ["around", "group"])
        try within.end(0)
        #expect(try enclosures.innermost(within[1])?.label == "group")
        for family in [within, around] { try family.members.indices.forEach { try family.end($0) } }
    }

    @Test func `a thread whose first thread has ended is in its group`() throws {
        let tree = try CgroupTree()
        let enclosures = Enclosures<String>(tree)
        let group = try ControlGroup()
        try enclosures.add(tree.cgroup(at: group.folder), "a")
        let family = try Family("ctn", group.folder)
        #expect(family[0].thread != family[0].process)
        #expect(try enclosures.innermost(family[0])?.label == "a")
        // As a request's thread, which is looked at before.
        _ = try CallingThread.inspect(uid: 0, gid: 0, tid: family[0].thread)
        #expect(try enclosures.innermost(family[0])?.label == "a")
        try family.end(0)
    }

    /// The kernel leaves a first thread that has ended where it ended.
    @Test func `a process whose first thread has ended is where its others are`() throws {
        let tree = try CgroupTree()
        let enclosures = Enclosures<String>(tree)
        let group = try ControlGroup()
        let other = try ControlGroup()
        try enclosures.add(tree.cgroup(at: group.folder), "a")
        let family = try Family("ctn", other.folder)
        let first = "/proc/\(family[0].process)/status"
        try Wait.until("the end of the first thread") {
            String(decoding: Scratch.contents(first), as: UTF8.self).contains("State:\tZ")
        }
        let move = { (group: ControlGroup) in
            try group.take("\(family[0].process)")
            return try [enclosures.innermost(family[0].held)?.label, enclosures.innermost(family[0])?.label]
        }
        #expect(try enclosures.innermost(family[0].held) == nil)
        #expect(try move(group) == ["a", "a"])
        #expect(try move(other) == [nil, nil])
        #expect(try move(group) == ["a", "a"])
        // As a root, it sits in the group with its threads.
        try enclosures.add(family[0].held, "root")
        #expect(try move(group) == ["root", "root"])
        #expect(try move(other) == ["root", "root"])
        try family.end(0)
    }

    @Test func `a process whose threads are in different enclosures is in none that can be told`() throws {
        let tree = try CgroupTree()
        let enclosures = Enclosures<String>(tree)
        let group = try ControlGroup()
        let lower = try group.below("b")
        try Data("threaded".utf8).write(to: URL(filePath: lower.folder + "/cgroup.type"))
        let family = try Family("chn", group.folder)
        try Data("\(family[0].thread)".utf8).write(to: URL(filePath: lower.folder + "/cgroup.threads"))
        #expect(try enclosures.innermost(family[0].held) == nil)
        // In the group that both are below, each of them is.
        try enclosures.add(tree.cgroup(at: group.folder), "a")
        #expect(try enclosures.innermost(family[0].held)?.label == "a")
        try enclosures.add(tree.cgroup(at: lower.folder), "b")
        #expect(errno { _ = try enclosures.innermost(family[0].held) } == .accessDenied)
        #expect(try enclosures.innermost(family[0])?.label == "b")
        #expect(try enclosures.innermost(thread: family[0].process, process: family[0].process)?.label == "a")
        try family.end(0)
    }

    @Test func `a group that can't be looked at is not taken for removed`() throws {
        let tree = try CgroupTree()
        let group = try ControlGroup()
        let cgroup = try tree.cgroup(at: group.folder)
        #expect(tree.has(cgroup) && !tree.has(Cgroup(id: cgroup.id + 1, path: cgroup.path)))
        // ENAMETOOLONG.
        #expect(tree.has(Cgroup(id: cgroup.id, path: String(repeating: "/x", count: 3000))))
        try group.remove()
        #expect(!tree.has(cgroup))
    }

    @Test func `numbers and paths lead to the same groups`() throws {
        let tree = try CgroupTree()
        let group = try ControlGroup()
        let lower = try group.below("..odd name")
        let family = try Family("cn", lower.folder)
        let byNumber = try #require(try tree.groups(of: family[0].held).first)
        let path = Array(lower.path.utf8)
        #expect(try tree.groups(number: { nil }, path: { path }) == byNumber)
        #expect(byNumber.count == 3)
        #expect(try Array(byNumber.dropFirst()) == [tree.cgroup(at: group.folder).id, tree.cgroup(at: lower.folder).id])
        // Outside of the namespace; in a group that is at the top and only looks like that; in the topmost.
        #expect(try tree.groups(number: { nil }, path: { Array("/../x".utf8) }) == [])
        #expect(try tree.groups(number: { nil }, path: { Array("/".utf8) }) == Array(byNumber.prefix(1)))
        // Where the path is not, and where another group is.
        #expect(errno { _ = try tree.groups(number: { nil }, path: { Array("\(group.path)/none".utf8) }) } == .again)
        #expect(errno { _ = try tree.groups(number: { 1 << 60 }, path: { path }) } == .again)
        try family.end(0)
    }

    @Test func `paths lead nowhere else`() throws {
        let tree = try CgroupTree()
        let group = try ControlGroup()
        let id = try tree.cgroup(at: group.folder).id
        let name = String(group.path.dropFirst())
        for path in [name, group.path, "/\(group.path)/", group.folder + "/"] {
            #expect(try tree.cgroup(at: path) == Cgroup(id: id, path: group.path))
        }
        for path in ["", "/", "..", "/..", "\(name)/..", "./\(name)", "/\(name)/../x", "a\0b"] {
            #expect(errno { _ = try tree.cgroup(at: path) } == .invalidArgument)
        }
        for path in ["/none", "/tmp", "/etc", group.folder + "/none", "/\(name)/none/.../x"] {
            #expect(errno { _ = try tree.cgroup(at: path) } == .noEntry)
        }
        #expect(errno { _ = try tree.cgroup(at: group.folder + "/cgroup.procs") } == .notFolder)
    }

    @Test func `a mount counts if it begins at the top and nothing is mounted over it`() {
        let table = """
            22 1 0:20 / /proc rw - proc proc rw
            30 1 0:27 /../.. /above rw - cgroup2 cgroup2 rw
            31 1 0:27 /part /part rw shared:4 - cgroup2 cgroup2 rw
            32 1 0:28 / /old rw - cgroup cgroup rw,memory
            33 1 0:27 / /covered rw - cgroup2 cgroup2 rw
            34 1 0:30 / /covered rw - tmpfs tmpfs rw
            35 1 0:27 / /twice rw - cgroup2 cgroup2 rw
            36 1 0:27 / /twice rw - cgroup2 cgroup2 rw
            37 1 0:27 / /with\\040space rw shared:9 master:1 - cgroup2 cgroup2 rw
            38 1 0:27 / /bad\\9 rw - cgroup2 cgroup2 rw
            39 1 0:27 / /short -
            40 1 0:27 /
            """
        #expect(CgroupMounts.places(in: Array(table.utf8)) == ["/twice", "/with space"])
    }
}
