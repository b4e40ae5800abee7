// SPDX-License-Identifier: MIT

internal import Bytes
package import Secrets
internal import Linux
internal import Sodium

/// Opening what a job's folder shows: siblings of `open`, which does the work for each item.
extension Vault {
    /// An item of a job.
    package struct JobValue: Sendable {
        /// `vars/NAME` or `files/PATH`.
        package let name: [UInt8]
        /// The secret that it is in, or what the command line named.
        package let source: Reference
        /// Whether the job's folder has it.
        package let isInView: Bool
        package let item: Inode
        /// Bytes, as the row says.
        package let length: Int64
    }

    /// The value at a place in a job's folder, for a caller in the job.
    ///
    /// Each variable and each file is decided, logged and decrypted as by `open`, by its own reference; of `env` all variables are, or it
    /// is refused as a whole. Throws what `open` does, `isAFolder`, `invalidValue` if a value in `env` has a NUL, and `tooLarge` if `env`
    /// is longer than one that can be written.
    package func open(_ place: JobPlace, of job: Job, for caller: Caller) throws(VaultError) -> Snapshot {
        try authorize(.read, onViewOf: job, place, for: caller)
        switch place {
        case .top, .vars: throw .isAFolder
        case .env: return try environment(of: job, for: caller)
        case .variable(let name):
            guard let item = try view(of: job).view[.variable(name)] else { throw .notFound }
            return try open(item.item, .read, for: caller)
        case .below(let names):
            if let file = job.state.withLock({ $0.files[names] }) {
                try log(caller, reference(to: place, in: job), allowed: true, reason: "\(Reason.ofJob)")
                return Snapshot(value: file.value, version: 0)
            }
            guard let item = try view(of: job).view[.file(names)] else {
                let isFolder = try view(of: job).view.names(in: names) != nil
                throw isFolder ? .isAFolder : .notFound
            }
            return try open(item.item, .read, for: caller)
        }
    }

    /// Which value is current at a place in a job's folder. Nil where nothing can be read, and for a file that the job brought along, which
    /// stays as it is.
    package func currentIdentity(of inode: JobInode) -> ValueIdentity? {
        guard let items = items(at: inode) else { return nil }
        let values = items.variables.compactMap { variable in currentIdentity(of: variable.item).map { (name: variable.name, value: $0) } }
        return items.isEnvironment ? ValueIdentity(of: values) : values.first?.value
    }

    /// Whether a caller may read a place in a job's folder, for what it has open already, as `mayRead` of an inode.
    package func mayRead(_ inode: JobInode, for caller: Caller) -> Bool {
        items(at: inode)?.variables.allSatisfy { mayRead($0.item, for: caller) } ?? true
    }

    /// The items that are shown at a place in a job's folder; nil where there are none.
    private func items(at inode: JobInode) -> (variables: [(name: [UInt8], item: Inode)], isEnvironment: Bool)? {
        guard let (job, place) = try? place(inode), let view = try? view(of: job).view else { return nil }
        switch place {
        case .top, .vars: return nil
        case .env:
            let variables = view.variables.compactMap { variable -> (name: [UInt8], item: Inode)? in
                guard case .variable(let name) = variable.path else { return nil }
                return (name, variable.item)
            }
            return (variables, true)
        case .variable(let name): return view[.variable(name)].map { ([(name, $0.item)], false) }
        case .below(let names): return view[.file(names)].map { ([([], $0.item)], false) }
        }
    }

    /// Refuses, and logs it, what nobody may do in a job's folder: to a place, or with a name in it.
    package func refuseChange(of place: JobPlace, name: [UInt8]? = nil, in job: Job, for caller: Caller) throws(VaultError) -> Never {
        let reason = decide(.write, onViewOf: job.id, inside: caller.job?.job.id).reason
        try refuseChange([TreeName.jobs, job.id.bytes] + place.components, name, reason, for: caller)
    }

    /// Refuses, and logs it, what nobody may do in the folder of all jobs.
    package func refuseChangeOfJobs(name: [UInt8]?, for caller: Caller) throws(VaultError) -> Never {
        try refuseChange([TreeName.jobs], name, caller.job == nil ? .outsideJob : .insideJob, for: caller)
    }

    private func refuseChange(_ path: [[UInt8]], _ name: [UInt8]?, _ reason: Reason, for caller: Caller) throws(VaultError) -> Never {
        try log(caller, Place.reference(path + (name.map { [$0] } ?? [])), allowed: false, reason: "\(reason)")
        throw .denied(reason)
    }

    /// Refuses, and logs, who looks at a place in a job from outside. The kernel looks before it opens: of a refused open this is all that
    /// is seen.
    package func authorizeLook(at place: JobPlace, of job: Job, for caller: Caller) throws(VaultError) {
        try authorize(.list, onViewOf: job, place, for: caller)
    }

    private func authorize(_ right: Rights, onViewOf job: Job, _ place: JobPlace, for caller: Caller) throws(VaultError) {
        let decision = decide(right, onViewOf: job.id, inside: caller.job?.job.id)
        guard decision.allowed else {
            try log(caller, reference(to: place, in: job), allowed: false, reason: "\(decision.reason)")
            throw .denied(decision.reason)
        }
    }

    private func reference(to place: JobPlace, in job: Job) -> String {
        Place.reference([TreeName.jobs, job.id.bytes] + place.components)
    }

    /// How many files a job brings along: to look for a name is to look through all of them.
    static let mostFiles = 1024

    private func environment(of job: Job, for caller: Caller) throws(VaultError) -> Snapshot {
        var lines: [(name: [UInt8], value: Snapshot)] = []
        var length = 0
        for variable in try view(of: job).view.variables {
            guard case .variable(let name) = variable.path else { continue }
            let value: Snapshot
            // Items that are removed while this goes on are left out.
            do throws(VaultError) { value = try open(variable.item, .read, for: caller) } catch .notFound { continue }
            let lineLength = try value.withBytes { bytes throws(VaultError) in
                if let offset = (0..<bytes.byteCount).first(where: { bytes.octet($0) == 0 }) {
                    throw .invalidValue("\(variable.source) can't be a variable: it has a NUL byte at offset \(offset)")
                }
                return EnvText.shownLength(name: name, assignment: EnvText.lineLength(name: name, value: bytes))
            }
            length += lineLength
            guard length <= maxEnvironment else { throw .tooLarge(limit: maxEnvironment) }
            lines.append((name, value))
        }
        var text = try EnvironmentText(length: length)
        for (name, value) in lines { _ = value.withBytes { text.append(name: name, value: $0) } }
        let values = lines.compactMap { line in line.value.identity.map { (name: line.name, value: $0) } }
        return Snapshot(value: SecretBox(text.finished()), version: 0, identity: ValueIdentity(of: values))
    }

    /// The values of the job that the caller is in: its variables, or with `all` every item of its secrets; for an attached shell without
    /// what policies keep from such. Nothing is opened by it. Throws `denied` (logged) for who is in none that runs.
    package func jobItems(all: Bool, for caller: Caller) throws(VaultError) -> (job: Job, items: [JobValue]) {
        guard let membership = caller.job, !membership.job.hasEnded else { try refuseValues(Place.reference([TreeName.job]), to: caller) }
        let job = membership.job
        let (view, contents) = try view(of: job)
        var items: [(path: JobPath, item: Inode, source: Reference)] = []
        for item in view.variables + (all ? view.files : []) { items.append((item.path, item.item, item.source)) }
        if all {
            for secret in job.selection.secrets {
                for content in contents[secret.id] ?? [] where view[content.path]?.item != content.item {
                    items.append((content.path, content.item, secret.reference))
                }
            }
        }
        let isShell = membership.mode.contains(.attached) && !job.mode.contains(.attached)
        var values: [JobValue] = []
        // Items that are removed while this goes on are left out.
        for (path, item, source) in items {
            let length: Int64
            do throws(VaultError) {
                if isShell, decision(.read, on: try place(item), in: job, membership.mode).reason == .policy(.attach) { continue }
                length = try attributes(of: item).size
            } catch .notFound { continue }
            values.append(
                JobValue(name: path.text, source: source, isInView: view[path]?.item == item, item: item, length: length))
        }
        return (job, values)
    }

    private func refuseValues(_ reference: String, to caller: Caller) throws(VaultError) -> Never {
        let reason: Reason = caller.job == nil ? .notInJob : .jobHasEnded
        try log(caller, reference, allowed: false, reason: "\(reason)")
        throw .denied(reason)
    }

    /// Gives the job that the caller is in a file of its own, for as long as it runs; `overwrite`: in the place of one that it was given
    /// before. Only the process that the job ends with may. `share` is let go with the file. Throws `denied` (logged), `invalidName`,
    /// `exists` where the job's folder has something already, `notPermitted` where there are too many, and `notFound` where the job has
    /// ended.
    package func putFile(
        _ value: consuming SecretBuffer, at names: [[UInt8]], overwrite: Bool = false, share: any Sendable, by caller: Caller
    ) throws(VaultError) {
        guard let job = caller.job?.job, !job.hasEnded else {
            try refuseValues(Place.reference([TreeName.job] + JobPlace.below(names).components), to: caller)
        }
        guard case .process(let root) = job.anchor, root.id == caller.pid, !root.hasEnded else {
            try log(caller, reference(to: .below(names), in: job), allowed: false, reason: "\(Reason.insideJob)")
            throw .denied(.insideJob)
        }
        if let problem = JobPath.file(names).problem { throw .invalidName(problem) }
        let view = try view(of: job).view
        let isInView = names.indices.contains { view[.file(Array(names[...$0]))] != nil } || view.names(in: names) != nil
        let file = JobFile(value: SecretBox(value.finished()), created: SystemClock.now(), share: share)
        // One after the other: what is logged of one still holds when it is put.
        try job.puts.withLock { _ throws(VaultError) in
            let problem: (reason: String, error: VaultError)? = job.state.withLock { state in
                if state.isOver { return ("\(Reason.jobHasEnded)", .notFound) }
                let isRenewed = overwrite && state.files[names] != nil
                if isInView || state.isTaken(names) && !isRenewed { return ("the name is taken", .exists) }
                if isRenewed || state.files.count < Self.mostFiles { return nil }
                return ("too many files", .notPermitted("a job brings \(Self.mostFiles) files along at most"))
            }
            let reason = problem?.reason ?? "\(Reason.ofJob)"
            try log(caller, reference(to: .below(names), in: job), allowed: problem == nil, reason: reason)
            if let problem { throw problem.error }
            try job.state.withLock { state throws(VaultError) in
                guard !state.isOver else { throw .notFound }
                state.files[names] = file
            }
        }
    }
}
