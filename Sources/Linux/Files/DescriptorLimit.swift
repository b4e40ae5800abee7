// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// How many files this process may have open: RLIMIT_NOFILE of getrlimit(2).
package enum DescriptorLimit {
    /// The limit; 0 if that can't be told.
    package static var current: UInt64 {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        return UInt64(limit.rlim_cur)
    }

    /// Raises it as far as it goes, and returns what it is then. Of a daemon that holds a descriptor for each process it watches the usual
    /// 1,024 are soon used up; it uses no select(2), for which that limit is.
    @discardableResult
    package static func raise() -> UInt64 {
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(files, &limit) == 0 else { return 0 }
        var raised = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
        guard limit.rlim_cur < limit.rlim_max, unsafe setrlimit(files, &raised) == 0 else { return UInt64(limit.rlim_cur) }
        return UInt64(raised.rlim_cur)
    }
}
