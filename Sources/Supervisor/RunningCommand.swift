// SPDX-License-Identifier: MIT

internal import Glibc
internal import Linux

/// The command, from its start to its end.
struct RunningCommand {
    /// This process's child: the command, or the leader of its session.
    private let child: Int32
    /// To that leader.
    private let link: SessionLink?
    private(set) var end: ChildEnd?
    /// The signal that it is stopped by.
    private(set) var stop: Int32?
    private var isNews = false

    init(_ child: Int32, _ link: SessionLink?) {
        self.child = child
        self.link = link
    }

    /// Whether it is in a session of its own, where signals for this process's group don't reach it.
    var hasSession: Bool { link != nil }

    /// Readable when there are reports to take.
    var reports: Int32? { end == nil ? link?.reportDescriptor : nil }

    /// Waits for all children that have changed, without waiting for them to.
    mutating func reap() {
        while let (changed, status) = WaitStatus.next() {
            guard changed == child else { continue }
            takeReports()
            // The leader's end tells of the command only if that was killed.
            if link == nil || end == nil && status.isEnd { take(status) }
        }
    }

    mutating func takeReports() {
        while let status = link?.report() { take(status) }
    }

    private mutating func take(_ status: WaitStatus) {
        switch status.change {
        case .exited(let status): end = .exited(status)
        case .signaled(let number): end = .signaled(number)
        case .stopped(let number):
            stop = number
            isNews = true
        case .continued: stop = nil
        }
    }

    /// The signal that stopped it since this was asked last, if it is still stopped.
    mutating func newStop() -> Int32? {
        defer { isNews = false }
        return isNews ? stop : nil
    }

    func send(_ signal: ArrivedSignal) {
        guard end == nil else { return }
        if let link { link.send(.signal(signal.number)) } else { signal.send(to: child) }
    }

    func signal(_ number: Int32) {
        guard end == nil else { return }
        if let link { link.send(.signal(number)) } else { ThisProcess.signal(child, number) }
    }

    /// Sends it a signal that is to end it, and continues it.
    func end(by number: Int32) {
        signal(number)
        resume()
    }

    func resume() {
        guard end == nil else { return }
        if let link { link.send(.resume) } else { ThisProcess.signal(child, SIGCONT) }
    }

    /// Its process group, if it has one of its own in this session and has put that in the terminal's foreground.
    func foreground(of terminal: borrowing FileDescriptor) -> Int32? {
        guard !hasSession, let group = ThisProcess.group(of: child), group != ThisProcess.group else { return nil }
        return terminal.foregroundGroup == group ? group : nil
    }

    /// The foreground of its own terminal gets what a key at the terminal behind means.
    func pressKey(_ number: Int32) { link?.send(.key(number)) }

    func tell(terminalIsTaken isTaken: Bool) { link?.send(.terminal(isTaken: isTaken)) }
}

extension WaitStatus {
    /// Whether the child is gone.
    var isEnd: Bool {
        switch change {
        case .exited, .signaled: true
        case .stopped, .continued: false
        }
    }
}
