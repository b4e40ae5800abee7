package import Linux
internal import Secrets
internal import Sodium

/// The jobs that run, and who is in them.
final class Jobs: Sendable {
    /// Jobs at once, of everybody and of one user: each holds a descriptor or two.
    static let most = 16_384
    static let mostOfUser = 4096

    private struct Table {
        var byID: [JobID: Job] = [:]
        var bySerial: [UInt64: Job] = [:]
        var ofUser: [UInt32: Int] = [:]
        /// How many are bound to control groups.
        var cgroups = 0
        var serial: UInt64 = 0
    }

    private let table = Guarded(Table())
    let enclosures: Enclosures<JobLabel>
    /// Nil where the machine has no control groups of version 2.
    let cgroups: CgroupTree?
    private let ends = Guarded<ProcessEnds?>(nil)

    init() {
        cgroups = try? CgroupTree()
        enclosures = Enclosures(cgroups)
    }

    func job(_ id: JobID) -> Job? { table.withLock { $0.byID[id] } }

    func job(serial: UInt64) -> Job? { table.withLock { $0.bySerial[serial] } }

    /// Those that run, the oldest first.
    var all: [Job] { table.withLock { Array($0.bySerial.values) }.filter { !$0.isOver }.sorted { $0.serial < $1.serial } }

    /// Whether there are jobs that are bound to control groups: then who can't be looked at may be in one.
    var hasCgroups: Bool { table.withLock { $0.cgroups > 0 } }

    /// An id and a serial number that no other job has. Throws `busy` where there is no room for one more.
    func reserve(for uid: UInt32) throws(VaultError) -> (id: JobID, serial: UInt64) {
        try table.withLock { table throws(VaultError) in
            guard table.byID.count < Self.most, table.ofUser[uid, default: 0] < Self.mostOfUser, table.serial + 1 < JobInode.serials else {
                throw .busy("there are too many jobs")
            }
            table.serial += 1
            while true {
                let id = JobID(random: Random.bytes(8).reduce(0) { $0 << 8 | UInt64($1) })
                if table.byID[id] == nil { return (id, table.serial) }
            }
        }
    }

    func add(_ job: Job) {
        table.withLock { table in
            table.byID[job.id] = job
            table.bySerial[job.serial] = job
            table.ofUser[job.starter.uid, default: 0] += 1
            if case .cgroup = job.anchor { table.cgroups += 1 }
        }
    }

    /// Returns false if it was removed before.
    func remove(_ job: Job) -> Bool {
        table.withLock { table in
            guard table.byID.removeValue(forKey: job.id) != nil else { return false }
            table.bySerial[job.serial] = nil
            let count = table.ofUser[job.starter.uid, default: 0]
            table.ofUser[job.starter.uid] = count > 1 ? count - 1 : nil
            if case .cgroup = job.anchor { table.cgroups -= 1 }
            return true
        }
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
