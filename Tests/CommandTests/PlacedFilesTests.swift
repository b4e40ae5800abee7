import Foundation
import Linux
import Testing

@testable import tacit

/// A home, and something like a mountpoint with the views of jobs.
final class Places {
    let root: String
    var home: String { root + "/home" }

    init() throws {
        root = URL(filePath: NSTemporaryDirectory()).resolvingSymlinksInPath().path + "/tacit-places-" + UUID().uuidString
        for folder in ["/home", "/mount/.jobs"] { try make(root + folder) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    func make(_ folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// The view of a job, which runs as long as that is there.
    func location(_ number: Int) throws -> JobLocation {
        let id = String(repeating: "\(number)", count: 16)
        try make("\(root)/mount/.jobs/\(id)/files")
        return JobLocation(mountpoint: Array((root + "/mount").utf8), id: Array(id.utf8))
    }

    func end(_ job: JobLocation) throws {
        try FileManager.default.removeItem(atPath: "\(root)/mount/.jobs/\(string(job.id))")
    }

    func plan(_ files: [String], for job: JobLocation, replaces: Bool = false) throws -> PlacementPlan {
        let names = files.map { $0.split(separator: "/").map { Array($0.utf8) } }
        return try PlacementPlan(Set(names), at: job, home: Array(home.utf8), replaces: replaces)
    }

    /// All below the home: folders with a slash, links with their targets below the views, files with their contents.
    func tree() throws -> [String] {
        let views = root + "/mount/.jobs/"
        let paths = try FileManager.default.subpathsOfDirectory(atPath: home).sorted()
        return try paths.map { path in
            let full = home + "/" + path
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: full) {
                return "\(path) -> \(target.hasPrefix(views) ? String(target.dropFirst(views.count)) : target)"
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
    private let ones = String(repeating: "1", count: 16)
    private let twos = String(repeating: "2", count: 16)

    @Test func filesAreLinksThatGoWithTheirFolders() throws {
        let at = try Places()
        try at.make(at.home + "/.config")
        let placed = try PlacedFiles(at.plan([".ssh/id", ".ssh/deep/er/key", ".config/x", "@root" + at.home + "/abs"], for: at.location(1)))
        try #expect(
            at.tree() == [
                ".config/", ".config/x -> \(ones)/files/.config/x", ".ssh/", ".ssh/deep/", ".ssh/deep/er/",
                ".ssh/deep/er/key -> \(ones)/files/.ssh/deep/er/key", ".ssh/id -> \(ones)/files/.ssh/id",
                "abs -> \(ones)/files/@root\(at.home)/abs",
            ])
        let attributes = try FileManager.default.attributesOfItem(atPath: at.home + "/.ssh/deep")
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        #expect(placed.undo() == [])
        try #expect(at.tree() == [".config/"])
        // Once more does no harm.
        #expect(placed.undo() == [])
    }

    @Test func foldersThatAreUsedStay() throws {
        let at = try Places()
        let placed = try PlacedFiles(at.plan(["a/b/c/key"], for: at.location(1)))
        try at.write("mine", to: "a/b/other")
        #expect(placed.undo() == [])
        try #expect(at.tree() == ["a/", "a/b/", "a/b/other: mine"])
    }

    @Test func allArePlacedOrNone() throws {
        let at = try Places()
        try at.write("mine", to: "m")
        let plan = try at.plan(["a/x", "b", "m", "z"], for: at.location(1))
        let failure = #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
        #expect(failure?.exitCode == .conflict)
        #expect(failure?.message == "\(at.home)/m is there already, and is not a file of this job")
        try #expect(at.tree() == ["m: mine"])
        // What is no folder can't have a file in it.
        let inFile = try at.plan(["a", "m/x"], for: at.location(1))
        let other = #expect(throws: Failure.self) { _ = try PlacedFiles(inFile) }
        #expect(other?.message == "can't place a file at \(at.home)/m/x: Not a directory")
        try #expect(at.tree() == ["m: mine"])
        // Nor can a link to nowhere.
        try at.link("nowhere", to: at.root + "/none")
        let dangling = try at.plan(["a/b", "nowhere/x"], for: at.location(1))
        #expect(throws: Failure.self) { _ = try PlacedFiles(dangling) }
        try #expect(at.tree() == ["m: mine", "nowhere -> \(at.root)/none"])
    }

    @Test func twoFilesInOnePlaceAreRefused() throws {
        let at = try Places()
        let failure = #expect(throws: Failure.self) { _ = try at.plan(["x", "@root" + at.home + "/x"], for: at.location(1)) }
        #expect(failure?.message == "two files of the job are to be at \(at.home)/x")
    }

    @Test func aHomeIsNeededBelowIt() throws {
        let at = try Places()
        let location = try at.location(1)
        let relative: Set<[[UInt8]]> = [[Array("x".utf8)]]
        let absolute: Set<[[UInt8]]> = [["@root", "etc", "x"].map { Array($0.utf8) }]
        #expect(throws: Failure.self) { _ = try PlacementPlan(relative, at: location, home: [], replaces: false) }
        #expect(throws: Failure.self) { _ = try PlacementPlan(relative, at: location, home: Array("home".utf8), replaces: false) }
        #expect(try PlacementPlan(absolute, at: location, home: [], replaces: false).links.map { string($0.path) } == ["/etc/x"])
    }

    @Test func whatIsThereIsMovedAsideAndComesBack() throws {
        let at = try Places()
        try at.write("mine", to: "file")
        try at.make(at.home + "/folder/in")
        try at.link("link", to: "elsewhere")
        let before = try at.tree()
        let placed = try PlacedFiles(at.plan(["file", "folder", "link", "new"], for: at.location(1), replaces: true))
        try #expect(
            at.tree() == [
                "file -> \(ones)/files/file", "file.tacit-\(ones): mine", "folder -> \(ones)/files/folder", "folder.tacit-\(ones)/",
                "folder.tacit-\(ones)/in/", "link -> \(ones)/files/link", "link.tacit-\(ones) -> elsewhere", "new -> \(ones)/files/new",
            ])
        #expect(placed.undo() == [])
        try #expect(at.tree() == before)
        #expect(placed.undo() == [])
        try #expect(at.tree() == before)
    }

    @Test func whatWasMovedAsideComesBackIfAnotherCantBePlaced() throws {
        let at = try Places()
        try at.write("mine", to: "a")
        try at.write("mine", to: "m")
        let plan = try at.plan(["a", "m/x"], for: at.location(1), replaces: true)
        #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
        try #expect(at.tree() == ["a: mine", "m: mine"])
    }

    @Test func onlyOurOwnLinkIsTakenAway() throws {
        let at = try Places()
        try at.write("mine", to: "a")
        let placed = try PlacedFiles(at.plan(["a", "b", "c"], for: at.location(1), replaces: true))
        for name in ["a", "b", "c"] { try FileManager.default.removeItem(atPath: at.home + "/" + name) }
        try at.write("new", to: "a")
        try at.link("b", to: "elsewhere")
        let remarks = placed.undo()
        try #expect(at.tree() == ["a: new", "a.tacit-\(ones): mine", "b -> elsewhere"])
        #expect(remarks == ["\(at.home)/a was made meanwhile: what was there before has .tacit-\(ones) after its name"])
    }

    @Test func undoingActsWherePlacingDid() throws {
        let at = try Places()
        try at.make(at.home + "/a")
        let placed = try PlacedFiles(at.plan(["a/x"], for: at.location(1)))
        try FileManager.default.moveItem(atPath: at.home + "/a", toPath: at.home + "/moved")
        try at.make(at.home + "/a")
        try at.write("mine", to: "a/x")
        #expect(placed.undo() == [])
        try #expect(at.tree() == ["a/", "a/x: mine", "moved/"])
    }

    @Test func theLinkOfAJobThatHasEndedIsReplaced() throws {
        let at = try Places()
        let first = try at.location(1)
        let left = try at.plan(["a/x"], for: first)
        _ = try PlacedFiles(left)
        // As long as it runs, it is its own.
        let plan = try at.plan(["a/x"], for: at.location(2))
        #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
        try #expect(at.tree() == ["a/", "a/x -> \(ones)/files/a/x"])
        try at.end(first)
        let placed = try PlacedFiles(plan)
        try #expect(at.tree() == ["a/", "a/x -> \(twos)/files/a/x"])
        // Nor does the end of the first harm it.
        #expect(PlacedFiles.undo(left) == [])
        try #expect(at.tree() == ["a/", "a/x -> \(twos)/files/a/x"])
        #expect(placed.undo() == [])
        try #expect(at.tree() == ["a/"])
    }

    @Test func whatAJobHasLeftAsideComesBackWithTheNext() throws {
        let at = try Places()
        try at.write("mine", to: "x")
        let first = try at.location(1)
        _ = try PlacedFiles(at.plan(["x"], for: first, replaces: true))
        try at.end(first)
        // It is what was there all along: it is not for the next job to replace.
        let plan = try at.plan(["x"], for: at.location(2))
        #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
        try #expect(at.tree() == ["x: mine"])
        let third = try PlacedFiles(at.plan(["x"], for: at.location(2), replaces: true))
        try #expect(at.tree() == ["x -> \(twos)/files/x", "x.tacit-\(twos): mine"])
        #expect(third.undo() == [])
        try #expect(at.tree() == ["x: mine"])
    }

    @Test func linksThatOnlyLookStaleAreKept() throws {
        let at = try Places()
        for target in ["\(at.root)/mount/.jobs/none/files/x", "\(at.root)/mount/.jobs/", "/other/.jobs/\(twos)/files/x", ".jobs/\(twos)"] {
            try at.link("x", to: target)
            let plan = try at.plan(["x"], for: at.location(1))
            let failure = #expect(throws: Failure.self) { _ = try PlacedFiles(plan) }
            #expect(failure?.exitCode == .conflict, "\(target)")
            try FileManager.default.removeItem(atPath: at.home + "/x")
        }
    }

    @Test func namesOfAnyBytesArePlaced() throws {
        let at = try Places()
        let names: Set<[[UInt8]]> = [[[0xFF, 0x20, 0x0A], [0xC3, 0x28]]]
        let placed = try PlacedFiles(PlacementPlan(names, at: at.location(1), home: Array(at.home.utf8), replaces: false))
        let folder = try HeldFolder.open(Array(at.home.utf8) + [0x2F, 0xFF, 0x20, 0x0A])
        #expect(folder.target(of: [0xC3, 0x28])?.suffix(7) == [0x2F, 0xFF, 0x20, 0x0A, 0x2F, 0xC3, 0x28])
        #expect(placed.undo() == [])
        try #expect(at.tree() == [])
    }
}
