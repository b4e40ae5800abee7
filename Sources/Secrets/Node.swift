// SPDX-License-Identifier: MIT

/// The kind of a node of the tree. The raw values are stored.
package enum NodeKind: UInt8, Sendable, CaseIterable {
    /// The mounted folder itself.
    case root = 1
    /// `.users`, which holds the homes.
    case users
    /// One user's own secrets, `.users/UID`.
    case home
    /// An organization, at the top of the tree.
    case organization
    /// `@org`, an organization's secrets for its projects.
    case shared
    /// A project of an organization.
    case project
    /// A project's deployment target, named `project@target`.
    case target
    /// A secret: `env`, `vars/` and `files/`.
    case secret
    /// A variable of a secret.
    case variable
    /// A folder below `files/`.
    case folder
    /// A file below `files/`.
    case file

    /// Whether the node holds bytes.
    package var isItem: Bool { self == .variable || self == .file }
    /// Whether the node holds other nodes.
    package var isFolder: Bool { !isItem }
}

/// Which view of a node an inode shows. Only secrets have others than `itself`. The raw values are stored and are the
/// low bits of inode numbers.
package enum Facet: UInt8, Sendable, CaseIterable {
    /// The node as it is.
    case itself = 0
    /// All variables of a secret as assignments; an item.
    case env
    /// The folder of a secret's variables.
    case vars
    /// The folder of a secret's files.
    case files

    /// The name that the tree shows it under; nil for the node itself.
    package var name: [UInt8]? {
        switch self {
        case .itself: nil
        case .env: TreeName.env
        case .vars: TreeName.vars
        case .files: TreeName.files
        }
    }
}

/// The row id of a node. Ids are never used twice.
package struct NodeID: Hashable, Comparable, Sendable {
    /// 0 names no node; 1 ... `maximum` may.
    package let rawValue: Int64

    /// The largest id that still fits an inode number beside the facet, with the sign bit of SQLite's integers to spare.
    package static let maximum: Int64 = (1 << 52) - 1

    private init(unchecked rawValue: Int64) { self.rawValue = rawValue }

    /// The id of a row; nil for a number that no row can have.
    package init?(rawValue: Int64) {
        guard rawValue >= 1, rawValue <= Self.maximum else { return nil }
        self.rawValue = rawValue
    }

    /// The home of a user. It exists for every uid, whether or not there is a row.
    package init(home uid: UInt32) { rawValue = Self.firstHome + Int64(uid) }

    /// The mounted folder.
    package static let root = NodeID(unchecked: 1)
    /// `.users`.
    package static let users = NodeID(unchecked: 2)
    /// Stands for no node: what the link `user` has. No row has this id, so a look-up of it finds nothing.
    package static let none = NodeID(unchecked: 0)
    /// The first id for rows that are no homes.
    package static let firstOrdinary = NodeID(unchecked: (1 << 33) + 1)

    private static let firstHome: Int64 = 1 << 32

    /// Whose home this is; nil for any other node.
    package var homeUID: UInt32? { UInt32(exactly: rawValue - Self.firstHome) }

    package static func < (left: NodeID, right: NodeID) -> Bool { left.rawValue < right.rawValue }
}

/// An inode number of the mount: node id × 8 + facet. 1 is FUSE's number for the root, 2 the link `user`, 3 the link `job`, 4 the
/// folder `.jobs`. (What is in that has numbers of its own: `JobInode`.)
package struct Inode: Hashable, Comparable, Sendable {
    /// The number as the kernel has it.
    package let number: UInt64

    private init(unchecked number: UInt64) { self.number = number }

    /// The inode of a node, or of one facet of it.
    package init(_ node: NodeID, _ facet: Facet = .itself) {
        if node == .root, facet == .itself {
            number = Self.root.number
        } else {
            number = UInt64(bitPattern: node.rawValue) << 3 | UInt64(facet.rawValue)
        }
    }

    /// The inode with a number; nil for a number that none can have.
    package init?(number: UInt64) {
        if (Self.root.number...Self.jobs.number).contains(number) {
            self.number = number
            return
        }
        guard let row = Int64(exactly: number >> 3), let node = NodeID(rawValue: row),
            let facet = Facet(rawValue: UInt8(truncatingIfNeeded: number & 7)), node != .root,
            facet == .itself || node >= .firstOrdinary
        else { return nil }
        self.number = number
    }

    /// The mounted folder.
    package static let root = Inode(unchecked: 1)
    /// The link `user` in the root.
    package static let userLink = Inode(unchecked: 2)
    /// The link `job` in the root.
    package static let jobLink = Inode(unchecked: 3)
    /// The folder `.jobs` in the root.
    package static let jobs = Inode(unchecked: 4)

    /// The node behind the inode; `NodeID.none` for the links in the root, and for `.jobs`.
    package var node: NodeID {
        if self == .root { return .root }
        // The initializers keep the id within `NodeID.maximum`.
        return Int64(exactly: number >> 3).flatMap(NodeID.init(rawValue:)) ?? .none
    }

    /// Which view of the node it is.
    package var facet: Facet {
        if self == .root || self == .userLink { return .itself }
        return Facet(rawValue: UInt8(truncatingIfNeeded: number & 7)) ?? .itself
    }

    package static func < (left: Inode, right: Inode) -> Bool { left.number < right.number }
}
