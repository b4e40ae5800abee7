// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// The thread that waits for an answer of the file system, as the header of its request names it. While it waits, its number
/// is its own: what /proc says of the number is true of the caller.
///
/// A caller may wait with locks of the kernel held, and then reading about it waits for the caller, for ever. An execve(2)
/// that closes a close-on-exec descriptor sends FLUSH with the caller's `exec_update_lock` taken. Seen on Linux 6.18: from a
/// FLUSH handler, reading `/proc/<tid>/stat` hung, and `ps` with it until the connection was aborted. So here only `comm`,
/// `status` and the pidfd are asked, which take no such lock, and `stat` only of a thread without memory: one of the kernel,
/// or one that exits and so is in no execve(2).
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
        let (credentials, name) =
            if let told = try ThreadHandles.shared.inspect(tid) { told } else {
                (try ThreadCredentials.fromProc(of: tid), try ThreadName.read(of: tid))
            }
        return CallingThreadInfo(
            tgid: Int32(bitPattern: credentials.tgid), comm: name,
            isKernelThread: credentials.isKernelThread,
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

    /// Whether the thread's process is one of these, or descends from one of them, as far as the line can be followed up. False for a
    /// foreign thread.
    package func descends(fromOneOf processes: Set<Int32>) -> Bool {
        guard tid > 0, !processes.isEmpty else { return false }
        var number = tid
        for _ in 0..<Self.longestLine {
            guard let status = try? ThreadStatus.read(of: number) else { return false }
            if processes.contains(Int32(bitPattern: status.tgid)) { return true }
            guard status.ppid > 1 else { return false }
            number = Int32(bitPattern: status.ppid)
        }
        return false
    }

    /// Processes that are looked at on the way up.
    private static let longestLine = 16

    /// Whether the thread is on its way out because a signal killed its process. For a FLUSH: does the writer close, or die?
    /// False for a foreign thread, and where nothing can be read about it.
    package func diesFromSignal() -> Bool {
        guard tid > 0, let status = try? ThreadStatus.read(of: tid), !status.hasMemory,
            let stat = try? ThreadStat.read(of: tid)
        else { return false }
        return stat.diesFromSignal(exitCodeIsShown: !ThreadStat.isHidden(tid))
    }
}

/// The information on a calling thread.
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

    package init(tgid: Int32, comm: [UInt8], isKernelThread: Bool, fsuidAgrees: Bool) {
        self.tgid = tgid
        self.comm = comm
        self.isKernelThread = isKernelThread
        self.fsuidAgrees = fsuidAgrees
    }
}
