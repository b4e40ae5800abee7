// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// The process of a thread, and the user and group it acts for in file systems.
struct ThreadCredentials: Equatable {
    let tgid: UInt32
    let fsuid: UInt32
    let fsgid: UInt32
    let isKernelThread: Bool

    /// A descriptor of the thread (pidfd_open(2) with PIDFD_THREAD, Linux 6.9 and later). Nil where the kernel has none; throws
    /// `noSuchProcess` where there is no such thread.
    static func open(_ tid: Int32) throws(Errno) -> FileDescriptor? {
        do throws(Errno) {
            return FileDescriptor(owning: try retrying { tacit_pidfd_open(tid, UInt32(TACIT_PIDFD_THREAD)) })
        } catch {
            if error == .noSuchProcess || error.isShortage { throw error }
            return nil
        }
    }

    /// The credentials from the descriptor (PIDFD_GET_INFO, Linux 6.13 and later), at half the price of /proc. Nil where the kernel does
    /// not tell, or where the thread may be the kernel's; throws `noSuchProcess` if the thread is gone.
    static func ask(_ pidfd: borrowing FileDescriptor) throws(Errno) -> ThreadCredentials? {
        var info = tacit_pidfd_info()
        let wanted = UInt64(TACIT_PIDFD_INFO_PID | TACIT_PIDFD_INFO_CREDS)
        info.mask = wanted
        do throws(Errno) {
            _ = try retrying { unsafe tacit_pidfd_get_info(pidfd.rawValue, &info) }
        } catch {
            if error == .noSuchProcess { throw error }
            return nil
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
