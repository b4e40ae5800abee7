// SPDX-License-Identifier: MIT

internal import Linux

/// Running a job's command.
package enum AttendedCommand {
    /// Runs a program to its end, and reaps all children of this process meanwhile, also those that became its own.
    ///
    /// `words`: the program, looked up in the environment's `PATH`, and its arguments. `changing` are its inputs later, and what becomes of
    /// it then; its end is that of the last start. Only for a process that has no threads. Standard input and output are given up:
    /// `/dev/null` is in their place when it returns. Signals are held from then on, until the process ends (`ChildEnd.finish` does what
    /// the command did).
    ///
    /// Throws where it could not be started, and, when it has ended, where its output could not be written.
    package static func run(
        _ words: [[UInt8]], with inputs: consuming CommandInputs, changing: (any ChangingInputs, Renewal)? = nil
    ) throws(ChildError) -> ChildEnd {
        let signals: SignalQueue
        do { signals = try SignalQueue() } catch { throw .system("can't take signals", error) }
        var inputs = inputs
        let strangers = changing == nil ? [] : ThisProcess.children
        while true {
            var streams = try Streams(inputs.masking)
            let command = try CommandStart(words, streams.handed, streams.screen).start(inputs.environment, signals)
            changing?.0.haveStarted()
            // Only the command has these now: or neither end of a stream would ever be seen.
            streams.handed = []
            // One that is started anew has the same.
            if changing == nil { giveUpStreams() }
            var attendance = Attendance(command, streams, changing, strangers: strangers)
            let end = try attendance.attend(signals)
            for relay in streams.relays {
                if let trouble = relay.trouble { throw .system("can't write the command's output", trouble) }
            }
            guard let renewed = attendance.takeNextInputs() else {
                giveUpStreams()
                return end
            }
            inputs = renewed
        }
    }

    private static func giveUpStreams() {
        FileDescriptor.giveUp(standard: 0)
        FileDescriptor.giveUp(standard: 1)
    }
}
