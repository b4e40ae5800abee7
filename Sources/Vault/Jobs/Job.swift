// SPDX-License-Identifier: MIT

// Open this file first for jobs, then Jobs.swift (who is in one), StartJob.swift and DecideInJob.swift. What a job finds is in
// JobFolder.swift and OpenInJob.swift. The rules are those of `Secrets/Jobs`; here they meet the store and the processes.

package import Linux
package import Secrets
internal import Sodium

/// A job: who started it, of what it is, and which secrets it has.
///
/// It keeps no right and no value: whether a process in it may open something is decided at each open.
///
/// It runs until its process ends or its control group is removed: then nobody is in it. One that was ended before (`endJob`) is *closed*:
/// who is in it stays in it until then, and nothing opens for them.
package final class Job: Sendable {
    /// The name of its folder below `.jobs`.
    package let id: JobID
    /// Never used twice by one daemon: the inode numbers of its folder have it in them.
    let serial: UInt64
    /// The user who started it.
    package let starter: Starter
    /// That of its root, or of who is in its control group.
    package let mode: JobMode
    /// The folders whose secrets it may use, by level; a target's only if it is for one.
    let scopes: [JobScope.Level: NodeID]
    /// The scope of the job, by the names at its start.
    let startScope: JobScope
    let organization: NodeID
    let selection: JobSelection
    /// The part that it takes up of its user's share of names: secrets, variables, and files, which count for each name on the way to them.
    let weight: Int
    let access: JobAccess
    /// The job in which it was started.
    package let outer: Job?
    /// How many jobs it is in, itself counted.
    let depth: Int
    /// The process or the control group with which it ends.
    package let anchor: Anchor
    /// Microseconds since the epoch.
    package let started: Int64
    /// Of what it finds in its folder: changes of others are none of it.
    let sources: Set<NodeID>

    let state = Guarded(State())
    /// Held by who puts a file, while that is decided, logged and done.
    let puts = Guarded(())
    /// Held by who reads what it finds; who asks meanwhile waits for that.
    let looks = Guarded(())

    /// The user who started a job, as they were then.
    package struct Starter: Sendable {
        let identity: Identity
        let groups: [UInt32]

        package var uid: UInt32 { identity.uid }
    }

    /// The anchor of a job: it ends when this ends.
    package enum Anchor: Sendable {
        case process(HeldProcess)
        case cgroup(Cgroup)
    }

    /// The state that changes while it runs.
    struct State: Sendable {
        var isOver = false
        /// Whether nobody is in it any more, either.
        var isGone = false
        /// The secrets of which something was opened.
        var opened: Set<NodeID> = []
        var attached: [HeldProcess] = []
        var numbers = JobNumbers()
        /// Files that it brought along, by their names below `files`.
        var files: [[[UInt8]]: JobFile] = [:]
    }

    init(
        id: JobID, serial: UInt64, starter: Starter, mode: JobMode, organization: NodeID, scopes: [JobScope.Level: NodeID],
        startScope: JobScope, selection: JobSelection, access: JobAccess, sources: Set<NodeID>, outer: Job?, anchor: Anchor,
        started: Int64
    ) {
        self.id = id
        self.serial = serial
        self.starter = starter
        self.mode = mode
        self.organization = organization
        self.scopes = scopes
        self.startScope = startScope
        self.selection = selection
        weight = selection.additions.reduce(selection.secrets.count) { $0 + $1.path.depth }
        self.access = access
        self.sources = sources
        self.outer = outer
        depth = (outer?.depth ?? 0) + 1
        self.anchor = anchor
        self.started = started
    }

    /// Whether it has ended. A job ends with the one that it was started in.
    package var isOver: Bool {
        if hasEnded { return true }
        if case .process(let root) = anchor, root.hasEnded { return true }
        return outer?.isOver ?? false
    }

    /// Whether nobody is in it any more: what it ends with is gone, or the job is in which it was started.
    var isGone: Bool {
        if wasLeft { return true }
        if case .process(let root) = anchor, root.hasEnded { return true }
        return outer?.isGone ?? false
    }

    /// Whether it was noticed that nobody is in it any more.
    var wasLeft: Bool { state.withLock { $0.isGone } }

    /// Whether its end was noticed.
    var hasEnded: Bool { state.withLock { $0.isOver } }

    /// The processes that are attached.
    package var attached: [HeldProcess] { state.withLock { $0.attached.filter { !$0.hasEnded } } }

    /// `.jobs/<id>`, as the audit log names its folder.
    var reference: String { Place.reference([TreeName.jobs, id.bytes]) }
}

/// That somebody is in a job, and by what.
package struct JobMembership: Sendable {
    package let job: Job
    package let mode: JobMode
    let enclosure: Enclosure<JobLabel>

    init(_ enclosure: Enclosure<JobLabel>) {
        job = enclosure.label.job
        mode = enclosure.label.mode
        self.enclosure = enclosure
    }
}

/// The label of a root or a control group: the job that it stands for.
struct JobLabel: Sendable {
    let job: Job
    let mode: JobMode

    /// Whether nobody is in the job any more. A root that has ended has nobody inside: the job's own is looked at for who is attached.
    var isGone: Bool { mode.contains(.attached) ? job.isGone : job.wasLeft || job.outer?.isGone ?? false }
}

/// A file that a job brought along, in locked memory as long as the job runs.
struct JobFile: Sendable {
    let value: SecretBox
    /// Microseconds since the epoch.
    let created: Int64
    /// The share of locked memory, which is given back when this goes.
    let share: any Sendable
}
