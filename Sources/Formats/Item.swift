// SPDX-License-Identifier: MIT

package import Linux
package import Secrets

/// A variable or a file of a secret, with its value in a buffer beside.
package struct Item: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case variable, file
    }

    package let kind: Kind
    /// The variable's name, or the file's path below `files/`.
    package let name: [UInt8]
    /// Where its value is.
    package let value: Range<Int>

    package init(_ kind: Kind, _ name: [UInt8], _ value: Range<Int>) {
        self.kind = kind
        self.name = name
        self.value = value
    }

    /// The name in its secret: `vars/NAME` or `files/a/b`.
    package var path: [UInt8] { (kind == .variable ? TreeName.inVars : TreeName.inFiles) + name }
}

/// Items with the memory that holds their values.
package struct Items: ~Copyable, Sendable {
    package let items: [Item]
    package let values: LockedBuffer
    /// The notices for the user who brought them.
    package let notices: [Notice]
    /// The `type` of a Kubernetes Secret; nil where the text says none.
    package let type: [UInt8]?

    package init(_ items: [Item], _ values: consuming LockedBuffer, notices: [Notice] = [], type: [UInt8]? = nil) {
        self.items = items
        self.values = values
        self.notices = notices
        self.type = type
    }
}
