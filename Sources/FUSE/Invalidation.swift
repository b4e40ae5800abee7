// SPDX-License-Identifier: MIT

/// Something that the kernel may have cached and that is no longer so. Notifier.swift has the rules.
package enum Invalidation: Hashable, Sendable {
    /// Attributes and ACLs of an inode.
    case attributes(UInt64)
    /// Attributes, ACLs and pages of an inode.
    case contents(UInt64)
    /// A name in a folder: what it stands for, or that it does. Needed for names that change otherwise than by the
    /// operation in hand; those of MKDIR, CREATE, UNLINK, RMDIR and RENAME the kernel knows by itself.
    /// It detaches what others have mounted below the name.
    case entry(parent: UInt64, name: [UInt8])
}
