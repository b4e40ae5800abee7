import Foundation
import Synchronization
import Testing
import TestSupport

@testable import Linux

@Suite struct HeldFolderTests {
    private let place: Scratch

    init() throws { place = try Scratch() }

    private func held() throws -> HeldFolder { try HeldFolder.open(bytes(place.path)) }

    @Test func linksAreMadeOnce() throws {
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

    @Test func renamingReplacesNothing() throws {
        let folder = try held()
        try place.file("a")
        try folder.link(bytes("b"), to: bytes("nowhere"))
        #expect(throws: Errno.exists) { try folder.rename(bytes("a"), to: bytes("b")) }
        try folder.rename(bytes("a"), to: bytes("c"))
        #expect(throws: Errno.noEntry) { try folder.rename(bytes("a"), to: bytes("d")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).sorted() == ["b", "c"])
    }

    @Test func foldersAreHeldWhereverTheyGo() throws {
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

    @Test func whatIsThereIsTold() throws {
        let folder = try held()
        try folder.link(bytes("dangling"), to: bytes("nowhere"))
        #expect(folder.has(bytes("dangling")) && !folder.has(bytes("none")))
    }

    @Test func claimsAreCountedUntilTheyGo() throws {
        let mine = try held().claims()
        mine.claim(bytes("a"))
        mine.claim(bytes("b"))
        #expect(!mine.isClaimedByOthers(bytes("a")))
        do {
            let other = try held().claims()
            #expect(other.isClaimedByOthers(bytes("a")) && other.isClaimedByOthers(bytes("b")) && !other.isClaimedByOthers(bytes("c")))
            other.claim(bytes("a"))
            other.claim(bytes("b"))
            other.release(bytes("b"))
            #expect(mine.isClaimedByOthers(bytes("a")) && !mine.isClaimedByOthers(bytes("b")))
            mine.release(bytes("a"))
            #expect(mine.isClaimedByOthers(bytes("a")) && !other.isClaimedByOthers(bytes("a")))
        }
        #expect(!mine.isClaimedByOthers(bytes("a")))
    }

    /// How often a thread has given up the processor by itself: proc_pid_status(5). `path`: as `/proc/thread-self` has it.
    private func waits(_ path: String) -> Int {
        let status = String(decoding: Scratch.contents("/proc/\(path)/status"), as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
        return line?.split(separator: "\t").last.flatMap { Int($0) } ?? 0
    }

    @Test func turnsExcludeEachOther() throws {
        let (one, other) = (try held().claims(), try held().claims())
        let order = Mutex<[Int]>([])
        let thread = Mutex("")
        let done = DispatchSemaphore(value: 0)
        try one.inTurn { () throws in
            Thread {
                thread.withLock { $0 = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")) ?? "none" }
                other.inTurn { order.withLock { $0.append(2) } }
                done.signal()
            }.start()
            try Wait.until("the other's path", seconds: 15) { thread.withLock { !$0.isEmpty } }
            let path = thread.withLock { $0 }
            let before = waits(path)
            try Wait.until("the other to wait, again and again", seconds: 15) {
                order.withLock { !$0.isEmpty } || waits(path) > before + 3
            }
            order.withLock { $0.append(1) }
        }
        done.wait()
        #expect(order.withLock { $0 } == [1, 2])
        // One that fails ends the turn too.
        #expect(throws: Errno.exists) { try one.inTurn { () throws(Errno) in throw .exists } }
        #expect(other.inTurn { 3 } == 3)
    }

    @Test func whoKeepsTheTurnIsNotWaitedForAgainAndAgain() throws {
        let (one, other) = (try held().claims(), try held().claims(patience: 200_000))
        let start = Clock.monotonic()
        one.inTurn {
            for turn in 0..<50 { #expect(other.inTurn { turn } == turn) }
        }
        let time = Clock.monotonic() - start
        // Waiting each time would take ten seconds.
        #expect(time >= 200_000 && time < 5_000_000)
    }

    @Test func foldersThatWereMadeAreMarked() throws {
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
