internal import CLinux
internal import Glibc

/// The thread that waits for an answer of the file system, as the header of its request names it. While it waits, its number
/// is its own: what /proc says of the number is true of the caller.
package struct CallingThread: Hashable, Sendable {
    /// The user and group it acts for in file systems.
    package let uid: UInt32
    package let gid: UInt32
    /// Number of the thread, not of its process; 0 for a foreign one.
    package let tid: Int32

    package init(uid: UInt32, gid: UInt32, tid: Int32) {
        self.uid = uid
        self.gid = gid
        self.tid = tid
    }

    /// Looks the thread up. Of a foreign thread nothing is known: process 0, no name, and nothing speaks against it.
    /// Throws `noSuchProcess` where there is no such thread, and what reading /proc throws.
    package static func inspect(uid: UInt32, gid: UInt32, tid: Int32) throws(Errno) -> CallingThreadInfo {
        guard tid > 0 else {
            return CallingThreadInfo(tgid: 0, comm: [], isKernelThread: false, fsuidAgrees: true)
        }
        let stat = try ThreadStat.read(of: tid)
        let credentials = try ThreadCredentials.ofThread(tid)
        return CallingThreadInfo(
            tgid: Int32(bitPattern: credentials.tgid), comm: stat.comm, isKernelThread: stat.flags & kernelThread != 0,
            fsuidAgrees: credentials.fsuid == uid && credentials.fsgid == gid)
    }

    /// `inspect` of this thread.
    package func inspect() throws(Errno) -> CallingThreadInfo {
        try Self.inspect(uid: uid, gid: gid, tid: tid)
    }

    /// The supplementary groups; none for a foreign thread, whose groups can't be known. Throws what reading /proc throws.
    package func groups() throws(Errno) -> [UInt32] {
        guard tid > 0 else { return [] }
        return try ThreadStatus.read(of: tid).groups
    }

    /// Whether the thread is on its way out because a signal killed its process.
    package func diesFromSignal() -> Bool {
        guard tid > 0, let stat = try? ThreadStat.read(of: tid) else { return false }
        return stat.flags & signaled != 0 && stat.exitCode & 0x7f != 0
    }
}

/// What is known of a calling thread.
package struct CallingThreadInfo: Equatable, Sendable {
    /// Number of its process; 0 for a foreign one.
    package let tgid: Int32
    /// Its name, as `ps` shows it: bytes of any kind, of the caller's choice.
    package let comm: [UInt8]
    /// A thread of the kernel itself, such as the NFS server's.
    package let isKernelThread: Bool
    /// Whether its own user and group for file systems are those that the request came with. They are not where somebody else
    /// acts in its name: under overlayfs, or with credentials lent to io_uring.
    package let fsuidAgrees: Bool
}

/// PF_KTHREAD and PF_SIGNALED of the kernel's linux/sched.h, as /proc/<tid>/stat shows them.
private let kernelThread: Int64 = 0x0020_0000
private let signaled: Int64 = 0x0000_0400
