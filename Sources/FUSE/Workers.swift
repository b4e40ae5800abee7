internal import Glibc
internal import Linux
internal import Synchronization

/// The threads that receive requests and run the operations.
///
/// Each reads `/dev/fuse` by itself; of those that wait there, the kernel wakes one for each request. When none waits any
/// more, another is started, up to `most`. None ends before the session does: an idle one costs the memory it receives in.
final class Workers: Sendable {
    static let fewest = 2
    static let most = 16

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

    /// - Parameter ended: called by the last worker when it ends: the mount has, or `stop` was called.
    init(_ connection: Connection, ended: @escaping @Sendable () -> Void) {
        self.connection = connection
        self.ended = ended
    }

    func start() throws(SessionError) {
        letSignalsWake()
        for _ in 0..<Self.fewest { try addWorker() }
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
        let isLast = state.change { state in
            state.running.removeAll { $0.worker === worker }
            return state.count == 0
        }
        if isLast { ended() }
    }

    /// - Returns: false at the end.
    private func receive(_ worker: Worker) -> Bool {
        do throws(Errno) {
            return try unsafe worker.buffer.receive(from: connection.descriptor) { request in
                if idle.subtract(1, ordering: .relaxed).newValue <= 0 {
                    // Without one more, the request is served all the same.
                    try? addWorker()
                }
                unsafe connection.process(request)
                idle.add(1, ordering: .relaxed)
            }
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
