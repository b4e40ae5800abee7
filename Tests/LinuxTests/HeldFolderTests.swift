// SPDX-License-Identifier: MIT

import Foundation
import Synchronization
import Testing
import TestSupport

@testable import Linux

@Suite struct HeldFolderTests {
    private let place: Scratch

    init() throws { place = try Scratch() }

    private func held() throws -> HeldFolder { try HeldFolder.open(bytes(place.path)) }

    private var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []).sorted() }

    @Test func `links are made once`() throws {
        let folder = try held()
        try folder.link(bytes("a"), to: bytes("to/there"))
        #expect(folder.target(of: bytes("a")) == bytes("to/there"))
        #expect(throws: Errno.exists) { try folder.link(bytes("a"), to: bytes("elsewhere")) }
        #expect(folder.target(of: bytes("a")) == bytes("to/there"))
        try place.file("file")
        #expect(folder.target(of: bytes("file")) == nil && folder.target(of: bytes("none")) == nil)
        #expect(throws: Errno.exists) { try folder.link(bytes("file"), to: bytes("elsewhere")) }
        // The longest that there can be.
        let long = Array(repeating: UInt8(ascii: "x"), count: 4095)
        try folder.link(bytes("long"), to: long)
        #expect(folder.target(of: bytes("long")) == long)
        try folder.remove(bytes("a"))
        #expect(throws: Errno.noEntry) { try folder.remove(bytes("a")) }
    }

    @Test func `renaming replaces nothing`() throws {
        let folder = try held()
        try place.file("a")
        try folder.link(bytes("b"), to: bytes("nowhere"))
        #expect(throws: Errno.exists) { try folder.rename(bytes("a"), to: bytes("b")) }
        try folder.rename(bytes("a"), to: bytes("c"))
        #expect(throws: Errno.noEntry) { try folder.rename(bytes("a"), to: bytes("d")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).sorted() == ["b", "c"])
    }

    @Test func `folders are held wherever they go`() throws {
        let folder = try held()
        let below = try folder.makeFolder(bytes("a"))
        try folder.rename(bytes("a"), to: bytes("b"))
        try below.link(bytes("x"), to: bytes("y"))
        #expect(throws: Errno.notEmpty) { try folder.removeFolder(bytes("b")) }
        try below.remove(bytes("x"))
        try folder.removeFolder(bytes("b"))
        #expect(throws: Errno.noEntry) { try below.link(bytes("x"), to: bytes("y")) }
        try place.file("file")
        #expect(throws: Errno.notFolder) { _ = try folder.open(bytes("file")) }
        #expect(throws: Errno.notFolder) { try folder.removeFolder(bytes("file")) }
    }

    @Test func `what is there is told`() throws {
        let folder = try held()
        try folder.link(bytes("dangling"), to: bytes("nowhere"))
        #expect(folder.has(bytes("dangling")) && !folder.has(bytes("none")))
    }

    /// What `body` says in turn, and whether there was one.
    private func inTurn<Result>(_ claims: FolderClaims, _ body: () -> Result) throws -> Result {
        try claims.inTurn { without throws in
            if let without { throw without }
            return body()
        }
    }

    private func isClaimed(_ name: String, for claims: FolderClaims) throws -> Bool {
        try inTurn(claims) { claims.isClaimedByOthers(bytes(name)) }
    }

    @Test func `claims are counted until they go`() throws {
        let mine = try held().claims()
        try inTurn(mine) { ["a", "b"].forEach { mine.claim(bytes($0)) } }
        #expect(try !isClaimed("a", for: mine))
        do {
            let other = try held().claims()
            #expect(try isClaimed("a", for: other) && isClaimed("b", for: other) && !isClaimed("c", for: other))
            try inTurn(other) { ["a", "b"].forEach { other.claim(bytes($0)) } }
            other.release(bytes("b"))
            #expect(try isClaimed("a", for: mine) && !isClaimed("b", for: mine))
            mine.release(bytes("a"))
            #expect(try isClaimed("a", for: mine) && !isClaimed("a", for: other))
        }
        #expect(try !isClaimed("a", for: mine))
        // The file goes with the last claim.
        #expect(names == [".tacit-claims-\(geteuid())"])
        mine.release(bytes("b"))
        #expect(try !isClaimed("b", for: mine))
        #expect(names == [])
    }

    @Test func `claims outlive their file`() throws {
        let (mine, other) = (try held().claims(), try held().claims())
        try inTurn(mine) { mine.claim(bytes("a")) }
        // Somebody removes it; the next turn of who has claimed makes it again.
        try FileManager.default.removeItem(atPath: place.path + "/.tacit-claims-\(geteuid())")
        try inTurn(mine) {}
        #expect(try isClaimed("a", for: other))
        #expect(names == [".tacit-claims-\(geteuid())"])
    }

    /// Whoever may read a folder can lock it, for as long as they like.
    @Test func `locks of strangers do not count`() throws {
        _ = unsafe chmod(place.path, 0o755)
        let stranger = try FileDescriptor.open(place.path, [.readOnly, .folder])
        #expect(flock(stranger.rawValue, LOCK_EX | LOCK_NB) == 0)
        var lock = Glibc.flock(l_type: Int16(F_RDLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
        // F_OFD_SETLK, on all bytes.
        #expect(unsafe fcntl(stranger.rawValue, 37, &lock) == 0)
        let claims = try held().claims(patience: FolderPatience(microseconds: 0))
        try inTurn(claims) { claims.claim(bytes("a")) }
        #expect(try !isClaimed("a", for: claims))
        let status = try FileDescriptor.open(place.path + "/.tacit-claims-\(geteuid())", .readOnly).status()
        #expect(status.permissions == 0o600 && status.uid == geteuid())
    }

    @Test func `a file that others could lock is not taken`() throws {
        let file = place.path + "/.tacit-claims-\(geteuid())"
        func problem() throws -> Errno? { try held().claims().inTurn { $0 } }
        try place.file(".tacit-claims-\(geteuid())")
        _ = unsafe chmod(file, 0o644)
        #expect(try problem() == .exists)
        _ = unsafe chmod(file, 0o600)
        #expect(try problem() == nil && names == [])
        _ = unsafe mkfifo(file, 0o600)
        #expect(try problem() == .exists)
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "elsewhere")
        #expect(try problem() == .exists && names == [".tacit-claims-\(geteuid())"])
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
        #expect(try problem() == .exists)
        try FileManager.default.removeItem(atPath: file)
        let claims = try held().claims()
        try FileManager.default.removeItem(atPath: place.path)
        #expect(claims.inTurn { $0 } == .noEntry)
    }

    /// How often a thread has given up the processor by itself: proc_pid_status(5). `path`: as `/proc/thread-self` has it.
    private func waits(_ path: String) -> Int {
        let status = String(decoding: Scratch.contents("/proc/\(path)/status"), as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
        return line?.split(separator: "\t").last.flatMap { Int($0) } ?? 0
    }

    @Test func `turns exclude each other`() throws {
        let (one, other) = (try held().claims(), try held().claims())
        let order = Mutex<[Int]>([])
        let thread = Mutex("")
        let done = DispatchSemaphore(value: 0)
        try one.inTurn { _ throws in
            Thread {
                thread.withLock { $0 = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")) ?? "none" }
                other.inTurn { _ in order.withLock { $0.append(2) } }
                done.signal()
            }.start()
            try Wait.until("the other's path") { thread.withLock { !$0.isEmpty } }
            let path = thread.withLock { $0 }
            let before = waits(path)
            try Wait.until("the other to wait, again and again") {
                order.withLock { !$0.isEmpty } || waits(path) > before + 3
            }
            order.withLock { $0.append(1) }
        }
        done.wait()
        #expect(order.withLock { $0 } == [1, 2])
        // One that fails ends the turn too.
        #expect(throws: Errno.exists) { try one.inTurn { _ throws(Errno) in throw .exists } }
        #expect(try inTurn(other) { 3 } == 3)
        #expect(names == [])
    }

    @Test func `who keeps the turn is not waited for again and again`() throws {
        let patience = FolderPatience(microseconds: 1_000_000)
        let folder = try held()
        let start = SystemClock.monotonic()
        for number in 0..<50 {
            let made = try folder.makeFolder(bytes("\(number)"))
            made.claims().inTurn { _ in #expect(made.claims(patience: patience).inTurn { _ in 1 } == 1) }
        }
        let time = SystemClock.monotonic() - start
        // Waiting in each folder would take fifty seconds.
        #expect(time >= 1_000_000 && time < 40_000_000)
    }

    @Test func `only a link is removed`() throws {
        let folder = try held()
        try folder.link(bytes("a"), to: bytes("there"))
        let spares = [bytes("gone"), bytes("other")]
        #expect(try folder.removeLink(bytes("a"), to: bytes("elsewhere"), by: spares) == .notThere)
        #expect(try folder.removeLink(bytes("none"), to: bytes("there"), by: spares) == .notThere)
        // What a crash has left under that name is no matter; something else stays.
        try folder.link(bytes("gone"), to: bytes("there"))
        #expect(try folder.removeLink(bytes("a"), to: bytes("there"), by: spares) == .removed)
        #expect(names == [])
        try folder.link(bytes("a"), to: bytes("there"))
        try place.file("gone", Data("x".utf8))
        #expect(try folder.removeLink(bytes("a"), to: bytes("there"), by: spares) == .removed)
        #expect(names == ["gone"])
        try folder.link(bytes("a"), to: bytes("there"))
        try place.file("other", Data("x".utf8))
        #expect(throws: Errno.exists) { _ = try folder.removeLink(bytes("a"), to: bytes("there"), by: spares) }
        #expect(names == ["a", "gone", "other"])
    }

    @Test func `what comes in the links place is not lost`() throws {
        let folder = try held()
        let began = Atomic(0)
        let rounds = 400
        let done = DispatchSemaphore(value: 0)
        let (from, to) = (place.path + "/new", place.path + "/a")
        Thread {
            for round in 1...rounds {
                while began.load(ordering: .acquiring) < round {}
                for _ in 0..<(round % 40) { _ = geteuid() }
                _ = unsafe rename(from, to)
                done.signal()
            }
        }.start()
        var lost = 0
        for round in 1...rounds {
            try place.file("new", Data("x".utf8))
            try folder.link(bytes("a"), to: bytes("there"))
            began.store(round, ordering: .releasing)
            for _ in 0..<(round % 13) { _ = geteuid() }
            _ = try? folder.removeLink(bytes("a"), to: bytes("there"), by: [bytes("gone")])
            done.wait()
            // Put back, unless it came when the link was gone.
            if names != ["a"] || folder.target(of: bytes("a")) != nil { lost += 1 }
            try folder.remove(bytes("a"))
        }
        #expect(lost == 0)
    }

    @Test func `folders that were made are marked`() throws {
        let folder = try held()
        let made = try folder.makeFolder(bytes("made"))
        #expect(!made.claims().isMade)
        made.claims().setMade()
        #expect(made.claims().isMade && !folder.claims().isMade)
        // Others could have put the mark on it.
        _ = unsafe chmod(place.path + "/made", 0o777)
        #expect(!made.claims().isMade)
        #expect(try made.isFolder(bytes("made"), of: folder) && !folder.isFolder(bytes("made"), of: folder))
        #expect(throws: Errno.noEntry) { _ = try made.isFolder(bytes("none"), of: folder) }
    }
}
