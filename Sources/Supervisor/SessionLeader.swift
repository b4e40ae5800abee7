// SPDX-License-Identifier: MIT

internal import Glibc
internal import Linux

/// The leader of the session on a screen: a copy of this process between it and the command.
///
/// The command is in a process group of its own, as a shell would put it, so that the kernel stops it for ^Z: what nobody of its session
/// could continue is not stopped. It is in the foreground of its terminal while this process is in that of the terminal behind; else
/// it is stopped when it reads there, and this process with it, as it would be without. The leader has nothing of
/// the environment, for its locked memory was wiped by the fork.
struct SessionLeader {
    let terminal: SharedDescriptor
    let link: SessionLink
    let keyboard: SharedDescriptor?
    let settings: TerminalSettings
    /// Whether the command begins in the foreground: what is typed is for this process.
    let isInForeground: Bool

    /// How long it waits for the end of a process whose screen is gone, in microseconds.
    private static let longestWait: Int64 = 1_000_000

    /// Starts the command by `become`, in a copy of the leader, and attends to it. Returns when it has ended, or when nobody is there who
    /// would want to know.
    func lead(_ signals: borrowing SignalQueue, become: () -> Int32) throws(Errno) {
        try terminal.descriptor.leadSession()
        let command = try ForkedChild {
            do throws(Errno) {
                try ThisProcess.leadGroup()
                if isInForeground { try terminal.descriptor.setForeground(group: ThisProcess.id) }
            } catch { return 1 }
            return become()
        }
        let kept = [signals.descriptor, terminal.descriptor.rawValue] + (keyboard.map { [$0.descriptor.rawValue] } ?? [])
        ThisProcess.withdraw(keeping: link.leadersEnds + kept)
        try attend(to: command.id, signals)
    }

    private func attend(to command: Int32, _ signals: borrowing SignalQueue) throws(Errno) {
        var isTaken = false
        var hasEnded = false
        /// Until when it waits for the end of this process's parent, whose screen is gone.
        var limit: Int64?
        while true {
            if hasEnded, limit.map({ $0 <= SystemClock.monotonic() }) ?? true { return }
            var ready = Readiness()
            _ = ready.add(reading: signals.descriptor)
            let said = ready.add(reading: link.orderDescriptor)
            try ready.wait(microseconds: hasEnded ? limit.map { $0 - SystemClock.monotonic() } : nil)
            while let signal = try signals.next() {
                guard signal.number == SIGHUP else { continue }
                // The kernel tells the leader only, as long as that is there.
                limit = limit ?? SystemClock.monotonic() + Self.longestWait
                ThisProcess.signal(group: command, SIGHUP)
            }
            while let (_, status) = WaitStatus.next() {
                hasEnded = hasEnded || status.isEnd
                link.send(status)
            }
            guard ready.isReady(said) else { continue }
            do throws(Errno) {
                while let order = try link.order() {
                    if case .terminal(let taken) = order { isTaken = taken }
                    follow(order, command)
                }
            } catch {
                // It was killed, and left the terminal as it had it. The end of the leader sends the command SIGHUP.
                if isTaken { try? keyboard?.descriptor.set(settings) }
                return
            }
        }
    }

    private func follow(_ order: LeaderOrder, _ command: Int32) {
        let foreground = terminal.descriptor.foregroundGroup ?? ThisProcess.group
        switch order {
        case .signal(let number): ThisProcess.signal(command, number)
        case .key(let number): ThisProcess.signal(group: foreground == ThisProcess.group ? command : foreground, number)
        case .resume: ThisProcess.signal(group: command, SIGCONT)
        case .terminal(let isTaken):
            // A group that the command has put in the foreground stays there.
            guard !isTaken || foreground == ThisProcess.group else { return }
            // Fails where the command has no group any more.
            try? terminal.descriptor.setForeground(group: isTaken ? command : ThisProcess.group)
        }
    }
}
