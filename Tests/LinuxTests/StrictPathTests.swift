// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

@testable import Linux

/// Which ways others could lead elsewhere, with real users.
@Suite struct StrictPathTests {
    private let place: Scratch
    private let root: String

    init() throws {
        try #require(geteuid() == 0, "needs root, to make what is somebody else's")
        place = try Scratch()
        root = place.path
    }

    private func outcome(_ path: String) -> StrictPathError? {
        do throws(StrictPathError) {
            let held = try HeldFolder.openStrictly(bytes(path))
            try? held.link(bytes("reached"), to: bytes("x"))
            return nil
        } catch { return error }
    }

    private func problem(_ path: String, _ cause: StrictPathProblem.Cause) -> StrictPathError {
        .notStrict(StrictPathProblem(path: bytes(path), cause: cause))
    }

    private func link(_ name: String, to target: String, owner: UInt32 = 0) throws {
        try FileManager.default.createSymbolicLink(atPath: root + "/" + name, withDestinationPath: target)
        #expect(unsafe lchown(root + "/" + name, owner, owner) == 0)
    }

    @Test func `folders of others`() throws {
        try place.folder("own", mode: 0o755)
        try place.folder("own/deep")
        try place.folder("theirs", mode: 0o755, owner: 1001)
        try place.folder("theirs/mine")
        #expect(outcome(root + "/own/deep") == nil && outcome(root + "//own/./deep/../deep/") == nil)
        #expect(FileManager.default.contents(atPath: root + "/own/deep/reached") == nil)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: root + "/own/deep/reached") == "x")
        #expect(outcome(root + "/theirs") == problem(root + "/theirs", .folderOf(1001)))
        #expect(outcome(root + "/theirs/mine") == problem(root + "/theirs", .folderOf(1001)))
        // A way out of it is a way through it.
        #expect(outcome(root + "/theirs/../own") == problem(root + "/theirs", .folderOf(1001)))
    }

    @Test(arguments: [0o775, 0o757, 0o777, 0o722, 0o2775] as [mode_t])
    func `folders that others write in`(mode: mode_t) throws {
        try place.folder("shared")
        try place.folder("shared/mine")
        #expect(unsafe chmod(root + "/shared", mode) == 0)
        #expect(outcome(root + "/shared") == problem(root + "/shared", .isWritable))
        #expect(outcome(root + "/shared/mine") == problem(root + "/shared", .isWritable))
        #expect(unsafe chmod(root + "/shared", mode | S_ISVTX) == 0)
        #expect(outcome(root + "/shared") == nil && outcome(root + "/shared/mine") == nil)
    }

    @Test func `what others put in a folder like tmp`() throws {
        try place.folder("tmp")
        #expect(unsafe chmod(root + "/tmp", 0o1777) == 0)
        try place.folder("tmp/mine")
        try place.folder("tmp/theirs", owner: 1002)
        try link("tmp/home", to: "mine", owner: 1002)
        try link("tmp/own", to: "mine")
        #expect(outcome(root + "/tmp/mine") == nil && outcome(root + "/tmp/own") == nil)
        #expect(outcome(root + "/tmp/theirs") == problem(root + "/tmp/theirs", .folderOf(1002)))
        #expect(outcome(root + "/tmp/home") == problem(root + "/tmp/home", .linkOf(1002)))
    }

    @Test func `links on the way`() throws {
        try place.folder("real", mode: 0o755)
        try place.folder("real/below")
        try place.folder("theirs", owner: 1001)
        try link("absolute", to: root + "/real")
        try link("relative", to: "real/../real/below")
        try link("up", to: "real/..")
        try link("stranger", to: root + "/real", owner: 1001)
        try link("into", to: "theirs")
        try link("twice", to: "stranger/below")
        try link("loop", to: "loop")
        try link("nowhere", to: "none")
        try place.file("file")
        for path in ["/absolute/below", "/relative", "/up/real", "/absolute/../real"] { #expect(outcome(root + path) == nil, "\(path)") }
        #expect(outcome(root + "/stranger/below") == problem(root + "/stranger", .linkOf(1001)))
        #expect(outcome(root + "/twice") == problem(root + "/stranger", .linkOf(1001)))
        #expect(outcome(root + "/into") == problem(root + "/theirs", .folderOf(1001)))
        #expect(outcome(root + "/loop") == .system(.tooManyLinks))
        #expect(outcome(root + "/nowhere") == .system(.noEntry) && outcome(root + "/none/x") == .system(.noEntry))
        #expect(outcome(root + "/file") == .system(.notFolder) && outcome(root + "/file/x") == .system(.notFolder))
        #expect(outcome("real") == .system(.invalidArgument))
    }
}
