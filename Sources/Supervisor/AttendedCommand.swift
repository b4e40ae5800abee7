// SPDX-License-Identifier: MIT

package import Linux

/// Running a job's command.
package enum AttendedCommand {
    /// Runs a program to its end, and reaps all children of this process meanwhile, also those that became its own.
    ///
    /// `words`: the program, looked up in the environment's `PATH`, and its arguments. `environment`: assignments `NAME=value`, each ended
    /// by a NUL. Only for a process that has no threads. Standard input and output are given up: `/dev/null` is in their place
    /// when it returns. Signals are held from then on, until the process ends (`ChildEnd.finish` does what the command did).
    ///
    /// Throws where it could not be started, and, when it has ended, where its output could not be written.
    package static func run(
        _ words: [[UInt8]], environment: borrowing LockedBuffer, masking: ChildMasking
    ) throws(ChildError) -> ChildEnd {
        let signals: SignalQueue
        do { signals = try SignalQueue() } catch { throw .system("can't take signals", error) }
        var streams = try Streams(masking)
        let command = try CommandStart(words, streams.handed, streams.screen).start(environment, signals)
        // Only the command has these now: or neither end of a stream would ever be seen.
        streams.handed = []
        FileDescriptor.giveUp(standard: 0)
        FileDescriptor.giveUp(standard: 1)
        var attendance = Attendance(command, streams)
        let end = try attendance.attend(signals)
        for relay in streams.relays {
            if let trouble = relay.trouble { throw .system("can't write the command's output", trouble) }
        }
        return end
    }
}
