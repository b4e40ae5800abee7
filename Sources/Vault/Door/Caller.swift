// SPDX-License-Identifier: MIT

package import Linux

/// The caller of the vault: identity for the decision, and the process and its command for the audit log.
package struct Caller: Sendable {
    package let uid: UInt32
    package let gid: UInt32
    /// The process (thread group) id, 0 if it lies in a foreign pid namespace.
    package private(set) var pid: Int32
    /// The command name as the kernel keeps it, at most 15 bytes; any bytes.
    package private(set) var comm: [UInt8]
    /// The system call or command that asks, as the audit log names it.
    package private(set) var action: String
    /// The job that the caller is in.
    package private(set) var job: JobMembership?
    /// Whether the kernel is told of what the caller changed with the answer to its system call, and not before the change returns: a
    /// thread that serves a request may not wait for the kernel.
    package let tellsKernel: Bool
    /// The supplementary groups. Asked only when no grant to the uid itself suffices.
    package private(set) var groups: GroupLookup
    /// The change that is being decided on and made: what is logged of it is part of it. Nil outside of one.
    private(set) var draft: ChangeDraft?

    package init(
        uid: UInt32, gid: UInt32, pid: Int32, comm: [UInt8], action: String, job: JobMembership? = nil, tellsKernel: Bool = false,
        groups: @escaping GroupLookup
    ) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
        self.comm = comm
        self.action = action
        self.job = job
        self.tellsKernel = tellsKernel
        self.groups = groups
    }

    /// The same caller with the groups that it has now: for what is decided later, when its thread may have ended, and another may have its
    /// number. Throws EACCES for a caller who is gone, and ENFILE, EMFILE or ENOMEM where there is nothing left to ask with.
    package func keepingGroups() throws(Errno) -> Caller {
        let kept: [UInt32]
        do { kept = try groups() } catch { throw error.isShortage ? error : .accessDenied }
        var caller = self
        caller.groups = { kept }
        return caller
    }

    /// The same caller without its job.
    var outsideJobs: Caller {
        var caller = self
        caller.job = nil
        return caller
    }

    /// The same caller doing something else.
    package func doing(_ action: String) -> Caller {
        var caller = self
        caller.action = action
        return caller
    }

    /// The same caller by a descriptor that another process has now, which the log is to name.
    package func passedOn(to other: Caller) -> Caller {
        var caller = self
        caller.pid = other.pid
        caller.comm = other.comm
        return caller
    }

    /// The same caller in a change.
    func making(_ draft: ChangeDraft) -> Caller {
        var caller = self
        caller.draft = draft
        return caller
    }
}
