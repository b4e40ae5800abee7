// SPDX-License-Identifier: MIT

package import Secrets
internal import Linux

/// The description of a job for `tacit jobs`, by the names that things have now.
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

/// Which jobs run, and what there is to say of them.
extension Vault {
    /// The jobs that run and that the caller may know of, the oldest first.
    package func jobs(for caller: Caller) -> [Job] {
        endAbandoned()
        return jobs.all.filter { mayList($0.id, startedBy: $0.starter.uid, for: identity(of: caller), inside: caller.job?.job.id) }
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
        // Items that were removed since have no name.
        let openedNames = room.names(of: opened.sorted(), \.utf8.count) { try? place(Inode($0)).reference }.sorted()
        let (secrets, additions) = (job.selection.secrets, job.selection.additions)
        let given = secrets.count + additions.count
        let names = room.names(of: 0..<given, \.utf8.count) { index in
            guard index >= secrets.count else {
                return (try? place(Inode(secrets[index].id)).reference) ?? "\(secrets[index].reference)"
            }
            let addition = additions[index - secrets.count]
            return (try? place(addition.item).reference) ?? "\(addition.source)"
        }
        let files = room.hasFiles ? try files(of: job) : []
        return JobDescription(
            scope: scope, secrets: names, opened: openedNames, files: room.names(of: files, \.count) { $0 },
            counts: (given, opened.count))
    }
}
