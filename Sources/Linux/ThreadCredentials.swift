internal import CLinux
internal import Glibc

/// The process of a thread, and the user and group it acts for in file systems.
struct ThreadCredentials: Equatable {
    let tgid: UInt32
    let fsuid: UInt32
    let fsgid: UInt32

    /// From a thread's pidfd where the kernel can tell, Linux 6.13 and later; else from /proc.
    static func ofThread(_ tid: Int32) throws(Errno) -> ThreadCredentials {
        if let credentials = try fromPidfd(of: tid) { return credentials }
        let status = try ThreadStatus.read(of: tid)
        return ThreadCredentials(tgid: status.tgid, fsuid: status.fsuid, fsgid: status.fsgid)
    }

    /// Nil where the kernel can't tell.
    static func fromPidfd(of tid: Int32) throws(Errno) -> ThreadCredentials? {
        var info = tacit_pidfd_info()
        let wanted = UInt64(TACIT_PIDFD_INFO_PID | TACIT_PIDFD_INFO_CREDS)
        do throws(Errno) {
            let pidfd = FileDescriptor(owning: try retrying { tacit_pidfd_open(tid, UInt32(TACIT_PIDFD_THREAD)) })
            info.mask = wanted
            _ = try retrying { unsafe tacit_pidfd_get_info(pidfd.rawValue, &info) }
        } catch {
            // A kernel that does not know the flag, the call or the ioctl.
            guard error == .noSuchProcess else { return nil }
            throw error
        }
        guard info.mask & wanted == wanted else { return nil }
        return ThreadCredentials(tgid: info.tgid, fsuid: info.fsuid, fsgid: info.fsgid)
    }
}

extension ThreadStat {
    /// Reads /proc/<tid>/stat. Throws `noSuchProcess` where there is no such thread.
    static func read(of tid: Int32) throws(Errno) -> ThreadStat {
        guard let stat = ThreadStat(try readProc("/proc/\(tid)/stat")) else { throw .inputOutput }
        return stat
    }
}

extension ThreadStatus {
    /// Reads /proc/<tid>/status. Throws `noSuchProcess` where there is no such thread.
    static func read(of tid: Int32) throws(Errno) -> ThreadStatus {
        guard let status = ThreadStatus(try readProc("/proc/\(tid)/status")) else { throw .inputOutput }
        return status
    }
}

/// A thread has at most 65,536 supplementary groups of at most 10 digits.
private let longestStatus = 1 << 20

private func readProc(_ path: String) throws(Errno) -> [UInt8] {
    do throws(Errno) {
        return try FileDescriptor.open(path, .readOnly).readToEnd(limit: longestStatus)
    } catch {
        throw error == .noEntry ? .noSuchProcess : error
    }
}
