// SPDX-License-Identifier: MIT

import FUSE
import Glibc
import Linux
import Secrets
import Testing

@testable import SecretFS

/// The rules of `PageCache`, without a kernel: the session is not mounted, and has nobody to tell.
@Suite struct PageCacheTests {
    private let cache = PageCache(Session(mountpoint: "/nowhere", allowOthers: false), lingering: 100)
    private let inode: Inode
    private var file: KernelInode { cache.current(inode) }

    init() throws {
        inode = Inode(try #require(NodeID(rawValue: 4711)))
    }

    /// An open that has got its value, which fits a page or does not.
    private func open(fits: Bool = true) throws -> PageCache.Opening {
        var opening = try cache.enter(file)
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
        guard case .end(let claim) = try #require(cache.invalidations(of: []).last) else { throw Unexpected() }
        cache.end(claim)
    }

    private struct Unexpected: Error {}

    @Test func `the first open stores and others join`() throws {
        let first = try cache.enter(file)
        #expect(first.way == .storing)
        // Nobody waits for it.
        let meanwhile = try cache.enter(file)
        #expect(meanwhile.way == .direct)
        var stored = first
        cache.settle(&stored, storing: { () throws(Errno) in })
        #expect(stored.way == .paged)
        #expect(try cache.enter(file).way == .paged)
    }

    @Test func `what does not fit is direct`() throws {
        #expect(try open(fits: false).way == .direct)
        // While it is open, a READ of it may hold the page locked.
        #expect(try cache.enter(file).way == .direct)
    }

    @Test func `what the kernel does not take is direct`() throws {
        var opening = try cache.enter(file)
        cache.settle(&opening, storing: { () throws(Errno) in throw .noEntry })
        #expect(opening.way == .direct)
        cache.leave(opening)
        #expect(try cache.enter(file).way == .storing)
    }

    @Test func `an open that fails leaves nothing`() throws {
        cache.leave(try cache.enter(file))
        #expect(try cache.enter(file).way == .storing)
    }

    @Test func `a page is kept after the last close`() throws {
        cache.leave(try open())
        #expect(try cache.enter(file).way == .paged)
    }

    @Test func `until the kernel knows of a change opens are direct`() throws {
        cache.leave(try open())
        cache.willChange(inode, until: Deadline(after: 5))
        let before = try open()
        cache.didChange([inode])
        let after = try open()
        #expect([before.way, after.way] == [.direct, .direct])
        try acknowledge()
        // Still: one of them could have been mapped, and be read by the kernel right now.
        #expect(try cache.enter(file).way == .direct)
        for opening in [before, after] { cache.leave(opening) }
    }

    @Test func `after a change the next open stores`() throws {
        cache.leave(try open())
        try change()
        #expect(try cache.enter(file).way == .storing)
    }

    @Test func `after a change that failed the next open stores`() throws {
        cache.leave(try open())
        cache.willChange(inode, until: Deadline(after: 5))
        cache.didNotChange([inode])
        #expect(cache.invalidations(of: []).isEmpty)
        #expect(try cache.enter(file).way == .storing)
    }

    @Test func `two changes at once are both to be told`() throws {
        for _ in 0..<2 {
            cache.willChange(inode, until: Deadline(after: 5))
            cache.didChange([inode])
        }
        cache.willChange(inode, until: Deadline(after: 5))
        try acknowledge()
        #expect(try cache.enter(file).way == .direct)
    }

    @Test func `a change waits for who reads a page`() async throws {
        let reader = try open()
        let isDone = Guarded(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try change(patience: 60)
                isDone.withLock { $0 = true }
            }
            // New ones don't make it wait longer.
            while true {
                let another = try cache.enter(file)
                cache.leave(another)
                if another.way == .direct { break }
                await Task.yield()
            }
            #expect(!isDone.withLock { $0 })
            cache.leave(reader)
            try await group.waitForAll()
        }
        #expect(isDone.withLock { $0 })
        #expect(!cache.isSuperseded(reader.file))
    }

    /// What waits for readers is over before a transaction begins.
    @Test func `a change that was prepared waits for nobody`() throws {
        let reader = try open()
        cache.prepare([inode])
        // Nobody comes in between.
        #expect(try open().way == .direct)
        cache.leave(reader)
        cache.willChange(inode, until: Deadline(after: 86_400))
        cache.didChange([inode])
        cache.endPreparation([inode])
        #expect(try cache.enter(file).way == .direct)
        try acknowledge()
        #expect(!cache.isSuperseded(file))
    }

    @Test func `who outlasts a change keeps the file`() throws {
        let old = file
        let reader = try open()
        try change(patience: 0)
        #expect(cache.keepsItsVersion(reader))
        #expect(cache.isSuperseded(old))
        #expect(throws: Errno.stale) { try cache.enter(old) }
        #expect(throws: Errno.stale) { try cache.beginWriting(old, for: 1) }
        #expect(file != old)
        #expect(file.inode == inode)
        // The writer that was told so comes again.
        #expect(try cache.enter(file).way == .direct)
        try cache.beginWriting(file, for: 1)
        cache.endWriting(file)
        cache.leave(reader)
        #expect(!cache.isSuperseded(old))
    }

    @Test func `who outlasts an open for writing keeps the file`() throws {
        let old = file
        let reader = try open()
        #expect(throws: Errno.stale) { try cache.beginWriting(old, for: 1) }
        #expect(cache.keepsItsVersion(reader))
        try cache.beginWriting(file, for: 1)
        #expect(try cache.enter(file).way == .direct)
    }

    @Test func `who was refused once is not refused again`() throws {
        let held = try open()
        #expect(throws: Errno.stale) { try cache.beginWriting(held.file, for: 1) }
        let file = file
        // Whoever opens the new edition before the writer comes again: the writer has not to wait for them, and they don't keep the file.
        let readers = try (0..<3).map { _ in try open() }
        #expect(readers.map(\.way) == [.direct, .direct, .direct])
        // Nor does a change by somebody else make a third edition.
        try change(patience: 0)
        #expect(self.file == file)
        try cache.beginWriting(file, for: 1)
        #expect(!cache.isSuperseded(file))
        cache.endWriting(file)
        for reader in readers { cache.leave(reader) }
        #expect(cache.dropDue())
        #expect(try open().way == .paged)
    }

    @Test func `who was not refused makes up for nobody`() throws {
        let held = try open()
        #expect(throws: Errno.stale) { try cache.beginWriting(held.file, for: 1) }
        let file = file
        // Another process that writes meanwhile.
        try cache.beginWriting(file, for: 2)
        cache.endWriting(file)
        #expect(try open().way == .direct)
        try cache.beginWriting(file, for: 1)
    }

    @Test func `the lowest free edition is the next`() throws {
        let first = file
        for _ in 0..<10 {
            let reader = try open()
            try change(patience: 0)
            #expect(file.edition < 2)
            cache.leave(reader)
            #expect(cache.dropDue())
        }
        #expect(file.inode == first.inode)
    }

    @Test func `a new edition knows of the change that made it`() throws {
        let reader = try open()
        cache.willChange(inode, until: Deadline(after: 0))
        #expect(try cache.enter(file).way == .direct)
        cache.leave(reader)
    }

    @Test func `editions are bounded`() throws {
        let readers = try (0..<300).map { _ in
            let reader = try open()
            try change(patience: 0)
            return reader
        }
        #expect(Set(readers.map(\.file)).count <= 256)
        #expect(try cache.enter(file).way == .direct)
    }

    @Test func `an open that a change overtakes is direct`() throws {
        let old = file
        var storing = try cache.enter(old)
        try change(patience: 0)
        cache.settle(&storing, storing: { () throws(Errno) in })
        #expect(storing.way == .direct)
        #expect(cache.isSuperseded(old))
        cache.leave(storing)
        #expect(!cache.isSuperseded(old))
    }

    @Test func `numbers`() throws {
        for edition: UInt8 in [0, 1, 255] {
            let file = KernelInode(inode, edition: edition)
            #expect(KernelInode(number: file.number) == file)
        }
        #expect(KernelInode(inode).number == inode.number)
        #expect(KernelInode(number: 1 << 56) == nil)
    }

    @Test func `one page is not another`() throws {
        let other = Inode(try #require(NodeID(rawValue: 4712)))
        _ = try open()
        #expect(try cache.enter(KernelInode(other)).way == .storing)
        #expect(try cache.enter(KernelInode(Inode(inode.node, .env))).way == .storing)
    }
}
