// SPDX-License-Identifier: MIT

import Formats
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import tacit

/// Where a `.tacit` file is looked for, which is taken, and how its text is changed.
@Suite struct ProjectFolderTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// A folder with those above it.
    private func folder(_ path: String) throws -> String {
        let whole = scratch.path + "/" + path
        try FileManager.default.createDirectory(atPath: whole, withIntermediateDirectories: true)
        return whole
    }

    private func write(_ text: String, in folder: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/.tacit"))
    }

    private func project(from folder: String) throws -> String? {
        try ProjectFolder.find(from: bytes(folder))?.file.project.map { string($0) }
    }

    @Test func `the nearest on the way up is taken`() throws {
        let top = try scratch.folder("top")
        let inner = try folder("top/a/b")
        #expect(try project(from: inner) == nil)
        try write("project = acme/top", in: top)
        #expect(try project(from: inner) == "acme/top")
        try write("project = acme/a", in: top + "/a")
        #expect(try project(from: inner) == "acme/a")
        #expect(try project(from: top) == "acme/top")
    }

    @Test func `the way up ends where others could write, and at another owner`() throws {
        try #require(geteuid() == 0, "needs root, to make what is somebody else's")
        let top = try scratch.folder("top")
        let inner = try folder("top/inner/own")
        try write("project = acme/top", in: top)
        #expect(try project(from: inner) == "acme/top")
        // As /tmp is.
        unsafe chmod(top, 0o1777)
        #expect(try project(from: inner) == nil)
        unsafe chmod(top, 0o755)
        unsafe chown(inner, 1001, 1001)
        #expect(try project(from: inner) == nil)
        unsafe chown(inner, 0, 0)
        unsafe chown(top + "/inner", 1001, 1001)
        #expect(try project(from: inner) == nil)
        unsafe chown(top, 1001, 1001)
        unsafe chmod(top, 0o777)
        #expect(try project(from: top) == nil)
    }

    @Test func `one of somebody else is refused, and what is no file too`() throws {
        try #require(geteuid() == 0, "needs root, to make what is somebody else's")
        let folder = try scratch.folder("folder")
        try write("project = acme/web", in: folder)
        unsafe chown(folder + "/.tacit", 1001, 1001)
        #expect(throws: Failure.self) { _ = try project(from: folder) }
        try FileManager.default.removeItem(atPath: folder + "/.tacit")
        let path = folder + "/.tacit"
        for make in [{ unsafe mkfifo(path, 0o600) }, { unsafe mkdir(path, 0o700) }, { unsafe symlink("/etc/passwd", path) }] {
            #expect(make() == 0)
            let failure = #expect(throws: Failure.self) { _ = try project(from: folder) }
            #expect(failure?.message == "\(folder)/.tacit is no regular file")
            #expect(unsafe remove(folder + "/.tacit") == 0)
        }
    }

    /// Whatever the text is, a key that is set is read again as it was set, and all else stays as it was.
    @Test func `setting a key changes nothing else`() throws {
        let folder = try scratch.folder("folder")
        let lines = [
            "# comment", "", "project = acme/web # why", "target = x", "required = [A,\n  B]", "link = [a]", "deliver = env", "[env]",
            "A = b",
        ]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var chosen = lines.filter { _ in Bool.random(using: &random) }
            if let section = chosen.firstIndex(of: "[env]") {
                chosen = chosen[..<section].shuffled() + chosen[section...]
            } else {
                chosen.removeAll { $0 == "A = b" }
            }
            let text = chosen.joined(separator: "\n") + (Bool.random(using: &random) ? "\n" : "")
            try write(text, in: folder)
            let before = try ProjectFile(bytes(text))
            var file = try ProjectFileText(in: bytes(folder))
            try file.set("project", to: [bytes("ac me/\"w\\")], asList: false)
            try file.set("target", to: [], asList: false)
            try file.set("link", to: [bytes("a"), bytes("b c")], asList: true)
            try file.write()
            let after = try #require(try ProjectFolder.read(in: bytes(folder))).file
            #expect(after.project == bytes("ac me/\"w\\") && after.target == nil && after.links == [bytes("a"), bytes("b c")], "\(text)")
            #expect(after.required == before.required && after.delivery == before.delivery, "\(text)")
            #expect(after.variables.map(\.name) == before.variables.map(\.name), "\(text)")
            let kept = try String(contentsOfFile: folder + "/.tacit", encoding: .utf8)
            #expect(kept.contains("# comment") == text.contains("# comment"), "\(text)")
        }
    }

    @Test func `a link into a job is told from others`() throws {
        let folder = try scratch.folder("links")
        for (target, isJob) in [
            ("/run/user/1/secrets/job/env", true), ("/secrets/job/files/a/b", true), ("/secrets/job", false), ("job/env", false),
            ("/etc/job/x", false),
        ] {
            #expect(unsafe symlink(target, folder + "/l") == 0)
            #expect(try (JobLink(at: bytes(folder + "/l")) != nil) == isJob, "\(target)")
            #expect(unsafe remove(folder + "/l") == 0)
        }
        #expect(try JobLink(at: bytes(folder + "/none")) == nil)
    }

    @Test func `what is there already stays`() throws {
        let folder = try scratch.folder("kept")
        let path = bytes(folder + "/.env")
        try JobLink.place(at: path, mountpoint: bytes("/a"))
        try JobLink.place(at: path, mountpoint: bytes("/a"))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/.env") == "/a/job/env")
        // The tree is mounted elsewhere now: what is there is the user's.
        let other = #expect(throws: Failure.self) { try JobLink.place(at: path, mountpoint: bytes("/b")) }
        #expect(other?.exitCode == .conflict)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/.env") == "/a/job/env")
        for content in [{ unsafe symlink("/etc/passwd", folder + "/other") }, { unsafe mkdir(folder + "/other", 0o700) }] {
            #expect(content() == 0)
            let failure = #expect(throws: Failure.self) { try JobLink.place(at: bytes(folder + "/other"), mountpoint: bytes("/a")) }
            #expect(failure?.exitCode == .conflict)
            #expect(unsafe remove(folder + "/other") == 0)
        }
    }

    /// What a stranger has put there leads neither elsewhere nor anybody to wait.
    @Test func `an ignore file that is a link, a pipe or another's is not written to`() throws {
        try #require(geteuid() == 0, "needs root, to make what is somebody else's")
        let inner = try folder("planted")
        _ = try folder("planted/.git")
        let path = inner + "/.gitignore"
        for make in [
            { unsafe symlink(inner + "/made", path) }, { unsafe mkfifo(path, 0o600) },
            { unsafe creat(path, 0o600) >= 0 ? unsafe chown(path, 1001, 1001) : -1 },
            { unsafe creat(inner + "/kept", 0o600) >= 0 ? unsafe link(inner + "/kept", path) : -1 },
        ] {
            #expect(make() == 0)
            #expect(throws: Failure.self) { try GitIgnore.add([bytes(".env")], in: bytes(inner)) }
            #expect(unsafe remove(path) == 0)
        }
        #expect(!FileManager.default.fileExists(atPath: inner + "/made"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: inner + "/kept")).isEmpty)
    }

    @Test(arguments: ["", ".", "..", "a/b", "/etc/x", ".git", ".gitignore", ".tacit"])
    func `a link is the name of a file`(name: String) {
        #expect(!ProjectFolder.mayBeLink(bytes(name)) && ProjectFolder.mayBeLink(bytes(".env.\(name.count)")))
    }

    @Test func `git is told once, where there is a repository`() throws {
        let inner = try folder("repository/inner")
        try GitIgnore.add([bytes(".env")], in: bytes(inner))
        #expect(!FileManager.default.fileExists(atPath: inner + "/.gitignore"))
        _ = try folder("repository/.git")
        try Data("node_modules".utf8).write(to: URL(fileURLWithPath: inner + "/.gitignore"))
        for _ in 0..<2 { try GitIgnore.add([bytes(".env"), bytes("b/.env")], in: bytes(inner)) }
        #expect(try String(contentsOfFile: inner + "/.gitignore", encoding: .utf8) == "node_modules\n/.env\n/b/.env\n")
    }
}
