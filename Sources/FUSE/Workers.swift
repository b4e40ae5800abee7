internal import Glibc
internal import Linux
internal import Synchronization

/// The threads that receive requests and run the operations.
///
/// Each reads `/dev/fuse` by itself; of those that wait there, the kernel wakes one for each request. So there are no more
/// than can run at once: requests take microseconds, and one that finds a worker at work is served sooner by it than by
/// another that has to be woken. Only when none was served for a moment is another started, up to `most`; such a one ends
/// when enough others wait.
final class Workers: Sendable {
    static let usual = min(max(Processors.available, 2), 8)
    static let most = 16
    /// How long all may be at the same requests before another worker is started. Seconds.
    private static let patience = 0.01

    private struct State {
        /// How many are made, but do not run yet.
        var starting = 0
        var running: [(thread: pthread_t, worker: Worker)] = []
        var isStopping = false

        var count: Int { starting + running.count }
    }

    private let connection: Connection
    private let ended: @Sendable () -> Void
    private let state = Monitor(State())
    /// How many wait for a request, or are about to.
    private let idle = Atomic<Int>(0)
    /// How many requests were served.
    private let served = Atomic<UInt64>(0)
    /// Whether the foreman looks whether the workers get on; rung to make it.
    private let isWatched = Atomic<Bool>(false)
    private let bell = Monitor(false)

    /// - Parameter ended: called by the last worker when it ends: the mount has, or `stop` was called.
    init(_ connection: Connection, ended: @escaping @Sendable () -> Void) {
        self.connection = connection
        self.ended = ended
    }

    func start() throws(SessionError) {
        letSignalsWake()
        for _ in 0..<Self.usual { try addWorker() }
        do throws(Errno) { try Thread.start { self.watch() } } catch { throw .system(error) }
    }

    /// Lets the workers answer all that has been sent, and end.
    ///
    /// - Returns: false if some have not ended by then.
    func stop(until deadline: Deadline) -> Bool {
        // From now on, reading when there is nothing to read fails instead of waiting. Those that wait already are woken by
        // a signal, and one that comes between the two finds the signal pending when it begins to wait: none is missed.
        let flags = fcntl(connection.descriptor, F_GETFL)
        _ = fcntl(connection.descriptor, F_SETFL, flags | O_NONBLOCK)
        state.change { state in
            state.isStopping = true
            // A thread stays in the list until it has had the lock, so it exists.
            for (thread, _) in state.running { pthread_kill(thread, wakeUp) }
        }
        bell.change { $0 = true }
        return state.wait(until: deadline) { $0.count == 0 ? true : nil } ?? false
    }

    /// For tests, while no request is served: whether nothing of any is left.
    var buffersAreWiped: Bool {
        state.change { state in state.running.allSatisfy { $0.worker.buffer.isWiped } }
    }

    private func addWorker() throws(SessionError) {
        let isWanted = state.change { state in
            guard state.count < Self.most, !state.isStopping else { return false }
            state.starting += 1
            return true
        }
        guard isWanted else { return }
        do throws(SessionError) {
            let worker = try Worker()
            idle.add(1, ordering: .relaxed)
            do throws(Errno) {
                try Thread.start { self.run(worker) }
            } catch {
                idle.subtract(1, ordering: .relaxed)
                throw .system(error)
            }
        } catch {
            state.change { $0.starting -= 1 }
            throw error
        }
    }

    private func run(_ worker: Worker) {
        unblockWakeUp()
        state.change { state in
            state.starting -= 1
            state.running.append((pthread_self(), worker))
        }
        while receive(worker) {}
        idle.subtract(1, ordering: .relaxed)
        let isLast = state.change { state in
            state.running.removeAll { $0.worker === worker }
            return state.count == 0
        }
        if isLast { ended() }
    }

    /// Starts another worker when all are held up, each time that they are for `patience`.
    private func watch() {
        while !state.change({ $0.isStopping }) {
            // The order matters: who makes `idle` 0 rings unless this thread looks at it afterwards.
            isWatched.store(false, ordering: .sequentiallyConsistent)
            if idle.load(ordering: .sequentiallyConsistent) > 0 { bell.wait { isRung in isRung ? (isRung = false) : nil } }
            var before = served.load(ordering: .relaxed)
            while idle.load(ordering: .relaxed) <= 0, !state.change({ $0.isStopping }) {
                Clock.sleep(microseconds: UInt32(Self.patience * 1e6))
                let now = served.load(ordering: .relaxed)
                // Without one more, the requests are served all the same, later.
                if now == before { try? addWorker() }
                before = now
            }
        }
    }

    /// Whether a worker that has served a request should wait for the next: not if enough others do.
    private func isNeeded(_ worker: Worker) -> Bool {
        if idle.load(ordering: .relaxed) <= Self.usual { return true }
        return state.change { state in
            guard state.count > Self.usual else { return true }
            state.running.removeAll { $0.worker === worker }
            return false
        }
    }

    /// - Returns: false at the end.
    private func receive(_ worker: Worker) -> Bool {
        do throws(Errno) {
            return try unsafe worker.buffer.receive(from: connection.descriptor) { request in
                if idle.subtract(1, ordering: .sequentiallyConsistent).newValue <= 0,
                    !isWatched.exchange(true, ordering: .sequentiallyConsistent)
                {
                    bell.change { $0 = true }
                }
                unsafe connection.process(request)
                served.add(1, ordering: .relaxed)
                idle.add(1, ordering: .relaxed)
            } && isNeeded(worker)
        } catch {
            // ENOENT: the caller gave up before the request was received. EINTR: woken, to end if nothing is left.
            // EAGAIN: nothing is left. ENODEV: unmounted.
            return error == .noEntry || error == .interrupted
        }
    }
}

/// What a thread has to itself.
private final class Worker: Sendable {
    let buffer: RequestBuffer

    init() throws(SessionError) {
        do throws(Errno) { buffer = try RequestBuffer() } catch { throw .memory(error) }
    }
}

/// Wakes a worker that waits for a request, and does nothing else.
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
