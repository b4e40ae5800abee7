// SPDX-License-Identifier: MIT

@testable import FUSE
import Foundation
import Linux
import Synchronization
import TestSupport
import Testing

/// The folder under a mount: closed while nothing is mounted, and never with files in it that nobody knows of.
@Suite struct CoveringTests {
    private func permissions(_ path: String) throws -> UInt32 {
        try FileDescriptor.status(of: path).permissions
    }

    /// Mounts, and unmounts again.
    private func serveOnce(_ point: String, _ covering: Covering = .refused) throws {
        let session = Session(mountpoint: point, allowOthers: true, covering: covering)
        try session.serve(MemoryFileSystem(), ended: { _ in })
        session.stop()
    }

    /// Whatever mode it had, and again after it was closed.
    @Test(arguments: [0o755, 0o777, 0o1777, 0o700, 0o500, 0])
    func `an empty folder is closed under the mount`(mode: Int) throws {
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt", mode: mode)
        for _ in 1...2 {
            try serveOnce(point)
            #expect(try permissions(point) == 0)
        }
        var writing = Command("sh", "-c", ": > \(point)/plaintext")
        writing.caller = .user(1002)
        #expect(try writing.run().complaint.contains("Permission denied"))
    }

    @Test(arguments: ["file", "folder/", ".hidden", "link->nowhere"])
    func `whatever lies in it refuses the mount and is told`(entry: String) throws {
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt", mode: 0o751)
        let name = try #require(entry.split(separator: "/").first?.split(separator: "-").first)
        let made = entry.hasSuffix("/") ? "mkdir \(name)" : entry.contains(">") ? "ln -s nowhere \(name)" : "echo plaintext > \(name)"
        try Command("sh", "-c", "cd \(point) && \(made)").run().orThrow()
        let error = #expect(throws: SessionError.self) { try serveOnce(point) }
        #expect(error?.description == "\(point) is not empty: the mount would hide \(name)")
        #expect(try mountLine(point) == nil)
        // It is for more than this mount, and stays as it was.
        #expect(try permissions(point) == 0o751)
        #expect(try Command("ls", "-A", point).run().orThrow().text == name)
    }

    @Test func `what lies in it is covered on request, and told all the same`() throws {
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt", mode: 0o751)
        try scratch.file("mnt/left")
        let told = Mutex<[String]>([])
        let covering = Covering.told { path, names in told.withLock { $0.append("\(path): \(names)") } }
        try serveOnce(point, covering)
        #expect(told.withLock { $0 } == ["\(point): left"])
        #expect(try permissions(point) == 0o751)
        // Of an empty one there is nothing to tell, and it is closed.
        try Command("rm", point + "/left").run().orThrow()
        try serveOnce(point, covering)
        #expect(told.withLock { $0.count } == 1)
        #expect(try permissions(point) == 0)
    }

    /// What a crash has left is no file in the folder, and does not hide one.
    @Test func `the folder under the remains of a crash is the one that is looked into`() throws {
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt")
        try scratch.file("mnt/left")
        try leaveRemains(on: point)
        let error = #expect(throws: SessionError.self) { try serveOnce(point) }
        #expect(error?.description.hasSuffix("hide left") == true)
    }

    @Test func `a mount that fails leaves the folder as it was`() throws {
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt", mode: 0o751)
        let folder = try Mountpoint(point)
        #expect(throws: SessionError.fusermount(.noEntry)) {
            _ = try folder.cover(point, .refused) { () throws(SessionError) in throw .fusermount(.noEntry) }
        }
        #expect(try permissions(point) == 0o751)
    }

    @Test func `names are told some at a time, in one line, and none hides another`() {
        func told(_ names: [String]) -> String { CoveredNames(names.map { Array($0.utf8) }).description }
        #expect(told(["a", "b c"]) == "a, b c")
        #expect(told(["a", "b", "c", "d", "e"]) == "a, b, c, d, e")
        #expect(told(["a", "b", "c", "d", "e", "f"]) == "a, b, c, d, e and more")
        #expect(told(["a\nb\u{1B}[2K", "x\u{202E}y"]) == "a\u{FFFD}b\u{FFFD}[2K, x\u{FFFD}y")
        #expect(CoveredNames([[0x61, 0xFF, 0x62]]).description == "a\u{FFFD}b")
    }

    @Test func `many files are not all looked at`() throws {
        let scratch = try Scratch()
        try Command("sh", "-c", "cd \(scratch.path) && seq 100 | xargs touch").run().orThrow()
        #expect(try entries(of: scratch.path, limit: 6).count == 6)
        #expect(try entries(of: scratch.path).count == 100)
    }
}
