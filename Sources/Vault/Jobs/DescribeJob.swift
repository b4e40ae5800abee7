package import Secrets
internal import Linux

/// What `tacit jobs` tells of a job, by the names that things have now.
package struct JobDescription: Sendable {
    package let scope: JobScope
    /// References of its secrets, and of what was added to it.
    package let secrets: [String]
    /// Those of the secrets of which something was opened.
    package let opened: [String]
    /// The files in its folder, by their names below `files`.
    package let files: [[UInt8]]
    /// How many there are of what the first two have as much of as there was room for.
    package let counts: (secrets: Int, opened: Int)
}

/// How much is told of jobs by name. Whoever starts them names what is in them: without a bound, they could tell more than anybody takes.
package struct JobNameRoom: Sendable {
    /// Most secrets of one job.
    private let most: Int
    /// Bytes that the names of all jobs may take yet.
    private var bytes: Int
    /// Whether files are told: that takes a look at all that a job finds.
    let hasFiles: Bool

    package init(most: Int, bytes: Int, hasFiles: Bool) {
        self.most = most
        self.bytes = bytes
        self.hasFiles = hasFiles
    }

    /// Room for all.
    package static let whole = JobNameRoom(most: .max, bytes: .max, hasFiles: true)

    /// The names of the first of some things; what has none is passed by.
    mutating func names<Thing, Name: Collection>(of things: some Sequence<Thing>, _ name: (Thing) -> Name?) -> [Name] {
        var names: [Name] = []
        for thing in things {
            guard names.count < most, bytes > 0 else { break }
            guard let name = name(thing) else { continue }
            bytes -= min(bytes, name.count)
            if bytes > 0 { names.append(name) }
        }
        return names
    }
}

/// Which jobs run, and what there is to say of them.
extension Vault {
    /// The jobs that run and that the actor may know of, the oldest first.
    package func jobs(for actor: Actor) -> [Job] {
        endAbandoned()
        return jobs.all.filter { mayList($0.id, startedBy: $0.starter.uid, for: caller(actor), inside: actor.job?.job.id) }
    }

    private func files(of job: Job) throws(VaultError) -> [[UInt8]] {
        var files = Set(job.state.withLock { $0.files.keys.map { $0 } })
        for item in try view(of: job).view.files {
            if case .file(let names) = item.path { files.insert(names) }
        }
        return files.map { Reference(components: $0).bytes }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The project and what the job was given have the names of when it started, where they are gone.
    package func describe(_ job: Job, within room: inout JobNameRoom) throws(VaultError) -> JobDescription {
        let scope: JobScope
        do throws(VaultError) { scope = try self.scope(of: job) } catch {
            guard case .notFound = error else { throw error }
            scope = job.startScope
        }
        let opened = job.state.withLock { $0.opened }
        // What was removed since has no name.
        let openedNames = room.names(of: opened.sorted()) { try? place(Inode($0)).reference }.sorted()
        let secrets = room.names(of: job.selection.secrets) { (try? place(Inode($0.id)).reference) ?? "\($0.reference)" }
        let additions = room.names(of: job.selection.additions) { (try? place($0.item).reference) ?? "\($0.source)" }
        let files = room.hasFiles ? try files(of: job) : []
        return JobDescription(
            scope: scope, secrets: secrets + additions, opened: openedNames, files: room.names(of: files) { $0 },
            counts: (job.parts, opened.count))
    }
}
