import Foundation
import Synchronization
import Testing

@testable import Linux

@Suite struct HeldFolderTests {
    private final class Place {
        let path = URL(filePath: NSTemporaryDirectory()).resolvingSymlinksInPath().path + "/tacit-held-" + UUID().uuidString

        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }

        deinit {
            try? FileManager.default.removeItem(atPath: path)
        }

        func held() throws -> HeldFolder { try HeldFolder.open(Array(path.utf8)) }

        func write(_ text: String, to name: String) throws {
            try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
        }

        var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func linksAreMadeOnce() throws {
        let place = try Place()
        let folder = try place.held()
        try folder.link(bytes("a"), to: bytes("to/there"))
        #expect(folder.target(of: bytes("a")) == bytes("to/there"))
        #expect(throws: Errno.exists) { try folder.link(bytes("a"), to: bytes("elsewhere")) }
        #expect(folder.target(of: bytes("a")) == bytes("to/there"))
        try place.write("x", to: "file")
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
        let place = try Place()
        let folder = try place.held()
        try place.write("x", to: "a")
        try folder.link(bytes("b"), to: bytes("nowhere"))
        #expect(throws: Errno.exists) { try folder.rename(bytes("a"), to: bytes("b")) }
        try folder.rename(bytes("a"), to: bytes("c"))
        #expect(throws: Errno.noEntry) { try folder.rename(bytes("a"), to: bytes("d")) }
        #expect(place.names == ["b", "c"])
    }

    @Test func foldersAreHeldWhereverTheyGo() throws {
        let place = try Place()
        let folder = try place.held()
        let below = try folder.makeFolder(bytes("a"))
        try folder.rename(bytes("a"), to: bytes("b"))
        try below.link(bytes("x"), to: bytes("y"))
        #expect(throws: Errno.notEmpty) { try folder.removeFolder(bytes("b")) }
        try below.remove(bytes("x"))
        try folder.removeFolder(bytes("b"))
        #expect(throws: Errno.noEntry) { try below.link(bytes("x"), to: bytes("y")) }
        try place.write("x", to: "file")
        #expect(throws: Errno.notFolder) { _ = try folder.open(bytes("file")) }
        #expect(throws: Errno.notFolder) { try folder.removeFolder(bytes("file")) }
    }

    @Test func whatIsThereIsTold() throws {
        let place = try Place()
        let folder = try place.held()
        try folder.link(bytes("dangling"), to: bytes("nowhere"))
        #expect(folder.has(bytes("dangling")) && !folder.has(bytes("none")))
    }

    @Test func claimsAreCountedUntilTheyGo() throws {
        let place = try Place()
        let mine = try place.held().claims()
        mine.claim(bytes("a"))
        mine.claim(bytes("b"))
        #expect(!mine.isClaimedByOthers(bytes("a")))
        do {
            let other = try place.held().claims()
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

    @Test func turnsExcludeEachOther() throws {
        let place = try Place()
        let (one, other) = (try place.held().claims(), try place.held().claims())
        let order = Mutex<[Int]>([])
        let done = DispatchSemaphore(value: 0)
        try one.inTurn { () throws in
            Thread {
                other.inTurn { order.withLock { $0.append(2) } }
                done.signal()
            }.start()
            usleep(50_000)
            order.withLock { $0.append(1) }
        }
        done.wait()
        #expect(order.withLock { $0 } == [1, 2])
        // One that fails ends the turn too.
        #expect(throws: Errno.exists) { try one.inTurn { () throws(Errno) in throw .exists } }
        #expect(other.inTurn { 3 } == 3)
    }

    @Test func whoKeepsTheTurnIsNotWaitedForAgainAndAgain() throws {
        let place = try Place()
        let (one, other) = (try place.held().claims(), try place.held().claims(patience: 200_000))
        let start = Clock.monotonic()
        one.inTurn {
            for turn in 0..<50 { #expect(other.inTurn { turn } == turn) }
        }
        let time = Clock.monotonic() - start
        // Waiting each time would take ten seconds.
        #expect(time >= 200_000 && time < 5_000_000)
    }

    @Test func foldersThatWereMadeAreMarked() throws {
        let place = try Place()
        let folder = try place.held()
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
