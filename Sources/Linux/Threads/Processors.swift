// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// The processors of the machine.
package enum Processors {
    /// How many this process may run on: 1 at least (sysconf(3), `_SC_NPROCESSORS_ONLN`).
    package static let available = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
}
