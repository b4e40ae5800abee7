internal import CLinux
internal import Glibc

/// The process of a thread, and the user and group it acts for in file systems.
struct ThreadCredentials: Equatable {
    let tgid: UInt32
    let fsuid: UInt32
    let fsgid: UInt32
    let isKernelThread: Bool

    /// From the thread's pidfd where that tells all of it (Linux 6.13 and later), at half the price; else from /proc.
    static func ofThread(_ tid: Int32) throws(Errno) -> ThreadCredentials {
        if let credentials = try fromPidfd(of: tid) { return credentials }
        return try fromProc(of: tid)
    }

    /// Nil where the kernel does not tell, or where the thread may be the kernel's.
    static func fromPidfd(of tid: Int32) throws(Errno) -> ThreadCredentials? {
        var info = tacit_pidfd_info()
        let wanted = UInt64(TACIT_PIDFD_INFO_PID | TACIT_PIDFD_INFO_CREDS)
        do throws(Errno) {
            let pidfd = FileDescriptor(owning: try retrying { tacit_pidfd_open(tid, UInt32(TACIT_PIDFD_THREAD)) })
            info.mask = wanted
            _ = try retrying { unsafe tacit_pidfd_get_info(pidfd.rawValue, &info) }
        } catch {
            guard error == .noSuchProcess else {
                // A kernel that does not know the flag, the call or the ioctl.
                return nil
            }
            throw error
        }
        // Threads of the kernel are children of kthreadd, number 2, whose own parent is 0.
        guard info.mask & wanted == wanted, info.ppid != 0, info.ppid != 2 else { return nil }
        return ThreadCredentials(tgid: info.tgid, fsuid: info.fsuid, fsgid: info.fsgid, isKernelThread: false)
    }

    static func fromProc(of tid: Int32) throws(Errno) -> ThreadCredentials {
        let status = try ThreadStatus.read(of: tid)
        let isKernelThread = status.hasMemory ? false : try ThreadStat.read(of: tid).isKernelThread
        return ThreadCredentials(
            tgid: status.tgid, fsuid: status.fsuid, fsgid: status.fsgid, isKernelThread: isKernelThread)
    }
}
