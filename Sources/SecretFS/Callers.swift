// SPDX-License-Identifier: MIT

internal import FUSE
internal import Linux
internal import Vault

/// The callers of requests. A caller waits for its answer meanwhile, so that its /proc entry is its own.
extension SecretFileSystem {
    /// The caller of a request; throws EACCES, which is logged, for a caller who can't be told for certain, and ENFILE, EMFILE or ENOMEM
    /// where there is nothing left to ask with.
    ///
    /// The header's uid and the thread's fsuid must agree: they differ under overlayfs, an io_uring personality or a kernel thread,
    /// and then it is unclear by whose right the value would be handed out. A caller in a foreign pid namespace has no thread id
    /// here, so it has no groups and no name either, and the uid alone counts.
    func caller(_ request: Request, _ action: String) throws(Errno) -> Caller {
        let thread = CallingThread(uid: request.uid, gid: request.gid, tid: request.tid)
        guard request.tid != 0 else {
            let caller = Caller(uid: request.uid, gid: request.gid, pid: 0, comm: [], action: action, tellsKernel: true, groups: { [] })
            do { _ = try vault.membership(thread: 0, process: 0) } catch { try refuse(caller) }
            return caller
        }
        let info: CallingThreadInfo
        do { info = try thread.inspect() } catch {
            if error.isShortage { throw error }
            try refuse(
                Caller(uid: request.uid, gid: request.gid, pid: request.tid, comm: [], action: action, tellsKernel: true, groups: { [] }))
        }
        let groups: GroupLookup = { () throws(Errno) in try thread.groups() }
        do throws(Errno) {
            guard !info.isKernelThread, info.fsuidAgrees else { throw .accessDenied }
            return Caller(
                uid: request.uid, gid: request.gid, pid: info.tgid, comm: info.comm, action: action,
                job: try vault.membership(thread: request.tid, process: info.tgid), tellsKernel: true, groups: groups)
        } catch {
            if error.isShortage { throw error }
            try refuse(
                Caller(
                    uid: request.uid, gid: request.gid, pid: info.tgid, comm: info.comm, action: action, tellsKernel: true, groups: groups))
        }
    }

    private func refuse(_ caller: Caller) throws(Errno) -> Never {
        do { try vault.refuseUnknown(caller) } catch { throw Errno(error) }
    }
}
