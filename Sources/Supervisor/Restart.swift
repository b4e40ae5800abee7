// SPDX-License-Identifier: MIT

internal import Glibc
internal import Linux

/// The end of a command, and of all that it has started, before it is started anew.
///
/// The command is asked by SIGTERM, and continued where it is stopped. When it has ended, what is left of its descendants is asked too.
/// What is there at the deadline gets SIGKILL. (systemd.kill(5) has the same steps; it asks all at once, so that a command which wants to
/// end its children in an order can't.)
struct Restart {
    /// When SIGKILL is sent, of the monotonic clock.
    private let deadline: Int64
    private let helpers: Set<Int32>
    private var hasAskedRest = false
    private var hasKilled = false
    private var hasGivenUp = false
    /// Tells a person.
    private let tell: (String) -> Void

    /// How long what was killed may take to go, in microseconds: after that it can't be, as where it is another user's.
    private static let killTime: Int64 = 2_000_000
    /// How often it is looked for descendants that are no children of this process, whose end nobody tells, in microseconds.
    private static let lookTime: Int64 = 20_000

    /// Asks the command to end.
    init(of command: RunningCommand, timeout: Int64, helpers: Set<Int32>, tell: @escaping (String) -> Void) {
        self.tell = tell
        deadline = SystemClock.monotonic() + timeout
        self.helpers = helpers
        command.end(by: SIGTERM)
    }

    /// When to look again; nil: when the command has ended.
    func nextTime(_ command: RunningCommand) -> Int64? {
        if command.end != nil { return SystemClock.monotonic() + Self.lookTime }
        if hasGivenUp { return nil }
        return hasKilled ? deadline + Self.killTime : deadline
    }

    /// Takes the next step that is due. True when no process is left, or when one is left that can't be killed.
    mutating func goOn(_ command: RunningCommand) -> Bool {
        let now = SystemClock.monotonic()
        if now >= deadline, !hasKilled {
            hasKilled = true
            command.end(by: SIGKILL)
        }
        if now >= deadline + Self.killTime, !hasGivenUp {
            hasGivenUp = true
            tell("it, or what it has started, can't be killed")
        }
        guard command.end != nil else { return false }
        // Those that are started while others are ended are asked with the next look, from the deadline on not to be refused.
        let isLeft = ThisProcess.signalDescendants(now >= deadline ? SIGKILL : hasAskedRest ? 0 : SIGTERM, but: helpers)
        hasAskedRest = true
        return !isLeft || now >= deadline + Self.killTime
    }
}
