// SPDX-License-Identifier: MIT

import Foundation
import Linux
import Synchronization
import Testing

@testable import tacit

/// A home, and something like a mountpoint.
final class Places {
    let root: String
    var home: String { root + "/home" }
    var view: String { root + "/mount/job/files/" }

    init() throws {
        root = URL(filePath: NSTemporaryDirectory()).resolvingSymlinksInPath().path + "/tacit-places-" + UUID().uuidString
        try make(home)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    func make(_ folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    func plan(_ files: [String], replaces: Bool = false) throws -> PlacementPlan {
        let names = files.map { $0.split(separator: "/").map { Array($0.utf8) } }
        return try PlacementPlan(Set(names), mountpoint: Array((root + "/mount").utf8), home: Array(home.utf8), replaces: replaces)
    }

    /// The name of the file by which this user's jobs tell each other what they need in a folder.
    static let claims = "/.tacit-claims-\(geteuid())"

    /// All below the home: folders with a slash, links with their targets in the view, which begin with `view:`, files with their contents.
    /// That of the claims is there as long as there is a link, and is not shown with one.
    func tree() throws -> [String] {
        var paths = try FileManager.default.subpathsOfDirectory(atPath: home).sorted()
        let links = paths.filter { path in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: home + "/" + path))?.hasPrefix(view) == true
        }
        let folders = links.map { ("/" + $0).components(separatedBy: "/").dropLast().joined(separator: "/") }
        paths.removeAll { ("/" + $0).hasSuffix(Self.claims) && folders.contains(String(("/" + $0).dropLast(Self.claims.count))) }
        return try paths.map { path in
            let full = home + "/" + path
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: full) {
                return "\(path) -> \(target.hasPrefix(view) ? "view:" + target.dropFirst(view.count) : target)"
            }
            var isFolder: ObjCBool = false
            _ = unsafe FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
            return try isFolder.boolValue ? path + "/" : path + ": " + String(contentsOfFile: full, encoding: .utf8)
        }
    }

    func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: home + "/" + path))
    }

    func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: home + "/" + path, withDestinationPath: target)
    }
}

@Suite struct PlacedFilesTests {
    @Test func `files are links that go with their folders`() throws {
        let at = try Places()
        try at.make(at.home + "/.config")
        let placed = try PlacedFiles(at.plan([".ssh/id", ".ssh/deep/er/key", ".config/x", "@root" + at.home + "/abs"]))
        try #expect(
            at.tree() == [
                ".config/", ".config/x -> view:.config/x", ".ssh/", ".ssh/deep/", ".ssh/deep/er/",
                ".ssh/deep/er/key -> view:.ssh/deep/er/key", ".ssh/id -> view:.ssh/id",
                "abs -> view:@root\(at.home)/abs",
            ])
        let attributes = try FileManager.default.attributesOfItem(atPath: at.home + "/.ssh/deep")
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        #expect(placed.undo() == [])
        try #expect(at.tree() == [".config/"])
        // Once more does no harm.
        #expect(placed.undo() == [])
    }

    @Test func `folders that are used stay`() throws {
        let at = try Places()
        let placed = try PlacedFiles(at.plan(["a/b/c/key"]))
        try at.write("mine", to: "a/b/other")
        #expect(placed.undo() == [])
        try #expect(at.tree() == ["a/", "a/b/", "a/b/other: mine"])
    }

    @Test func `all are placed or none`() throws {
        let at = try Places()
        try at.write("mine", to: "m")
        let plan = try at.plan(["a/x", "b", "m", "z"])
        let failure = #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
        #expect(failure?.exitCode == .conflict)
        #expect(failure?.message == "\(at.home)/m is there already, and is not a file of this job")
        try #expect(at.tree() == ["m: mine"])
        // What is no folder can't have a file in it.
        let inFile = try at.plan(["a", "m/x"])
        let other = #expect(throws: Failure.self) { _ = try PlacedFiles(inFile) }
        #expect(other?.message == "can't place a file at \(at.home)/m/x: Not a directory")
        try #expect(at.tree() == ["m: mine"])
        // Nor can a link to nowhere.
        try at.link("nowhere", to: at.root + "/none")
        let dangling = try at.plan(["a/b", "nowhere/x"])
        #expect(throws: Failure.self) { _ = try PlacedFiles(dangling) }
        try #expect(at.tree() == ["m: mine", "nowhere -> \(at.root)/none"])
    }

    @Test func `two files in one place are refused`() throws {
        let at = try Places()
        let failure = #expect(throws: Failure.self) { _ = try at.plan(["x", "@root" + at.home + "/x"]) }
        #expect(failure?.message == "two files of the job are to be at \(at.home)/x")
    }

    @Test func `a home is needed below it`() throws {
        let at = try Places()
        let location = Array(at.root.utf8)
        let relative: Set<[[UInt8]]> = [[Array("x".utf8)]]
        let absolute: Set<[[UInt8]]> = [["@root", "etc", "x"].map { Array($0.utf8) }]
        #expect(throws: Failure.self) { _ = try PlacementPlan(relative, mountpoint: location, home: [], replaces: false) }
        #expect(throws: Failure.self) { _ = try PlacementPlan(relative, mountpoint: location, home: Array("home".utf8), replaces: false) }
        #expect(try PlacementPlan(absolute, mountpoint: location, home: [], replaces: false).links.map { string($0.path) } == ["/etc/x"])
    }

    @Test func `what is there is moved aside and comes back`() throws {
        let at = try Places()
        try at.write("mine", to: "file")
        try at.make(at.home + "/folder/in")
        try at.link("link", to: "elsewhere")
        let before = try at.tree()
        let placed = try PlacedFiles(at.plan(["file", "folder", "link", "new"], replaces: true))
        try #expect(
            at.tree() == [
                "file -> view:file", "file.tacit-aside: mine", "folder -> view:folder", "folder.tacit-aside/",
                "folder.tacit-aside/in/", "link -> view:link", "link.tacit-aside -> elsewhere", "new -> view:new",
            ])
        #expect(placed.undo() == [])
        try #expect(at.tree() == before)
        #expect(placed.undo() == [])
        try #expect(at.tree() == before)
    }

    @Test func `what was moved aside comes back if another cant be placed`() throws {
        let at = try Places()
        try at.write("mine", to: "a")
        try at.write("mine", to: "m")
        let plan = try at.plan(["a", "m/x"], replaces: true)
        #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
        try #expect(at.tree() == ["a: mine", "m: mine"])
    }

    @Test func `only our own link is taken away`() throws {
        let at = try Places()
        try at.write("mine", to: "a")
        let placed = try PlacedFiles(at.plan(["a", "b", "c"], replaces: true))
        for name in ["a", "b", "c"] { try FileManager.default.removeItem(atPath: at.home + "/" + name) }
        try at.write("new", to: "a")
        try at.link("b", to: "elsewhere")
        let remarks = placed.undo()
        try #expect(at.tree() == ["a: new", "a.tacit-aside: mine", "b -> elsewhere"])
        #expect(remarks == ["\(at.home)/a was made meanwhile: what was there before has .tacit-aside after its name"])
    }

    @Test func `undoing acts where placing did`() throws {
        let at = try Places()
        try at.make(at.home + "/a")
        let placed = try PlacedFiles(at.plan(["a/x"]))
        try FileManager.default.moveItem(atPath: at.home + "/a", toPath: at.home + "/moved")
        try at.make(at.home + "/a")
        try at.write("mine", to: "a/x")
        #expect(placed.undo() == [])
        try #expect(at.tree() == ["a/", "a/x: mine", "moved/"])
    }

    @Test(arguments: [true, false]) func `jobs share a link`(firstEndsFirst: Bool) throws {
        let at = try Places()
        let first = try PlacedFiles(at.plan(["a/b/x", "own"]))
        let second = try PlacedFiles(at.plan(["a/b/x", "a/y"]))
        try #expect(at.tree() == ["a/", "a/b/", "a/b/x -> view:a/b/x", "a/y -> view:a/y", "own -> view:own"])
        if firstEndsFirst {
            #expect(first.undo() == [])
            try #expect(at.tree() == ["a/", "a/b/", "a/b/x -> view:a/b/x", "a/y -> view:a/y"])
            // Once more takes nothing from the other.
            #expect(first.undo() == [])
            try #expect(at.tree().count == 4)
            #expect(second.undo() == [])
        } else {
            #expect(second.undo() == [])
            try #expect(at.tree() == ["a/", "a/b/", "a/b/x -> view:a/b/x", "own -> view:own"])
            #expect(first.undo() == [])
        }
        try #expect(at.tree() == [])
    }

    @Test func `one that cant be placed takes nothing from another`() throws {
        let at = try Places()
        try at.write("mine", to: "m")
        let first = try PlacedFiles(at.plan(["a/x"]))
        let plan = try at.plan(["a/x", "m"])
        #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
        try #expect(at.tree() == ["a/", "a/x -> view:a/x", "m: mine"])
        #expect(first.undo() == [])
        try #expect(at.tree() == ["m: mine"])
    }

    @Test(arguments: [true, false]) func `what was moved aside comes back with the last`(firstEndsFirst: Bool) throws {
        let at = try Places()
        try at.write("mine", to: "x")
        let first = try PlacedFiles(at.plan(["x"], replaces: true))
        // It finds the link that it would make: there is nothing to move.
        let second = try PlacedFiles(at.plan(["x"]))
        #expect((firstEndsFirst ? first : second).undo() == [])
        try #expect(at.tree() == ["x -> view:x", "x.tacit-aside: mine"])
        #expect((firstEndsFirst ? second : first).undo() == [])
        try #expect(at.tree() == ["x: mine"])
    }

    @Test func `what a crash has left goes with the next`() throws {
        let at = try Places()
        try at.write("mine", to: "x")
        do {
            // Whoever is gone claims nothing.
            _ = try PlacedFiles(at.plan(["a/b/y", "x"], replaces: true))
        }
        try #expect(at.tree() == ["a/", "a/b/", "a/b/y -> view:a/b/y", "x -> view:x", "x.tacit-aside: mine"])
        let next = try PlacedFiles(at.plan(["a/b/y", "x"]))
        #expect(next.undo() == [])
        try #expect(at.tree() == ["x: mine"])
        // As after a crash between moving away and linking.
        try FileManager.default.moveItem(atPath: at.home + "/x", toPath: at.home + "/x.tacit-aside")
        let last = try PlacedFiles(at.plan(["x"]))
        #expect(last.undo() == [])
        try #expect(at.tree() == ["x: mine"])
    }

    @Test func `nothing is moved over what was moved before`() throws {
        let at = try Places()
        try at.write("old", to: "x.tacit-aside")
        try at.write("new", to: "x")
        let plan = try at.plan(["x"], replaces: true)
        let failure = #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
        #expect(failure?.exitCode == .conflict)
        #expect(failure?.message == "\(at.home)/x can't be moved away: \(at.home)/x.tacit-aside is there already")
        try #expect(at.tree() == ["x: new", "x.tacit-aside: old"])
    }

    @Test func `what another has placed is claimed too`() throws {
        let at = try Places()
        let plan = try at.plan(["a/x"])
        var keeper: PlacedFiles? = try PlacedFiles(plan)
        let runner = PlacedFiles(placedBefore: plan)
        // As if it was killed.
        _ = keeper
        keeper = nil
        let other = try PlacedFiles(plan)
        #expect(other.undo() == [])
        try #expect(at.tree() == ["a/", "a/x -> view:a/x"])
        runner.release()
        #expect(runner.undo() == [])
        try #expect(at.tree() == [])
    }

    @Test func `a name that is too long to be moved aside is said`() throws {
        let at = try Places()
        let long = String(repeating: "x", count: 250)
        try at.write("mine", to: long)
        let plan = try at.plan([long], replaces: true)
        let failure = #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
        #expect(failure?.message == "\(at.home)/\(long) can't be moved away: with .tacit-aside after it, its name would be too long")
        try #expect(at.tree() == ["\(long): mine"])
    }

    /// Whoever can read a folder can lock it; whoever can write to it can put a file there that they can lock.
    @Test func `strangers neither keep links nor turns`() throws {
        let at = try Places()
        try at.write("mine", to: "x")
        let stranger = try FileDescriptor.open(at.home, [.readOnly, .folder])
        #expect(flock(stranger.rawValue, LOCK_EX | LOCK_NB) == 0)
        var lock = Glibc.flock(l_type: Int16(F_RDLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
        // F_OFD_SETLK, on all bytes.
        #expect(unsafe fcntl(stranger.rawValue, 37, &lock) == 0)
        let start = SystemClock.monotonic()
        let placed = try PlacedFiles(at.plan(["x"], replaces: true))
        #expect(placed.undo() == [])
        #expect(SystemClock.monotonic() - start < 5_000_000)
        try #expect(at.tree() == ["x: mine"])
        try at.write("", to: String(Places.claims.dropFirst()))
        _ = unsafe chmod(at.home + Places.claims, 0o666)
        let plan = try at.plan(["y"])
        let failure = #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
        #expect(failure?.message == "can't place a file at \(at.home)/y: \(at.home)\(Places.claims) is not a file of this user's alone")
    }

    /// Its owner takes it away when they like.
    @Test func `another users link is not shared`() throws {
        try #require(geteuid() == 0, "needs root, to make a link somebody else's")
        let at = try Places()
        try at.link("x", to: at.view + "x")
        #expect(unsafe lchown(at.home + "/x", 1002, 1002) == 0)
        let plan = try at.plan(["x"])
        let failure = #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
        #expect(failure?.message == "\(at.home)/x is there already, and is not a file of this user's jobs")
        let placed = try PlacedFiles(at.plan(["x"], replaces: true))
        try #expect(at.tree() == ["x -> view:x", "x.tacit-aside -> view:x"])
        // Nor does it go with the job, if it comes back meanwhile.
        try FileManager.default.removeItem(atPath: at.home + "/x")
        try at.link("x", to: at.view + "x")
        #expect(unsafe lchown(at.home + "/x", 1002, 1002) == 0)
        #expect(placed.undo() == ["\(at.home)/x was made meanwhile: what was there before has .tacit-aside after its name"])
        try #expect(at.tree() == ["x -> view:x", "x.tacit-aside -> view:x"])
    }

    @Test func `links to elsewhere are kept`() throws {
        let at = try Places()
        let others = [
            at.view + "y", at.view + "x/", "/other/job/files/x", "job/files/x", at.root + "/mount/.jobs/1111111111111111/files/x",
        ]
        for target in others {
            try at.link("x", to: target)
            let plan = try at.plan(["x"])
            let failure = #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
            #expect(failure?.exitCode == .conflict, "\(target)")
            try FileManager.default.removeItem(atPath: at.home + "/x")
        }
    }

    @Test func `folders of others stay`() throws {
        let at = try Places()
        try at.make(at.home + "/mine/below")
        let placed = try PlacedFiles(at.plan(["mine/below/made/x", "mine/y"]))
        #expect(placed.undo() == [])
        try #expect(at.tree() == ["mine/", "mine/below/"])
        // One that was made anew is another.
        let again = try PlacedFiles(at.plan(["made/x"]))
        try FileManager.default.removeItem(atPath: at.home + "/made")
        try at.make(at.home + "/made")
        #expect(again.undo() == [])
        try #expect(at.tree() == ["made/", "mine/", "mine/below/"])
    }

    @Test func `many at once find their links and leave nothing`() throws {
        let at = try Places()
        try at.write("mine", to: "x")
        let plan = try at.plan(["deep/er/x", "x"], replaces: true)
        let problems = Mutex<[String]>([])
        let done = DispatchGroup()
        // They wait for each other, and longer on a machine that has more to do.
        let patience = FolderPatience(microseconds: 3_600_000_000)
        for _ in 0..<8 {
            done.enter()
            Thread {
                defer { done.leave() }
                for _ in 0..<200 {
                    do {
                        let placed = try PlacedFiles(plan, patience: patience)
                        for link in plan.links {
                            let target = try FileManager.default.destinationOfSymbolicLink(atPath: string(link.path))
                            if target != string(link.target) { throw Failure(.failed, "another link") }
                        }
                        let remarks = placed.undo()
                        problems.withLock { $0 += remarks }
                    } catch {
                        problems.withLock { $0.append("\(error)") }
                    }
                }
            }.start()
        }
        done.wait()
        #expect(problems.withLock { $0 } == [])
        try #expect(at.tree() == ["x: mine"])
    }

    @Test func `names of any bytes are placed`() throws {
        let at = try Places()
        let names: Set<[[UInt8]]> = [[[0xFF, 0x20, 0x0A], [0xC3, 0x28]]]
        let placed = try PlacedFiles(
            PlacementPlan(names, mountpoint: Array((at.root + "/mount").utf8), home: Array(at.home.utf8), replaces: false))
        let folder = try HeldFolder.open(Array(at.home.utf8) + [0x2F, 0xFF, 0x20, 0x0A])
        #expect(folder.target(of: [0xC3, 0x28])?.suffix(7) == [0x2F, 0xFF, 0x20, 0x0A, 0x2F, 0xC3, 0x28])
        #expect(placed.undo() == [])
        try #expect(at.tree() == [])
    }
}
