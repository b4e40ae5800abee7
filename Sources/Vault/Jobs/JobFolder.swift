// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets
internal import Sodium

/// The folder of a job: names, sizes and times. A caller in the job may look; each open is decided when it comes.
extension Vault {
    /// The job with an id; nil where none runs.
    package func job(_ id: [UInt8]) -> Job? { JobID(id).flatMap(jobs.job).flatMap { $0.isOver ? nil : $0 } }

    /// The job and the place that a number stands for. Throws `notFound` when the job is over.
    package func place(_ inode: JobInode) throws(VaultError) -> (job: Job, place: JobPlace) {
        guard let job = jobs.job(serial: inode.serial), !job.isOver,
            let place = job.state.withLock({ $0.numbers.place(inode.index) })
        else { throw .notFound }
        return (job, place)
    }

    /// The number of the folder that something of a job is in. Throws `notFound` when the job is over.
    package func parent(of inode: JobInode) throws(VaultError) -> UInt64 {
        let (job, place) = try place(inode)
        return place == .top ? Inode.jobs.number : try self.inode(place.parent, in: job).number
    }

    /// The number of a place. Throws `notFound` where there are too many.
    package func inode(_ place: JobPlace, in job: Job) throws(VaultError) -> JobInode {
        guard let index = job.state.withLock({ $0.numbers.index(of: place) }), let inode = JobInode(job, index: index) else {
            throw .notFound
        }
        return inode
    }

    /// The place of a name in a folder of the job. The same for everyone. Throws `notFound`, `notAFolder`.
    package func lookup(_ name: [UInt8], in folder: JobPlace, of job: Job) throws(VaultError) -> JobPlace {
        let found: JobPlace
        switch folder {
        case .top:
            guard let entry = JobPlace.inTop.first(where: { $0.name == name }) else { throw .notFound }
            return entry.place
        case .vars: found = .variable(name)
        case .below(let names): found = .below(names + [name])
        case .env, .variable: throw .notAFolder
        }
        guard try form(of: found, in: job) != nil else { throw .notFound }
        return found
    }

    /// The attributes of a place in a job, for a caller in the job. Throws `notFound` for a place that is gone.
    package func attributes(of place: JobPlace, in job: Job) throws(VaultError) -> PlaceAttributes {
        guard let form = try form(of: place, in: job) else { throw .notFound }
        var (size, changed) = (Int64(0), job.started)
        switch place {
        case .env: (size, changed) = try environmentSize(of: job)
        case .variable, .below:
            guard form == .item, let path = place.path else { break }
            if case .file(let names) = path, let file = job.state.withLock({ $0.files[names] }) {
                (size, changed) = (Int64(file.value.bytes.count), file.created)
            } else if let item = try view(of: job).view[path] {
                let shown = try attributes(of: item.item)
                (size, changed) = (shown.size, shown.changed)
            }
        case .top, .vars: break
        }
        job.state.withLock { $0.numbers.tell((size, changed), of: place) }
        return Self.attributes(form, in: job, size: size, changed: changed)
    }

    /// The attributes that go with the name of a place, the same for everyone: for an item those that a process in the job was told last,
    /// and before that no size and the job's start. Throws `notFound` for what is not there any more.
    ///
    /// The present state would be for everyone to see (AT_STATX_DONT_SYNC of statx(2)). Less than what was told would be taken for the size
    /// by the kernel, and cut off what somebody in the job has mapped.
    package func attributesTold(of place: JobPlace, in job: Job) throws(VaultError) -> PlaceAttributes {
        guard let form = try form(of: place, in: job) else { throw .notFound }
        let told = form == .item ? job.state.withLock { $0.numbers.told(of: place) } : nil
        return Self.attributes(form, in: job, size: told?.size ?? 0, changed: told?.changed ?? job.started)
    }

    private static func attributes(_ form: PlaceAttributes.Form, in job: Job, size: Int64, changed: Int64) -> PlaceAttributes {
        PlaceAttributes(
            inode: .jobs, form: form, permissions: form == .item ? 0o400 : 0o500, uid: job.starter.uid, size: size, changed: changed)
    }

    /// The names in a folder of the job, behind `cookie` (0: from the start), for who is in it. Throws `denied`, which is not logged:
    /// looking at names is not; and `notFound`, `notAFolder`.
    package func list(
        _ folder: JobPlace, of job: Job, after cookie: UInt64, for caller: Caller
    ) throws(VaultError) -> [(name: [UInt8], inode: JobInode, form: PlaceAttributes.Form, cookie: UInt64)] {
        let decision = decide(.list, onViewOf: job.id, inside: caller.job?.job.id)
        guard decision.allowed else { throw .denied(decision.reason) }
        var places: [(name: [UInt8], place: JobPlace, form: PlaceAttributes.Form)] = []
        switch folder {
        case .top: places = JobPlace.inTop.map { ($0.name, $0.place, $0.place == .env ? .item : .folder) }
        case .vars:
            for item in try view(of: job).view.variables {
                if case .variable(let name) = item.path { places.append((name, .variable(name), .item)) }
            }
        case .below(let names):
            guard try form(of: folder, in: job) == .folder else { throw .notAFolder }
            var found: [[UInt8]: Bool] = [:]
            for entry in try view(of: job).view.names(in: names) ?? [] { found[entry.name] = entry.isFolder }
            for entry in job.state.withLock({ $0.names(in: names) }) { found[entry.name] = entry.isFolder }
            places = found.map { ($0.key, .below(names + [$0.key]), $0.value ? .folder : .item) }
        case .env, .variable: throw .notAFolder
        }
        // By their numbers, which stay, whatever comes and goes while somebody lists.
        var entries: [(name: [UInt8], inode: JobInode, form: PlaceAttributes.Form, cookie: UInt64)] = []
        for (name, place, form) in places {
            let inode = try inode(place, in: job)
            if inode.index >= cookie { entries.append((name, inode, form, inode.index + 1)) }
        }
        return entries.sorted { $0.cookie < $1.cookie }
    }

    /// Where a reference leads in the job that the caller is in: below `job`, or `.jobs` and its id. Nil for what is somewhere else.
    package func placeInJob(_ reference: Reference, for caller: Caller) -> (job: Job, place: JobPlace)? {
        guard let job = caller.job?.job else { return nil }
        let names = reference.components
        let isLink = names.first == TreeName.job
        guard isLink || names.starts(with: [TreeName.jobs, job.id.bytes]) else { return nil }
        return JobPlace(names.dropFirst(isLink ? 1 : 2)).map { (job, $0) }
    }

    /// The item that a reference into the caller's job means. Throws `notFound` for what is no item of a secret.
    func resolveInJob(_ reference: Reference, for caller: Caller) throws(VaultError) -> Inode {
        guard let (job, place) = placeInJob(reference, for: caller), let path = place.path, let item = try view(of: job).view[path] else {
            throw .notFound
        }
        return item.item
    }

    /// The view that a job has in its folder, of what its secrets hold now.
    func view(of job: Job) throws(VaultError) -> JobViews.Found {
        let count = caches.nodes.count
        if let kept = jobs.views.view(of: job, asOf: count, caches.nodes) { return kept }
        return try job.looks.withLock { _ throws(VaultError) in
            // A view that was read since this was asked for is new enough.
            if let kept = jobs.views.view(of: job, asOf: count, caches.nodes) { return kept }
            return try readView(of: job)
        }
    }

    /// Of secrets that have not changed since they were read the last time, what was read then.
    private func readView(of job: Job) throws(VaultError) -> JobViews.Found {
        let (known, changed, count) = jobs.views.leftOver(of: job, caches.nodes)
        var contents: [NodeID: [JobContent]] = [:]
        var gone: Set<Inode> = []
        try store.read { store throws(VaultError) in
            try store.snapshot { () throws(VaultError) in
                for secret in job.selection.secrets {
                    if let known = known[secret.id], !changed.contains(secret.id) {
                        contents[secret.id] = known
                        continue
                    }
                    // A secret that was removed or moved away leaves its place empty.
                    guard let place = try store.place(Inode(secret.id)), job.access.covers(place.inode, above: place.above) else {
                        continue
                    }
                    contents[secret.id] = try store.items(in: place).compactMap { name, node in
                        guard let path = Self.path(of: name, node) else { return nil }
                        return JobContent(path, Inode(node.id))
                    }
                }
                for addition in job.selection.additions where try store.place(addition.item) == nil { gone.insert(addition.item) }
            }
        }
        let found = (view: JobView(job.selection, contents: contents, gone: gone), contents: contents)
        jobs.views.keep(found, of: job, asOf: count)
        return found
    }

    private static func path(of name: [[UInt8]], _ node: NodeRow) -> JobPath? {
        node.kind == .variable ? name.last.map { .variable($0) } : .file(Array(name.dropFirst()))
    }

    /// Nil where there is nothing.
    private func form(of place: JobPlace, in job: Job) throws(VaultError) -> PlaceAttributes.Form? {
        switch place {
        case .top, .vars, .below([]): return .folder
        case .env: return .item
        case .variable(let name): return try view(of: job).view[.variable(name)] == nil ? nil : .item
        case .below(let names):
            if let own = job.state.withLock({ $0.form(of: names) }) { return own }
            let view = try view(of: job).view
            if view[.file(names)] != nil { return .item }
            return view.names(in: names) == nil ? nil : .folder
        }
    }

    /// How long the text of `env` is, and when the last of its variables changed.
    private func environmentSize(of job: Job) throws(VaultError) -> (size: Int64, changed: Int64) {
        var (size, changed) = (Int64(0), job.started)
        for variable in try view(of: job).view.variables {
            guard case .variable(let name) = variable.path else { continue }
            // Items that are removed while this goes on are left out.
            guard let node = try store.read({ store throws(VaultError) in try store.node(variable.item.node) }) else { continue }
            changed = max(changed, node.changed)
            size += Int64(EnvText.shownLength(name: name, assignment: Int(Int64(name.count) + lineLength(of: node))))
        }
        return (size, changed)
    }

    /// The length of a variable's line without its name. Of what is a variable in its secret too, the row has it. Of a file or an `env`
    /// that the command line made one, only the value tells how it is quoted, and nobody has opened that: then it is what the line has
    /// at most, since a size is where some stop to read.
    private func lineLength(of node: NodeRow) -> Int64 {
        node.kind == .variable ? node.line - Int64(node.name.count) : 2 * max(node.length, node.line) + 4
    }
}

extension Job.State {
    /// A file that the job brought along, or a folder that leads to one; nil for neither.
    func form(of names: [[UInt8]]) -> PlaceAttributes.Form? {
        if files[names] != nil { return .item }
        return files.keys.contains { $0.count > names.count && $0.starts(with: names) } ? .folder : nil
    }

    /// Whether no file can be put there: something is, or a file is where it needs a folder.
    func isTaken(_ names: [[UInt8]]) -> Bool {
        form(of: names) != nil || names.indices.contains { files[Array(names[...$0])] != nil }
    }

    func names(in folder: [[UInt8]]) -> [(name: [UInt8], isFolder: Bool)] {
        files.keys.filter { $0.count > folder.count && $0.starts(with: folder) }.map { ($0[folder.count], $0.count > folder.count + 1) }
    }
}
