// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// `/proc/<tid>/stat` of proc(5). Read it only of threads without memory: see `CallingThread`.
struct ThreadStat: Equatable {
    /// `PF_…` of the kernel's linux/sched.h.
    let flags: Int64
    /// The status that waitpid(2) would give: the low 7 bits are the signal that killed, 0 for an exit. 0 also where the
    /// reader may not know.
    let exitCode: Int64

    /// Nil for anything that the kernel does not write.
    init?(_ text: [UInt8]) {
        // Field 2, the name, stands in parentheses and may hold any byte, ")" and spaces too; what follows it never does.
        guard let close = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text[(close + 1)...].split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") })
        // Field 3 is the first of these: 9 is the flags, 52 the exit code.
        guard fields.count >= 50, let flags = number(fields[6]), let exitCode = number(fields[49]) else { return nil }
        self.flags = flags
        self.exitCode = exitCode
    }

    /// Throws `noSuchProcess` where there is no such thread.
    static func read(of tid: Int32) throws(Errno) -> ThreadStat {
        guard let stat = ThreadStat(try readProc("/proc/\(tid)/stat")) else { throw .inputOutput }
        return stat
    }

    /// PF_KTHREAD.
    var isKernelThread: Bool { flags & 0x0020_0000 != 0 }

    /// PF_SIGNALED, "killed by a signal", is not enough: exit_group(2) kills the other threads by SIGKILL, and one of those
    /// may be the last to let go of the files. The exit code is the process's, and says how it ended.
    ///
    /// Seen from FLUSH on Linux 6.18, flags and exit code of the caller:
    ///
    ///     exit(0), exit(3), handler of SIGTERM that exits    not signaled    0, 0x300, 0
    ///     SIGHUP, INT, ABRT, KILL, SEGV, PIPE, TERM          signaled        1, 2, 6, 9, 11, 13, 15
    ///     exit(0), exit(9) with other threads                signaled        0, 0x900
    ///     SIGKILL with other threads                         signaled        9
    ///
    /// Where the exit code is not shown, a signaled thread counts as killed: better an old value than half of a new one.
    func diesFromSignal(exitCodeIsShown: Bool) -> Bool {
        flags & 0x0000_0400 != 0 && (!exitCodeIsShown || exitCode & 0x7f != 0)
    }

    /// Whether the exit code of this thread is hidden from us: as root without CAP_SYS_PTRACE, of other users' threads. The
    /// link to the folder that it works in is shown to the same readers.
    static func isHidden(_ tid: Int32) -> Bool {
        var target: CChar = 0
        return unsafe readlink("/proc/\(tid)/cwd", &target, 1) < 0 && Errno.current == .accessDenied
    }
}

/// A decimal number that fits, with a minus sign or without.
private func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    Int64(String(decoding: digits, as: UTF8.self))
}
