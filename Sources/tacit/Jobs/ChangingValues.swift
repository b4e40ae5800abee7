// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Masking
import Supervisor

/// The values of the job that this process is in, followed as they change: `tacit run --watch`.
final class ChangingValues: ChangingInputs {
    private let job: JobReply
    private let arguments: RunArguments
    private let templates: JobTemplates
    private let files: KeptFiles
    private let watcher: ChangeWatcher
    private let required: JobRequirements
    private var values: JobValues
    /// Those that were given last, until they are taken.
    private var given: JobValues?
    /// The round of the remembered values that those are of which inputs were made last.
    private var givenRound = 0
    private var remembered: RememberedValues
    /// The names of values of which a person was told that they are not masked, or in part.
    private var unmasked: Set<[UInt8]> = []
    /// What a person was told last.
    private var told = ""

    /// Begins to follow them.
    init(of job: JobReply, _ arguments: RunArguments, _ templates: JobTemplates, _ files: KeptFiles) throws(Failure) {
        self.job = job
        self.arguments = arguments
        self.templates = templates
        self.files = files
        required = arguments.settings.map(JobRequirements.init) ?? JobRequirements()
        remembered = try RememberedValues()
        // First: what changes while they are read is not missed.
        watcher = try ChangeWatcher()
        values = try JobValues(all: true)
    }

    /// The inputs that a command is to be started with first.
    func first() throws(Failure) -> CommandInputs {
        let inputs = try inputs(of: values, isFirst: true)
        try files.place(values.files(placing: arguments, templates))
        return inputs
    }

    // ChangingInputs

    var descriptor: Int32? { watcher.descriptor }

    var helpers: Set<Int32> { Set([watcher.id, files.keeperID].compactMap(\.self)) }

    func take() -> Bool {
        let hasChanged = watcher.take()
        if let failure = watcher.failure { complain("tacit: changes are not followed any more: \(failure.message)") }
        return hasChanged
    }

    func renewed() -> RenewedInputs {
        do throws(Failure) {
            let now = try JobValues(all: true)
            if now.equals(values) { return .same }
            let inputs = try inputs(of: now, isFirst: false)
            try files.place(now.files(placing: arguments, templates))
            given = consume now
            told = ""
            return .inputs(inputs)
        } catch {
            tell(error.message)
            return .failed
        }
    }

    func wereTaken() {
        guard let taken = given.take() else { return }
        values = taken
    }

    func haveStarted() { remembered.begin(with: givenRound) }

    func maskingNow() -> ChildMasking? {
        guard arguments.masking != .nothing, let now = try? JobValues(all: true) else { return nil }
        return try? masking(of: now)
    }

    /// Stops to follow them.
    func end() { watcher.end() }

    /// Once for what stays so: what can't be had is tried at each change.
    func tell(_ message: String) {
        if message != told { complain("tacit: the command goes on with the values that it has: \(message)") }
        told = message
    }

    private func masking(of values: borrowing JobValues) throws(Failure) -> ChildMasking {
        try remembered.add(values)
        return InsideJob.masking(arguments.masking, try remembered.masked(), besides: &unmasked)
    }

    private func inputs(of values: borrowing JobValues, isFirst: Bool) throws(Failure) -> CommandInputs {
        try required.check(values)
        try templates.render(with: values, again: !isFirst)
        var masking = ChildMasking.none
        if arguments.masking != .nothing { masking = try self.masking(of: values) }
        givenRound = remembered.round
        return CommandInputs(
            environment: try InsideJob.environment(values, in: job, arguments.delivery, tells: isFirst), masking: masking)
    }
}

extension JobValues {
    /// The files that are to be placed: those of the view, but where none is to be, and those of templates.
    borrowing func files(placing arguments: RunArguments, _ templates: JobTemplates) -> Set<[[UInt8]]> {
        Set(templates.files).union(arguments.placesFiles ? files : [])
    }
}
