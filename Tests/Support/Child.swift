// SPDX-License-Identifier: MIT

import Foundation
package import Glibc

/// A child process, its output collected in files. Ended with everything in its process group when let go.
package final class Child: @unchecked Sendable {  // used by one test, in one thread
    package let pid: pid_t
    private let alone: Bool
    private let command: String
    private let output: String
    private let complaint: String
    private let ownsFiles: Bool
    private var ended: Outcome.Ending?

    /// Starts a command. Its standard input is the command's, or empty.
    ///
    /// `output`: where both outputs go, instead of files of their own. `alone`: as the leader of a session and a process
    /// group of its own, so that it is ended with all its children, and finds no terminal to ask at or to be stopped by; else an interrupt
    /// at the terminal reaches it too.
    /// - Throws: `Trouble` if that fails.
    init(_ command: Command, output: String? = nil, alone: Bool = true) throws {
        self.alone = alone
        ownsFiles = output == nil
        self.command = command.words.joined(separator: " ")
        self.output = try output ?? Scratch.temporary()
        self.complaint = try output ?? Scratch.temporary()
        let source = try command.input.map { try Scratch.temporary($0) }
        defer { if let source { Scratch.remove(source) } }

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, source ?? "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, self.output, O_WRONLY | O_APPEND, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, self.complaint, O_WRONLY | O_APPEND, 0)

        // The test runner's own signal mask and ignored signals are nothing a shell would have.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (alone ? ofItsOwnSession : 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        let words = unsafe command.launch.map { unsafe strdup($0) } + [nil]
        let variables = unsafe command.variables.map { unsafe strdup($0) } + [nil]
        defer { unsafe (words + variables).forEach { unsafe free($0) } }
        var child: pid_t = 0
        let result = unsafe posix_spawnp(&child, command.launch[0], &actions, &attributes, words, variables)
        guard result == 0 else { throw Trouble("\(command.launch[0]): \(unsafe String(cString: strerror(result)))") }
        self.pid = child
    }

    deinit {
        if ended == nil {
            kill(alone ? -pid : pid, SIGKILL)
            _ = reap(blocking: true)
        }
        if ownsFiles { [output, complaint].forEach(Scratch.remove) }
    }

    /// Sends a signal to the process alone.
    package func signal(_ number: Int32) {
        if ended == nil { kill(pid, number) }
    }

    package var isRunning: Bool {
        ended == nil && reap(blocking: false) == nil
    }

    /// All it has printed so far.
    package var printed: String {
        String(decoding: Scratch.contents(output), as: UTF8.self)
    }

    /// What it has written to standard error so far.
    package var complained: String { String(decoding: Scratch.contents(complaint), as: UTF8.self) }

    /// Waits until it has printed a text.
    /// - Throws: `Trouble` if it ended without, or did not within `seconds`.
    package func waitFor(_ text: String, seconds: Double = Wait.limit) throws {
        try Wait.until("\(command): \(text)", seconds: seconds) {
            if printed.contains(text) { return true }
            guard isRunning || printed.contains(text) else {
                throw Trouble("\(command) ended, having printed: \(printed)")
            }
            return false
        }
    }

    /// Waits for its end and for what it printed; kills its process group at the limit.
    package func wait(_ seconds: Double = Wait.limit) throws -> Outcome {
        let ending = end(within: seconds)
        defer { [output, complaint].forEach(Scratch.remove) }
        return Outcome(
            command: command, ending: ending, bytes: Scratch.contents(output),
            complaint: output == complaint
                ? "" : String(decoding: Scratch.contents(complaint), as: UTF8.self))
    }

    /// Waits for its end; kills its process group at the limit. Keeps the files.
    package func end(within seconds: Double) -> Outcome.Ending {
        if (try? Wait.until("", seconds: seconds, condition: { self.reap(blocking: false) != nil })) == nil {
            kill(alone ? -pid : pid, SIGKILL)
            _ = reap(blocking: true)
            ended = .timedOut
        }
        return ended ?? .timedOut
    }

    private func reap(blocking: Bool) -> Outcome.Ending? {
        if let ended { return ended }
        var status: Int32 = 0
        guard unsafe waitpid(pid, &status, blocking ? 0 : WNOHANG) == pid else { return nil }
        let signal = status & 0x7f
        ended = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
        return ended
    }
}

/// `POSIX_SPAWN_SETSID` of spawn.h, which is for GNU sources only.
private let ofItsOwnSession: Int32 = 0x80

package enum Wait {
    /// Seconds within which anything happens, on however busy a machine. Nobody waits for it but where a test fails.
    package static let limit: Double = 120

    /// Asks again and again until the condition holds.
    /// - Throws: what the condition throws; `Trouble` naming `what` after `seconds`.
    package static func until(_ what: String, seconds: Double = limit, condition: () throws -> Bool) throws {
        let end = Date(timeIntervalSinceNow: seconds)
        var pause: UInt32 = 500
        while try !condition() {
            guard Date() < end else { throw Trouble("not within \(seconds) s: \(what)") }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }
}
