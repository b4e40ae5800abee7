// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// The files that this process has open.
///
/// There is no such thing for other processes: reading about a descriptor of theirs waits, for one of epoll(7), for a lock that they can
/// hold for ever.
enum OpenDescriptors {
    /// Their numbers; none where proc(5) is not mounted. One of them may be that by which they were read.
    static var own: [Int32] { (try? numberedEntries(of: "/proc/self/fdinfo")) ?? [] }
}
