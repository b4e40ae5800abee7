// SPDX-License-Identifier: MIT

internal import Glibc
internal import Linux

/// Starting the command: a fork, the environment through a pipe, and the execution.
///
/// Locked memory is empty in a copy of this process, so the environment is sent to it, and is in its own locked memory until the program
/// takes its place.
struct CommandStart {
    private let words: [[UInt8]]
    private let handed: [HandedStream]
    private let screen: Screen?

    init(_ words: [[UInt8]], _ handed: [HandedStream], _ screen: Screen?) {
        self.words = words
        self.handed = handed
        self.screen = screen
    }

    /// Returns when the program runs.
    func start(_ environment: borrowing LockedBuffer, _ signals: borrowing SignalQueue) throws(ChildError) -> RunningCommand {
        let failure: [UInt8]
        let command: RunningCommand
        do {
            let values = try PipeEnds()
            let failures = try PipeEnds()
            let length = environment.count
            let link = screen == nil ? nil : try SessionLink()
            let child = try ForkedChild { run(values, failures, length, link, signals) }
            command = RunningCommand(child.id, link)
            screen?.started()
            let reader = failures.intoReader()
            send(environment, values.intoWriter())
            failure = try reader.readToEnd(limit: 64)
        } catch { throw .system("can't start the command", error) }
        guard failure.count == 5 else { return command }
        throw error(failure)
    }

    /// Fails if the child has ended, which then has said why.
    private func send(_ environment: borrowing LockedBuffer, _ writer: consuming FileDescriptor) {
        environment.withBytes { try? writer.writeAll($0) }
    }

    /// The child's work, up to where it is another program.
    private func run(
        _ values: borrowing PipeEnds, _ failures: borrowing PipeEnds, _ length: Int, _ link: SessionLink?, _ signals: borrowing SignalQueue
    ) -> Int32 {
        guard let link, let screen, let terminal = screen.terminal else { return become(values, failures, length, signals) }
        let leader = SessionLeader(
            terminal: terminal, link: link, keyboard: screen.keyboard, settings: screen.settings,
            isInForeground: screen.keyboard == nil || screen.isForMe)
        do throws(Errno) {
            try leader.lead(signals) { become(values, failures, length, signals) }
            return 0
        } catch {
            return tell(.system, error, failures.writer)
        }
    }

    /// Becomes the program; returns if it can't.
    private func become(
        _ values: borrowing PipeEnds, _ failures: borrowing PipeEnds, _ length: Int, _ signals: borrowing SignalQueue
    ) -> Int32 {
        // A copy that only this process has; its owner doesn't let go.
        close(values.writer.rawValue)
        var step = Step.memory
        do throws(Errno) {
            var environment = try LockedBuffer(capacity: length + 1)
            step = .system
            try environment.append(readingAllOf: values.reader)
            guard environment.count == length else { return 1 }
            for stream in handed {
                for number in stream.numbers { try stream.file.descriptor.become(standard: number) }
            }
            signals.undo()
            step = .execution
            throw Execution.execute(words, environment: environment)
        } catch {
            return tell(step, error, failures.writer)
        }
    }

    /// Where it failed.
    private enum Step: UInt8 {
        case memory, system, execution
    }

    private func tell(_ step: Step, _ error: Errno, _ writer: borrowing FileDescriptor) -> Int32 {
        let number = UInt32(bitPattern: error.rawValue)
        try? writer.writeAll([step.rawValue] + (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
        return 127
    }

    private func error(_ told: [UInt8]) -> ChildError {
        let number = told.dropFirst().reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let error = Errno(rawValue: Int32(bitPattern: number))
        return switch Step(rawValue: told[0]) {
        case .memory: .memory(error)
        case .execution: .execution(error, of: words.first ?? [])
        default: .system("can't start the command", error)
        }
    }
}
