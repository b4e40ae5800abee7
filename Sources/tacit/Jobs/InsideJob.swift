// SPDX-License-Identifier: MIT

import ControlAPI
import Formats
import Linux
import Masking
import Secrets
import Supervisor

/// The steps that `tacit run` and `tacit attach` share once this process is in a job.
enum InsideJob {
    /// Prepares a process for being in a job: nobody else is to see its values, and its descendants stay below it.
    static func prepare(_ invocation: Invocation) throws(Failure) {
        try invocation.forbidDumps()
        do { try ThisProcess.becomeSubreaper() } catch { throw Failure(.failed, "can't become a subreaper: \(error)") }
    }

    /// Runs a command with these values in its environment, or told of there, to its end.
    static func run(
        _ command: [[UInt8]], in job: JobReply, _ values: consuming JobValues, masking choice: MaskChoice,
        delivery: ProjectFile.Delivery = .environment
    ) throws(Failure) -> ChildEnd {
        let masking = try masking(choice, values)
        let environment: JobEnvironment
        switch delivery {
        case .environment: environment = try JobEnvironment(values, job: job.id)
        case .files: environment = try JobEnvironment(filesOf: values, job: job)
        }
        if !environment.replaced.isEmpty {
            complain("tacit: the job's values replace those of the environment: \(names(environment.replaced))")
        }
        // Values that are not needed any more are wiped before the command runs.
        _ = consume values
        do {
            return try AttendedCommand.run(command, environment: environment.assignments, masking: masking)
        } catch {
            throw Failure(ExitCode(rawValue: error.exitCode) ?? .failed, error.message, hint: error.hint)
        }
    }

    private static func masking(_ choice: MaskChoice, _ values: borrowing JobValues) throws(Failure) -> ChildMasking {
        if choice == .nothing { return .none }
        let masked = try values.masked()
        if !masked.tooShort.isEmpty { complain("tacit: too short to be masked: \(names(masked.tooShort))") }
        if !masked.long.isEmpty { complain("tacit: long, and so masked in pieces of 64 bytes only: \(names(masked.long))") }
        return .some(masked, terminal: choice == .all)
    }

    /// For a message: each once.
    private static func names(_ names: [[UInt8]]) -> String {
        var seen: Set<[UInt8]> = []
        return names.filter { seen.insert($0).inserted }.map { text($0) }.joined(separator: ", ")
    }
}
