internal import Glibc
internal import Linux

/// The leader of the session on a screen: a copy of this process between it and the command.
///
/// The command is in a process group of its own, as a shell would put it, so that the kernel stops it for ^Z: what nobody of its session
/// could continue is not stopped. The leader has nothing of the environment, for its locked memory was wiped by the fork.
struct SessionLeader {
    let terminal: OpenFile
    let link: SessionLink
    let keyboard: OpenFile?
    let settings: TerminalSettings

    /// Starts the command by `become`, in a copy of the leader, and attends to it. Returns when it has ended, or when nobody is there who
    /// would want to know.
    func lead(_ signals: borrowing SignalQueue, become: () -> Int32) throws(Errno) {
        try terminal.descriptor.leadSession()
        let command = try ForkedChild {
            do throws(Errno) { try terminal.descriptor.leadForeground() } catch { return 1 }
            return become()
        }
        let kept = [signals.descriptor, terminal.descriptor.rawValue] + (keyboard.map { [$0.descriptor.rawValue] } ?? [])
        Process.withdraw(keeping: link.leadersEnds + kept)
        try attend(to: command.id, signals)
    }

    private func attend(to command: Int32, _ signals: borrowing SignalQueue) throws(Errno) {
        var isTaken = false
        while true {
            var ready = Readiness()
            _ = ready.add(reading: signals.descriptor)
            let said = ready.add(reading: link.orderDescriptor)
            try ready.wait(microseconds: nil)
            while let signal = try signals.next() {
                // The screen is gone. Its kernel tells this process only, until it ends.
                if signal.number == SIGHUP { Process.signal(group: command, SIGHUP) }
            }
            while let (_, status) = WaitStatus.next() {
                link.send(status)
                switch status.change {
                case .exited, .signaled: return
                case .stopped, .continued: continue
                }
            }
            guard ready.isReady(said) else { continue }
            do throws(Errno) {
                while let order = try link.order() {
                    switch order {
                    case .signal(let number): Process.signal(command, number)
                    case .resume:
                        try? terminal.descriptor.setForeground(group: command)
                        Process.signal(group: command, SIGCONT)
                    case .terminal(let taken): isTaken = taken
                    }
                }
            } catch {
                // It was killed, and left the terminal as it had it. Its end as leader sends the command SIGHUP.
                if isTaken { try? keyboard?.descriptor.set(settings) }
                return
            }
        }
    }
}
