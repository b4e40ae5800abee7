// SPDX-License-Identifier: MIT

package import Linux
internal import Secrets
internal import Sodium

/// The jobs that run, those that were ended and whose processes go on, and who is in them.
final class Jobs: Sendable {
    /// Jobs and attached processes at once, of everybody: each holds a descriptor or two, and half of what the daemon may have open is for
    /// something else.
    let most: Int
    /// The same of one user.
    var mostOfUser: Int { most / 4 }
    /// Secrets, variables and files that all jobs of a user have: each takes some 500 bytes.
    static let mostPartsOfUser = 1 << 19
    /// Jobs in one another. What one may is asked of all those that it is in, one after the other, on the stack of who asks.
    static let deepest = 16

    private struct Table {
        var byID: [JobID: Job] = [:]
        var bySerial: [UInt64: Job] = [:]
        /// Those that were ended and whose processes stay inside, by serial number. They count as if they ran.
        var closed: [UInt64: Job] = [:]
        /// How many jobs and attached processes there are, all together and by the user who started or attached them.
        var count = 0
        var ofUser: [UInt32: Taken] = [:]
        /// How many are bound to control groups.
        var cgroups = 0
        var serial: UInt64 = 0
    }

    /// The part of the table that a user takes up.
    private struct Taken {
        var count = 0
        var parts = 0
    }

    private let table = Guarded(Table())
    let enclosures: Enclosures<JobLabel>
    let views = JobViews()
    /// Nil where the machine has no control groups of version 2.
    let cgroups: CgroupTree?
    private let ends = Guarded<ProcessEnds?>(nil)

    /// `descriptors`: how many files the daemon may have open.
    init(descriptors: UInt64 = DescriptorLimit.current) {
        most = Int(min(descriptors / 4, 16_384))
        cgroups = try? CgroupTree()
        // That the end of a job is told takes a moment. Who was attached to it, or is in a job within, has nothing of it even then.
        enclosures = Enclosures(cgroups) { $0.isGone }
    }

    func job(_ id: JobID) -> Job? { table.withLock { $0.byID[id] } }

    func job(serial: UInt64) -> Job? { table.withLock { $0.bySerial[serial] } }

    /// Those that run, the oldest first.
    var all: [Job] { table.withLock { Array($0.bySerial.values) }.filter { !$0.isOver }.sorted { $0.serial < $1.serial } }

    /// Whether there are jobs that are bound to control groups: then who can't be looked at may be in one.
    var hasCgroups: Bool { table.withLock { $0.cgroups > 0 } }

    /// An id and a serial number that no other job has. Throws `busy` where there are no more.
    func identity() throws(VaultError) -> (id: JobID, serial: UInt64) {
        try table.withLock { table throws(VaultError) in
            guard table.serial + 1 < JobInode.serials else { throw .busy("there were too many jobs") }
            table.serial += 1
            while true {
                let id = JobID(random: Random.bytes(8).reduce(0) { $0 << 8 | UInt64($1) })
                if table.byID[id] == nil { return (id, table.serial) }
            }
        }
    }

    /// Throws `busy` where there is no room for one more, or for one that has so much.
    func add(_ job: Job) throws(VaultError) {
        try table.withLock { table throws(VaultError) in
            try take(job.weight, for: job.starter.uid, &table)
            table.byID[job.id] = job
            table.bySerial[job.serial] = job
            if case .cgroup = job.anchor { table.cgroups += 1 }
        }
    }

    /// Makes one that runs one that was ended, which still takes its room. Returns false if it does not run.
    func close(_ job: Job) -> Bool {
        table.withLock { table in
            guard table.bySerial.removeValue(forKey: job.serial) != nil else { return false }
            table.byID[job.id] = nil
            table.closed[job.serial] = job
            return true
        }
    }

    /// Those that were ended and whose processes stay inside.
    var closed: [Job] { table.withLock { Array($0.closed.values) } }

    /// Gives back what it takes up. Returns whether it ran until now.
    func remove(_ job: Job) -> Bool {
        table.withLock { table in
            let ran = table.bySerial.removeValue(forKey: job.serial) != nil
            if ran { table.byID[job.id] = nil }
            guard ran || table.closed.removeValue(forKey: job.serial) != nil else { return false }
            Self.giveBack(1, parts: job.weight, of: job.starter.uid, &table)
            if case .cgroup = job.anchor { table.cgroups -= 1 }
            return ran
        }
    }

    /// Makes room for one more attached process of a user, to be given back by `release`. Throws `busy` where there is none.
    func reserve(for uid: UInt32) throws(VaultError) {
        try table.withLock { table throws(VaultError) in try take(0, for: uid, &table) }
    }

    /// Gives back the room of attached processes.
    func release(_ count: Int, of uid: UInt32) {
        table.withLock { Self.giveBack(count, parts: 0, of: uid, &$0) }
    }

    private func take(_ parts: Int, for uid: UInt32, _ table: inout Table) throws(VaultError) {
        var taken = table.ofUser[uid, default: Taken()]
        guard table.count < most, taken.count < mostOfUser else { throw .busy("there are too many jobs") }
        guard taken.parts + parts <= Self.mostPartsOfUser else { throw .busy("your jobs have too many secrets together") }
        taken.count += 1
        taken.parts += parts
        table.count += 1
        table.ofUser[uid] = taken
    }

    private static func giveBack(_ count: Int, parts: Int, of uid: UInt32, _ table: inout Table) {
        guard var taken = table.ofUser[uid] else { return }
        taken.count -= count
        taken.parts -= parts
        table.count -= count
        table.ofUser[uid] = taken.count > 0 ? taken : nil
    }

    /// Those that were started in a job.
    func within(_ job: Job) -> [Job] { table.withLock { $0.bySerial.values.filter { $0.outer === job } } }

    /// Runs `tell` when the process has ended. Throws what epoll(7) and its thread do.
    func watch(_ process: HeldProcess, tell: @escaping @Sendable () -> Void) throws(Errno) {
        let ends = try ends.withLock { ends throws(Errno) in
            if let ends { return ends }
            let made = try ProcessEnds()
            ends = made
            return made
        }
        try ends.watch(process, tell: tell)
    }

    func forget(_ process: HeldProcess) { ends.withLock { $0 }?.forget(process) }
}

extension Vault {
    /// The job that a thread is in which waits for an answer; nil for none. Thread or process 0 are those of a foreign pid namespace:
    /// they are in no job, and refused where they could be in one all the same.
    ///
    /// Throws what it takes to know: then nothing may be given to the caller.
    package func membership(thread: Int32, process: Int32) throws(Errno) -> JobMembership? {
        guard thread > 0, process > 0 else {
            if jobs.hasCgroups { throw .accessDenied }
            return nil
        }
        return try jobs.enclosures.innermost(thread: thread, process: process).map(JobMembership.init)
    }

    /// The same of a process that is held and need not wait; nil: it could not be held, and is refused if there are jobs.
    package func membership(_ process: HeldProcess?) throws(Errno) -> JobMembership? {
        guard !jobs.enclosures.isEmpty else { return nil }
        guard let process else { throw .accessDenied }
        return try jobs.enclosures.innermost(process).map(JobMembership.init)
    }
}
