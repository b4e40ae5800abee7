package import Linux

/// Who asks, as the door needs to know it: identity for the decision, the rest for the audit log.
package struct Actor: Sendable {
    package let uid: UInt32
    package let gid: UInt32
    /// The process (thread group) id, 0 if it lies in a foreign pid namespace.
    package let pid: Int32
    /// The command name as the kernel keeps it, at most 15 bytes; any bytes.
    package let comm: [UInt8]
    /// The system call or command that asks, as the audit log names it.
    package let action: String
    /// The job that the caller is in.
    package let job: JobMembership?
    /// The supplementary groups. Asked only when no grant to the uid itself suffices.
    package let groups: GroupLookup

    package init(
        uid: UInt32, gid: UInt32, pid: Int32, comm: [UInt8], action: String, job: JobMembership? = nil,
        groups: @escaping GroupLookup
    ) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
        self.comm = comm
        self.action = action
        self.job = job
        self.groups = groups
    }

    /// Who the caller is when it is in no job.
    var outsideJobs: Actor { Actor(uid: uid, gid: gid, pid: pid, comm: comm, action: action, groups: groups) }

    /// The same caller doing something else.
    package func doing(_ action: String) -> Actor {
        Actor(uid: uid, gid: gid, pid: pid, comm: comm, action: action, job: job, groups: groups)
    }
}
