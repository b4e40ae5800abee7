// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc
internal import Linux
internal import Synchronization

/// The memory that requests lie in from their arrival until their answer: one region of slots, each for one request.
///
/// The region is a memfd_create(2) file mapped shared, so that another process can be given it, and find there what a process
/// that ended has left unanswered. A slot holds a request exactly as the kernel wrote it, header first; a slot whose first four
/// bytes (`fuse_in_header.len`) are zero is free. While a request is moved from one slot to another it may be in both, with one
/// `unique` number.
///
/// There are slots of two sizes:
///
/// - *Receiving* slots take any request. What is written may be secret, so they are locked in memory (mlock(2)) before anything
///   is received, left out of core dumps and of forks, and what is written stays in them.
/// - *Waiting* slots take what holds no secret (names and numbers) while it waits for its turn. They are not locked, so that
///   any number of requests that a machine's threads can have on their way fits.
///
/// Pages are given back when few of them are used.
@safe final class Slots: @unchecked Sendable {
    /// The largest WRITE, in bytes: what INIT grants the kernel.
    static let largestWrite = 128 * 1024
    /// A WRITE and its headers: the kernel refuses to fill less than a page beside them.
    static let receivingCapacity = largestWrite + 4096
    /// A header and two names of 255 bytes, and some.
    static let waitingCapacity = 1024
    static let receivingCount = 1024
    /// More than the threads that most machines can have.
    static let waitingCount = 64 * 1024
    /// Free slots whose pages are kept.
    private static let keptReceiving = 16
    private static let keptWaiting = 1024

    private struct Pool {
        /// Those that were made, each behind the other in the region.
        var all: [Slot] = []
        var used = 0
        var free: [Slot] = []
        /// How many of them hold a request that waits, by its user.
        var waiting: [UInt32: Int] = [:]
    }

    private let start: UnsafeMutableRawPointer
    private let file: FileDescriptor
    /// The most receiving slots: a quarter of the memory that may be locked, and enough for all readers.
    private let mostReceiving: Int
    private let receiving = Guarded(Pool())
    private let waiting = Guarded(Pool())

    private static let receivingBytes = receivingCount * receivingCapacity
    private static let bytes = receivingBytes + waitingCount * waitingCapacity

    /// - Throws: what memfd_create(2), ftruncate(2) and mmap(2) say.
    init() throws(Errno) {
        let descriptor = unsafe tacit_memfd_data("tacit-requests")
        guard descriptor >= 0 else { throw .current }
        file = FileDescriptor(owning: descriptor)
        guard ftruncate(descriptor, Self.bytes) == 0 else { throw .current }
        let start = unsafe mmap(nil, Self.bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0)
        guard let start = unsafe start, unsafe start != MAP_FAILED else { throw .current }
        unsafe madvise(start, Self.bytes, MADV_DONTDUMP)
        unsafe madvise(start, Self.bytes, MADV_DONTFORK)
        unsafe self.start = unsafe start
        let affordable = LockLimit.bytes().map { $0 / 4 / Self.receivingCapacity } ?? Self.receivingCount
        mostReceiving = min(Self.receivingCount, max(affordable, Readers.most + 4))
    }

    deinit {
        // Slots are wiped as they are answered; what was never answered goes with the file.
        unsafe munmap(start, Self.bytes)
    }

    /// A free slot for any request, locked in memory.
    ///
    /// - Throws: ENOMEM or EAGAIN if no more memory can be locked (`RLIMIT_MEMLOCK`), EBUSY if all slots are in use.
    func takeReceiving() throws(Errno) -> Slot {
        try receiving.withLock { pool throws(Errno) in try self.takeReceiving(from: &pool) }
    }

    /// A free slot in exchange for one whose request waits, of which a user may have a quarter.
    ///
    /// - Throws: as `takeReceiving()`; EBUSY also if the user has as many.
    func exchange(_ slot: Slot, waitingFor uid: UInt32) throws(Errno) -> Slot {
        try receiving.withLock { pool throws(Errno) in
            let waiting = pool.waiting[uid] ?? 0
            guard waiting < max(mostReceiving / 4, 1) else { throw .busy }
            let other = try self.takeReceiving(from: &pool)
            pool.waiting[uid] = waiting + 1
            slot.waitsFor = uid
            return other
        }
    }

    private func takeReceiving(from pool: inout Pool) throws(Errno) -> Slot {
        if let slot = pool.free.popLast() {
            pool.used += 1
            return slot
        }
        guard pool.all.count < mostReceiving else { throw .busy }
        let slot = unsafe Slot(
            self, start + pool.all.count * Self.receivingCapacity, capacity: Self.receivingCapacity, isReceiving: true)
        try slot.lock()
        pool.all.append(slot)
        pool.used += 1
        return slot
    }

    /// A free slot for a request without secrets; nil if there is none.
    func takeWaiting() -> Slot? {
        waiting.withLock { pool in
            if let slot = pool.free.popLast() {
                pool.used += 1
                return slot
            }
            guard pool.all.count < Self.waitingCount else { return nil }
            let slot = unsafe Slot(
                self, start + Self.receivingBytes + pool.all.count * Self.waitingCapacity, capacity: Self.waitingCapacity,
                isReceiving: false)
            pool.all.append(slot)
            pool.used += 1
            return slot
        }
    }

    /// Takes a wiped slot back.
    func put(_ slot: Slot) {
        if slot.isReceiving {
            receiving.withLock { pool in
                pool.used -= 1
                pool.free.append(slot)
                if let uid = slot.waitsFor.take() {
                    let left = (pool.waiting[uid] ?? 1) - 1
                    pool.waiting[uid] = left > 0 ? left : nil
                }
                // After a storm: those at the end of the region.
                while pool.free.count > Self.keptReceiving, let last = pool.all.last,
                    let index = pool.free.lastIndex(where: { $0 === last })
                {
                    pool.free.remove(at: index)
                    pool.all.removeLast()
                    last.giveBack()
                }
            }
        } else {
            waiting.withLock { pool in
                pool.used -= 1
                pool.free.append(slot)
                guard pool.used == 0, pool.all.count > Self.keptWaiting else { return }
                let kept = unsafe start + Self.receivingBytes + Self.keptWaiting * Self.waitingCapacity
                unsafe madvise(kept, (pool.all.count - Self.keptWaiting) * Self.waitingCapacity, MADV_REMOVE)
                pool.all.removeLast(pool.all.count - Self.keptWaiting)
                pool.free = pool.all
            }
        }
    }

    /// For tests, while no request is served: whether nothing of any is left.
    var areWiped: Bool {
        let made = (receiving.withLock { $0.all.count }, waiting.withLock { $0.all.count })
        let parts = [(0, made.0 * Self.receivingCapacity), (Self.receivingBytes, made.1 * Self.waitingCapacity)]
        return parts.allSatisfy { part in
            unsafe UnsafeRawBufferPointer(start: start + part.0, count: part.1).allSatisfy { $0 == 0 }
        }
    }

    /// For tests: how many slots of each size are in use.
    var used: (receiving: Int, waiting: Int) { (receiving.withLock { $0.used }, waiting.withLock { $0.used }) }
}

/// Memory for one request: of the thread that receives or serves it, and of its answer.
///
/// The two may end in either order, since an answer may have to wait for the kernel to forget something: whichever is last has
/// the slot, wiped.
@safe final class Slot: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let capacity: Int
    let isReceiving: Bool
    private unowned let slots: Slots
    /// Bytes of the request.
    private(set) var count = 0
    /// The user whose request waits in it for its turn. Guarded by the pool's lock.
    fileprivate var waitsFor: UInt32?
    private let state = Atomic<UInt8>(State.served.rawValue)

    private enum State: UInt8 {
        case served, answered, left
    }

    fileprivate init(_ slots: Slots, _ start: UnsafeMutableRawPointer, capacity: Int, isReceiving: Bool) {
        self.slots = slots
        unsafe self.start = unsafe start
        self.capacity = capacity
        self.isReceiving = isReceiving
    }

    fileprivate func lock() throws(Errno) {
        guard unsafe mlock(start, capacity) == 0 else { throw .current }
    }

    /// Unlocks the memory and gives its pages to the system. What was in them is wiped.
    fileprivate func giveBack() {
        unsafe munlock(start, capacity)
        unsafe madvise(start, capacity, MADV_REMOVE)
    }

    /// Receives one request by read(2).
    ///
    /// - Returns: false if there is none any more.
    /// - Throws: what read(2) says.
    func receive(from descriptor: Int32) throws(Errno) -> Bool {
        let count = unsafe read(descriptor, start, capacity)
        guard count >= 0 else { throw .current }
        self.count = count
        return count > 0
    }

    /// Copies the request of another slot, which is then free.
    ///
    /// - Returns: false, and nothing is changed, if it does not fit.
    func move(from other: Slot) -> Bool {
        guard other.count <= capacity else { return false }
        unsafe start.copyMemory(from: other.start, byteCount: other.count)
        count = other.count
        other.wipe()
        return true
    }

    /// The request is answered, or wants no answer.
    func answered() {
        wipe()
        if state.exchange(State.answered.rawValue, ordering: .acquiringAndReleasing) == State.left.rawValue { release() }
    }

    /// The thread that served the request is done with it.
    ///
    /// - Returns: whether it may receive another in the slot: not if the answer is still to come.
    func reclaim() -> Bool {
        guard state.exchange(State.left.rawValue, ordering: .acquiringAndReleasing) == State.answered.rawValue else { return false }
        state.store(State.served.rawValue, ordering: .relaxed)
        return true
    }

    /// Gives a slot back that nothing was received in, or that was reclaimed.
    func release() {
        state.store(State.served.rawValue, ordering: .relaxed)
        slots.put(self)
    }

    private func wipe() {
        unsafe explicit_bzero(start, count)
        count = 0
    }

    /// The received bytes. They belong to the thread that serves them, until the answer.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: start, count: count) }
}
