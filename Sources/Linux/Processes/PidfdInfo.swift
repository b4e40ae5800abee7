// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Information from a pidfd on its process or thread (PIDFD_GET_INFO, Linux 6.13 and later), without a lock that the process could hold.
enum PidfdInfo {
    /// Number of the parent process; 0 where there is none in our namespace. Nil where the kernel does not tell, or the process is gone.
    static func parent(_ pidfd: borrowing FileDescriptor) -> Int32? {
        ask(pidfd, for: UInt64(TACIT_PIDFD_INFO_PID)).map { Int32(bitPattern: $0.ppid) }
    }

    /// Number of the control group, of version 2. Nil where the kernel does not tell, or the process is gone.
    static func cgroup(_ pidfd: borrowing FileDescriptor) -> UInt64? {
        ask(pidfd, for: UInt64(TACIT_PIDFD_INFO_CGROUPID)).map { $0.cgroupid }
    }

    private static func ask(_ pidfd: borrowing FileDescriptor, for wanted: UInt64) -> tacit_pidfd_info? {
        var info = tacit_pidfd_info()
        info.mask = wanted
        guard (try? retrying { unsafe tacit_pidfd_get_info(pidfd.rawValue, &info) }) != nil, info.mask & wanted == wanted else {
            return nil
        }
        return info
    }
}
