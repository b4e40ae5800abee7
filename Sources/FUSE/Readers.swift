// SPDX-License-Identifier: MIT

internal import CFuse
internal import Glibc
internal import Linux
internal import Synchronization

/// The threads that read requests from `/dev/fuse`, and serve what is short.
///
/// Of those that wait there, the kernel wakes one for each request. So there are no more than can run at once: requests take
/// microseconds, and one that finds a reader at work is served sooner by it than by another that has to be woken. Only when none
/// was served for a moment is another started, up to `most`; such a one ends when enough others wait.
///
/// The kind of a request decides which threads serve it (`Course`); and where a user's own requests would hold up everybody's, they
/// wait for their turn: `Loads`, `FairQueue`.
final class Readers: Sendable {
    static let usual = min(max(Processors.available, 2), 8)
    static let most = 16
    /// How long all may be at the same requests before another reader is started. Seconds.
    private static let patience = 0.002

    private struct State {
        /// How many are made, but do not run yet.
        var starting = 0
        var running: Set<pthread_t> = []
        var isStopping = false
        /// Why the kernel sends nothing any more.
        var failure: Errno?

        var count: Int { starting + running.count }
    }

    private let connection: KernelConnection
    private let ended: @Sendable (Errno?) -> Void
    private let state = Monitor(State())
    private let loads = Loads()
    /// For what takes long and changes nothing.
    private let reading: Crew
    /// For what fills a page: it waits for no request that may itself wait for the page.
    private let filling: Crew
    /// For what changes something, and so waits for the disk, for other requests, and for files to be closed.
    private let changing: Crew
    /// How many wait for a request, or are about to.
    private let idle = Atomic<Int>(0)
    /// How many requests were served.
    private let served = Atomic<UInt64>(0)
    /// Whether the foreman looks whether the readers get on; rung to make it.
    private let isWatched = Atomic<Bool>(false)
    private let bell = Monitor(false)

    /// - Parameter ended: called by the last reader when it ends, with what read(2) said: ENODEV if the file system was unmounted,
    ///   ECONNABORTED if the connection was aborted; nil after `stop`.
    init(_ connection: KernelConnection, ended: @escaping @Sendable (Errno?) -> Void) {
        self.connection = connection
        self.ended = ended
        let serve = { @Sendable (slot: Slot) in
            connection.process(slot, mayWait: true)
            if slot.reclaim() { slot.release() }
        }
        let delay = { @Sendable (uid: UInt32) in connection.fileSystem.delay(of: uid) }
        reading = Crew(most: 16, limits: .init(ordinary: Self.usual, urgent: Self.usual), delay: delay, serve: serve)
        filling = Crew(most: 16, limits: .init(ordinary: Self.usual, urgent: 0), delay: delay, serve: serve)
        changing = Crew(most: 32, limits: .init(ordinary: 4, urgent: 4), delay: delay, serve: serve)
    }

    func start() throws(SessionError) {
        letSignalsWake()
        for _ in 0..<Self.usual { try addReader() }
        do throws(Errno) { try DetachedThread.start { self.watch() } } catch { throw .system(error) }
    }

    /// Lets all that has been sent be answered, and ends the threads.
    ///
    /// - Returns: false if some have not ended by then.
    func stop(until deadline: Deadline) -> Bool {
        // The readers first: what they hand over is done by the crews.
        let allHaveRead = stopReading(until: deadline)
        let allHaveServed = [reading, filling, changing].map { $0.stop(until: deadline) }
        return allHaveRead && !allHaveServed.contains(false)
    }

    private func stopReading(until deadline: Deadline) -> Bool {
        // From now on, reading when there is nothing to read fails instead of waiting. Those that wait already are woken by
        // a signal, and one that comes between the two finds the signal pending when it begins to wait: none is missed.
        let flags = fcntl(connection.descriptor, F_GETFL)
        _ = fcntl(connection.descriptor, F_SETFL, flags | O_NONBLOCK)
        state.change { state in
            state.isStopping = true
            // A thread stays in the set until it has had the lock, so it exists.
            for thread in state.running { pthread_kill(thread, wakeUp) }
        }
        bell.change { $0 = true }
        return state.wait(until: deadline) { $0.count == 0 ? true : nil } ?? false
    }

    private func addReader() throws(SessionError) {
        let isWanted = state.change { state in
            guard state.count < Self.most, !state.isStopping else { return false }
            state.starting += 1
            return true
        }
        guard isWanted else { return }
        do throws(SessionError) {
            let slot: Slot
            do throws(Errno) { slot = try connection.slots.takeReceiving() } catch { throw .memory(error) }
            idle.add(1, ordering: .relaxed)
            do throws(Errno) {
                try DetachedThread.start { self.run(slot) }
            } catch {
                idle.subtract(1, ordering: .relaxed)
                slot.release()
                throw .system(error)
            }
        } catch {
            state.change { $0.starting -= 1 }
            throw error
        }
    }

    private func run(_ slot: Slot) {
        unblockWakeUp()
        let thread = pthread_self()
        state.change { state in
            state.starting -= 1
            state.running.insert(thread)
        }
        var slot = slot
        while let next = receive(in: slot) {
            slot = next
            guard isNeeded(thread) else { break }
        }
        slot.release()
        idle.subtract(1, ordering: .relaxed)
        let (isLast, failure) = state.change { state in
            state.running.remove(thread)
            return (state.count == 0, state.failure)
        }
        if isLast { ended(failure) }
    }

    /// Starts another reader when all are held up, each time that they are for `patience`.
    private func watch() {
        while !state.change({ $0.isStopping }) {
            // The order matters: who makes `idle` 0 rings unless this thread looks at it afterwards.
            isWatched.store(false, ordering: .sequentiallyConsistent)
            if idle.load(ordering: .sequentiallyConsistent) > 0 { bell.wait { isRung in isRung ? (isRung = false) : nil } }
            var before = served.load(ordering: .relaxed)
            while idle.load(ordering: .relaxed) <= 0, !state.change({ $0.isStopping }) {
                SystemClock.sleep(microseconds: UInt32(Self.patience * 1e6))
                let now = served.load(ordering: .relaxed)
                // Without one more, the requests are served all the same, later.
                if now == before { try? addReader() }
                before = now
            }
        }
    }

    /// Whether a reader that has served a request should wait for the next: not if enough others do.
    private func isNeeded(_ thread: pthread_t) -> Bool {
        if idle.load(ordering: .relaxed) <= Self.usual { return true }
        return state.change { state in
            guard state.count > Self.usual else { return true }
            state.running.remove(thread)
            return false
        }
    }

    /// Receives a request, and serves it or has it served.
    ///
    /// - Returns: the slot for the next one; nil at the end, with nothing received.
    private func receive(in slot: Slot) -> Slot? {
        while true {
            do throws(Errno) {
                guard try slot.receive(from: connection.descriptor) else { return nil }
            } catch {
                // ENOENT: the caller gave up before the request was received. EINTR: woken, to end if nothing is left.
                // EAGAIN: nothing is left.
                if error == .noEntry || error == .interrupted { continue }
                if error != .again { state.change { $0.failure = error } }
                return nil
            }
            let spare = idle.subtract(1, ordering: .sequentiallyConsistent).newValue
            if spare <= 0, !isWatched.exchange(true, ordering: .sequentiallyConsistent) { bell.change { $0 = true } }
            let next = dispatch(slot, spare: spare)
            served.add(1, ordering: .relaxed)
            idle.add(1, ordering: .relaxed)
            return next
        }
    }

    /// - Returns: the slot for the next request.
    private func dispatch(_ slot: Slot, spare: Int) -> Slot {
        guard let message = Message(in: slot) else { return serve(slot) }
        let uid = message.header.uid
        if message.mayBeDelayed, connection.fileSystem.delay(of: uid) > 0 {
            let isChange = if case .changing = message.course { true } else { false }
            return hand(slot, of: message, to: isChange ? changing : reading, isUrgent: false, isLate: true)
        }
        switch message.course {
        case .immediate:
            guard message.opcode == .release, let arguments: fuse_release_in = try? message.arguments(),
                let uid = connection.fileSystem.user(ofRelease: arguments.fh)
            else { return serve(slot) }
            return hand(slot, of: message, to: changing, for: uid, isUrgent: false)
        case .reading where message.opcode == .open && connection.fileSystem.mayWait(opening: message.inode):
            return hand(slot, of: message, to: reading, isUrgent: false)
        case .reading(let lock):
            let isServed = loads.serve(uid: uid, spare: spare, share: Self.usual, holdsLock: lock == .folder) { connection.process(slot) }
            if isServed { return slot.reclaim() ? slot : another() }
            return hand(slot, of: message, to: lock == .page ? filling : reading, isUrgent: lock == .folder)
        case .changing(let lock):
            return hand(slot, of: message, to: changing, isUrgent: lock == .folder)
        }
    }

    private func serve(_ slot: Slot) -> Slot {
        connection.process(slot)
        return slot.reclaim() ? slot : another()
    }

    /// Has a request wait for its user's turn: what holds no secret in a slot of its own kind, else in the one that it was received in.
    ///
    /// - Parameter user: whose turn it is, if the request does not say.
    private func hand(
        _ slot: Slot, of message: Message, to crew: Crew, for user: UInt32? = nil, isUrgent: Bool, isLate: Bool = false
    ) -> Slot {
        let uid = user ?? message.header.uid
        if !message.mayHoldSecret, let waiting = connection.slots.takeWaiting() {
            if waiting.move(from: slot) {
                crew.submit(waiting, of: uid, isUrgent: isUrgent, isLate: isLate)
                return slot
            }
            waiting.release()
        }
        // No more memory can be locked: it is served out of turn.
        guard let next = try? connection.slots.exchange(slot, waitingFor: uid) else { return serve(slot) }
        crew.submit(slot, of: uid, isUrgent: isUrgent, isLate: isLate)
        return next
    }

    /// A slot in the place of one whose request is not answered yet. Waits until there is one: those that are to be answered are freed by
    /// threads that wait for no reader.
    private func another() -> Slot {
        while true {
            if let slot = try? connection.slots.takeReceiving() { return slot }
            SystemClock.sleep(microseconds: 1000)
        }
    }
}

/// Wakes a reader that waits for a request, and does nothing else.
private let wakeUp = SIGUSR1

private func letSignalsWake() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { _ in }
    // Without SA_RESTART, so that read(2) returns.
    unsafe sigaction(wakeUp, &action, nil)
}

private func unblockWakeUp() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, wakeUp)
    unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
}
