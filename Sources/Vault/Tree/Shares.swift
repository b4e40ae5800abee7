// SPDX-License-Identifier: MIT

internal import Linux

/// The share of the daemon that one user may take up, so that no user stops another (tacitd(8), SHARES AND QUOTAS). Nil is no limit.
///
/// Root and the owner of the store are not limited, but by `locked`.
package struct Shares: Sendable, Equatable {
    /// Open files and folders of a uid; beyond it ENFILE.
    package var handles: Int? = 4_096
    /// Bytes of all values of a home, former versions and what can be restored included; beyond it EDQUOT.
    package var homeSize: Int? = 64 << 20
    /// Secrets, folders, variables and files of a home, with what can be restored; beyond it EDQUOT.
    package var homeItems: Int? = 10_000
    /// Variables of one secret in a home, and lines of its `env`; beyond it E2BIG.
    package var homeSecretItems: Int? = 1_000
    /// The same elsewhere.
    package var secretItems: Int? = 10_000
    /// Bytes of locked memory that a uid's open values take up, root's too; beyond it ENOMEM. A quarter of what may be locked;
    /// or what it takes to write a value of the usual largest size, where that is more.
    package var locked: Int? = max(lockable / 4, VaultConfiguration.usualValue * 3)
    /// Connections of a uid to the control socket.
    package var connections: Int? = 64
    /// Lines of the audit log a second, five times as many at once; beyond it the uid's requests are delayed.
    package var auditRate: Int? = 2_000

    package init() {}

    /// Bytes of locked memory that there are for values, those of the mount and of the socket together: RLIMIT_MEMLOCK, or as much as
    /// the unit of tacitd(8) allows where there is no limit.
    package static let lockable = min(LockLimit.bytes() ?? .max, 512 << 20)
}

extension Vault {
    package var shares: Shares { configuration.shares }

    /// Whether shares and quotas count for a user: not for root, nor for the owner of the store.
    package func isLimited(_ uid: UInt32) -> Bool { uid != 0 && uid != configuration.ownerUID }
}
