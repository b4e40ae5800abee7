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
        var told: Set<[UInt8]> = []
        let masking = try choice == .nothing ? .none : masking(choice, values.masked(), besides: &told)
        let environment = try environment(values, in: job, delivery)
        // Values that are not needed any more are wiped before the command runs.
        _ = consume values
        return try run(command, with: CommandInputs(environment: environment, masking: masking))
    }

    /// The same with inputs that may change.
    static func run(
        _ command: [[UInt8]], with inputs: consuming CommandInputs, changing: (any ChangingInputs, Renewal)? = nil
    ) throws(Failure) -> ChildEnd {
        do { return try AttendedCommand.run(command, with: inputs, changing: changing) } catch {
            throw Failure(ExitCode(rawValue: error.exitCode) ?? .failed, error.message, hint: error.hint)
        }
    }

    /// The environment of a command with these values. `tells` a person which of its own variables it has otherwise.
    static func environment(
        _ values: borrowing JobValues, in job: JobReply, _ delivery: ProjectFile.Delivery, tells: Bool = true
    ) throws(Failure) -> LockedBuffer {
        let environment: JobEnvironment
        switch delivery {
        case .environment: environment = try JobEnvironment(values, job: job.id)
        case .files: environment = try JobEnvironment(filesOf: values, job: job)
        }
        if tells, !environment.replaced.isEmpty {
            complain("tacit: the job's values replace those of the environment: \(names(environment.replaced))")
        }
        return environment.intoAssignments()
    }

    /// The masking of these values. Tells a person what is masked in part or not, besides what they were `told` of.
    static func masking(_ choice: MaskChoice, _ masked: MaskedValues, besides told: inout Set<[UInt8]>) -> ChildMasking {
        let (tooShort, long) = (masked.tooShort.filter { !told.contains($0) }, masked.long.filter { !told.contains($0) })
        told.formUnion(tooShort + long)
        if !tooShort.isEmpty { complain("tacit: too short to be masked: \(names(tooShort))") }
        if !long.isEmpty { complain("tacit: long, and so masked in pieces of 64 bytes only: \(names(long))") }
        return .some(masked, terminal: choice == .all)
    }

    /// For a message: each once.
    private static func names(_ names: [[UInt8]]) -> String {
        var seen: Set<[UInt8]> = []
        return names.filter { seen.insert($0).inserted }.map { text($0) }.joined(separator: ", ")
    }
}
