// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// How much memory this process may lock: mlock(2).
package enum LockLimit {
    /// RLIMIT_MEMLOCK in bytes; nil where there is no limit, as for a process with CAP_IPC_LOCK.
    package static func bytes() -> Int? {
        if let status = try? readProc("/proc/self/status"), mayLockAll(status) { return nil }
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit) == 0 else { return 0 }
        // RLIM_INFINITY is the highest number.
        return limit.rlim_cur == .max ? nil : Int(clamping: limit.rlim_cur)
    }

    /// Whether the line `CapEff` of proc(5) has CAP_IPC_LOCK, bit 14 of capabilities(7).
    static func mayLockAll(_ status: [UInt8]) -> Bool {
        for line in status.split(separator: UInt8(ascii: "\n")) where line.starts(with: "CapEff:".utf8) {
            let digits = line.dropFirst("CapEff:".utf8.count).drop { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
            return (UInt64(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0) >> 14 & 1 == 1
        }
        return false
    }
}
