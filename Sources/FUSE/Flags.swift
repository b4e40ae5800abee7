// SPDX-License-Identifier: MIT

internal import Glibc

/// How a file was opened: the flags of open(2) that reach a file system.
package struct OpenFlags: Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// For reading: `O_RDONLY` or `O_RDWR`.
    package var reads: Bool { rawValue & O_ACCMODE != O_WRONLY }
    /// For writing: `O_WRONLY` or `O_RDWR`.
    package var writes: Bool { rawValue & O_ACCMODE != O_RDONLY }
    /// `O_APPEND`
    package var append: Bool { rawValue & O_APPEND != 0 }
    /// `O_TRUNC`
    package var truncate: Bool { rawValue & O_TRUNC != 0 }
    /// `O_EXCL`
    package var exclusive: Bool { rawValue & O_EXCL != 0 }
    /// The same with `O_TRUNC`.
    package var truncating: OpenFlags { OpenFlags(rawValue: rawValue | O_TRUNC) }
}

/// The flags of renameat2(2).
package struct RenameFlags: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// `RENAME_NOREPLACE`: EEXIST if the new name exists.
    package static let noReplace = RenameFlags(rawValue: 1 << 0)
    /// `RENAME_EXCHANGE`: both names exist and change places.
    package static let exchange = RenameFlags(rawValue: 1 << 1)
}

/// The flags of setxattr(2).
package struct SetXattrFlags: OptionSet, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// `XATTR_CREATE`: EEXIST if there is a value.
    package static let create = SetXattrFlags(rawValue: 1 << 0)
    /// `XATTR_REPLACE`: ENODATA if there is none.
    package static let replace = SetXattrFlags(rawValue: 1 << 1)
}
