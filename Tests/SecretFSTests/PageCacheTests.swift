import FUSE
import Linux
import Secrets
import Testing

@testable import SecretFS

/// The rules of `PageCache`, without a kernel: the session is not mounted, and has nobody to tell.
@Suite struct PageCacheTests {
    private let cache = PageCache(Session(mountpoint: "/nowhere", allowOthers: false), lingering: 100)
    private let inode: Inode

    init() throws {
        inode = Inode(try #require(NodeID(rawValue: 4711)))
    }

    /// An open that has got its value, which fits a page or does not.
    private func open(fits: Bool = true) -> PageCache.Opening {
        var opening = cache.enter(inode)
        cache.settle(&opening, storing: fits ? { () throws(Errno) in } : nil)
        return opening
    }

    /// A change that is committed, and told to the kernel.
    private func change(patience: Double = 5) throws {
        cache.willChange(inode, until: Deadline(after: patience))
        cache.didChange([inode])
        try acknowledge()
    }

    private func acknowledge() throws {
        guard case .end(let claim) = try #require(cache.claim().last) else { throw Unexpected() }
        cache.end(claim)
    }

    private struct Unexpected: Error {}

    @Test func theFirstOpenStoresAndOthersJoin() {
        let first = cache.enter(inode)
        #expect(first.way == .storing)
        // Nobody waits for it.
        let meanwhile = cache.enter(inode)
        #expect(meanwhile.way == .direct)
        var stored = first
        cache.settle(&stored, storing: { () throws(Errno) in })
        #expect(stored.way == .paged)
        #expect(cache.enter(inode).way == .paged)
    }

    @Test func whatDoesNotFitIsDirect() {
        #expect(open(fits: false).way == .direct)
        // While it is open, a READ of it may hold the page locked.
        #expect(cache.enter(inode).way == .direct)
    }

    @Test func whatTheKernelDoesNotTakeIsDirect() {
        var opening = cache.enter(inode)
        cache.settle(&opening, storing: { () throws(Errno) in throw .noEntry })
        #expect(opening.way == .direct)
        cache.leave(opening)
        #expect(cache.enter(inode).way == .storing)
    }

    @Test func anOpenThatFailsLeavesNothing() {
        cache.leave(cache.enter(inode))
        #expect(cache.enter(inode).way == .storing)
    }

    @Test func aPageIsKeptAfterTheLastClose() {
        cache.leave(open())
        #expect(cache.enter(inode).way == .paged)
    }

    @Test func untilTheKernelKnowsOfAChangeOpensAreDirect() throws {
        cache.leave(open())
        cache.willChange(inode, until: Deadline(after: 5))
        let before = open()
        cache.didChange([inode])
        let after = open()
        #expect([before.way, after.way] == [.direct, .direct])
        try acknowledge()
        // Still: one of them could have been mapped, and be read by the kernel right now.
        #expect(cache.enter(inode).way == .direct)
        for opening in [before, after] { cache.leave(opening) }
    }

    @Test func afterAChangeTheNextOpenStores() throws {
        cache.leave(open())
        try change()
        #expect(cache.enter(inode).way == .storing)
    }

    @Test func afterAChangeThatFailedTheNextOpenStores() {
        cache.leave(open())
        cache.willChange(inode, until: Deadline(after: 5))
        cache.didNotChange([inode])
        #expect(cache.claim().isEmpty)
        #expect(cache.enter(inode).way == .storing)
    }

    @Test func twoChangesAtOnceAreBothToBeTold() throws {
        for _ in 0..<2 {
            cache.willChange(inode, until: Deadline(after: 5))
            cache.didChange([inode])
        }
        cache.willChange(inode, until: Deadline(after: 5))
        try acknowledge()
        #expect(cache.enter(inode).way == .direct)
    }

    @Test func aChangeWaitsForWhoReadsAPage() async throws {
        let reader = open()
        let isDone = Guarded(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try change(patience: 60)
                isDone.withLock { $0 = true }
            }
            // New ones don't make it wait longer.
            while true {
                let another = cache.enter(inode)
                cache.leave(another)
                if another.way == .direct { break }
                await Task.yield()
            }
            #expect(!isDone.withLock { $0 })
            cache.leave(reader)
            try await group.waitForAll()
        }
        #expect(isDone.withLock { $0 })
        #expect(!cache.isContended(inode))
    }

    @Test func whoOutlastsAChangeIsOutdated() throws {
        let reader = open()
        try change(patience: 0)
        #expect(cache.isOutdated(reader))
        #expect(cache.isContended(inode))
        let later = open()
        #expect(later.way == .direct)
        #expect(!cache.isOutdated(later))
        cache.leave(later)
        cache.leave(reader)
        #expect(!cache.isContended(inode))
    }

    @Test func anOpenThatAChangeOvertakesIsDirect() throws {
        var storing = cache.enter(inode)
        try change(patience: 0)
        cache.settle(&storing, storing: { () throws(Errno) in })
        #expect(storing.way == .direct)
        #expect(cache.isContended(inode))
    }

    @Test func onePageIsNotAnother() throws {
        let other = Inode(try #require(NodeID(rawValue: 4712)))
        _ = open()
        #expect(cache.enter(other).way == .storing)
        #expect(cache.enter(Inode(inode.node, .env)).way == .storing)
    }
}
