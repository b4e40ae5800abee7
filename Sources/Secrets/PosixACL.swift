// SPDX-License-Identifier: MIT

internal import Bytes

/// One entry of a POSIX ACL.
package struct ACLEntry: Hashable, Sendable {
    /// Whom an entry is for; the raw values are those of `linux/posix_acl.h`, and sort as the entries must.
    package enum Tag: UInt16, Sendable, CaseIterable {
        case userObject = 0x01
        case user = 0x02
        case groupObject = 0x04
        case group = 0x08
        case mask = 0x10
        case other = 0x20

        /// Whether an id belongs to it.
        package var isNamed: Bool { self == .user || self == .group }
    }

    /// Read, write and execute, as in a file's mode.
    package struct Permissions: OptionSet, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        package static let read = Permissions(rawValue: 4)
        package static let write = Permissions(rawValue: 2)
        package static let execute = Permissions(rawValue: 1)
    }

    package let tag: Tag
    /// The uid or gid of a named entry, `undefined` for the others.
    package let id: UInt32
    package let permissions: Permissions

    /// `ACL_UNDEFINED_ID`.
    package static let undefined: UInt32 = .max

    /// An entry; the id of one that is not named is ignored.
    package init(_ tag: Tag, id: UInt32 = undefined, _ permissions: Permissions) {
        self.tag = tag
        self.id = tag.isNamed ? id : Self.undefined
        self.permissions = permissions
    }

    /// Whom a named entry is for.
    package var principal: Principal? {
        switch tag {
        case .user: .user(id)
        case .group: .group(id)
        default: nil
        }
    }
}

/// Why an ACL was refused.
package enum ACLError: Error, Equatable, Sendable {
    // The bytes: EINVAL.
    case tooLong
    /// Not a header and whole entries.
    case length
    /// Not version 2.
    case version
    /// A tag, permissions or an id that there is not; the number of the entry, from 0.
    case entry(Int)
    /// Not in the order of tags, or two for the same; the number of the entry.
    case order(Int)
    /// One of `user::`, `group::`, `other::` is missing, or the mask where there are named entries.
    case incomplete

    // The permissions that it asks for.
    /// It is a mode for an item, and would seem to take away what is granted to this one: EPERM.
    case modeTakes(Principal)
    /// Would take away what is granted further up, or to a group: EPERM.
    case inherited(Principal)
    /// Would take away the way to something granted further down: EPERM.
    case passesThrough(Principal)
    /// The root, or something in a home, which is never shared: EPERM.
    case notShareable
    /// Defaults for something that is not a folder: EACCES, as the kernel has it.
    case notAFolder
}

/// A POSIX ACL as extended attribute: `system.posix_acl_access` or `system.posix_acl_default`.
///
/// The bytes are those of `linux/posix_acl_xattr.h`: version 2 in 4 bytes, then 8 bytes an entry (tag 2, permissions 2,
/// id 4), all little endian.
package struct PosixACL: Equatable, Sendable {
    /// `user::`, then named users, `group::`, named groups, the mask, `other::`.
    package let entries: [ACLEntry]

    /// The largest extended attribute (`XATTR_SIZE_MAX`).
    package static let maximumLength = 65536
    /// The most named entries that the kernel takes from a FUSE file system: `fuse_get_acl` asks with a buffer of one
    /// page (4096) and fails every use of the file with E2BIG beyond it. 4 bytes of header, 4 entries that are not named.
    package static let maximumNamed = (4096 - headerLength) / entryLength - 4

    private static let version: UInt32 = 2
    private static let headerLength = 4
    private static let entryLength = 8

    /// An ACL of these permissions, with a mask that allows all of them if there are named ones.
    init(user: ACLEntry.Permissions, named: [Principal: ACLEntry.Permissions], other: ACLEntry.Permissions = []) {
        let sorted = named.sorted { $0.key < $1.key }
        var users: [ACLEntry] = []
        var groups: [ACLEntry] = []
        for (principal, permissions) in sorted {
            switch principal {
            case .user(let id): users.append(ACLEntry(.user, id: id, permissions))
            case .group(let id): groups.append(ACLEntry(.group, id: id, permissions))
            }
        }
        var mask: [ACLEntry] = []
        if !named.isEmpty { mask = [ACLEntry(.mask, named.values.reduce([]) { $0.union($1) })] }
        entries =
            [ACLEntry(.userObject, user)] + users + [ACLEntry(.groupObject, [])] + groups + mask
            + [ACLEntry(.other, other)]
    }

    private init(entries: [ACLEntry]) { self.entries = entries }

    /// Reads the attribute. Takes what `posix_acl_valid` of the kernel takes, but no two entries for the same principal.
    package static func parse(_ bytes: RawSpan) throws(ACLError) -> PosixACL {
        if bytes.byteCount > maximumLength { throw .tooLong }
        let length = bytes.byteCount - headerLength
        guard length >= 0, length.isMultiple(of: entryLength) else { throw .length }
        guard integer(bytes, at: 0, bytes: 4) == version else { throw .version }

        var entries: [ACLEntry] = []
        var seen: Set<Principal> = []
        entries.reserveCapacity(length / entryLength)
        for number in 0..<length / entryLength {
            let start = headerLength + number * entryLength
            let permissions = UInt16(truncatingIfNeeded: integer(bytes, at: start + 2, bytes: 2))
            let id = integer(bytes, at: start + 4, bytes: 4)
            guard let tag = ACLEntry.Tag(rawValue: UInt16(truncatingIfNeeded: integer(bytes, at: start, bytes: 2))),
                permissions <= 7, !(tag.isNamed && id == ACLEntry.undefined)
            else { throw .entry(number) }
            let entry = ACLEntry(tag, id: id, ACLEntry.Permissions(rawValue: permissions))
            if let last = entries.last, tag.rawValue < last.tag.rawValue || tag == last.tag && !tag.isNamed {
                throw .order(number)
            }
            if let principal = entry.principal, !seen.insert(principal).inserted { throw .order(number) }
            entries.append(entry)
        }
        let tags = Set(entries.map(\.tag))
        guard tags.isSuperset(of: [.userObject, .groupObject, .other]), seen.isEmpty || tags.contains(.mask) else {
            throw .incomplete
        }
        return PosixACL(entries: entries)
    }

    /// The bytes of the attribute.
    package func serialize() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerLength + entries.count * Self.entryLength)
        func append(_ value: UInt32, bytes count: Int) {
            for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt32(index)))) }
        }
        append(Self.version, bytes: 4)
        for entry in entries {
            append(UInt32(entry.tag.rawValue), bytes: 2)
            append(UInt32(entry.permissions.rawValue), bytes: 2)
            append(entry.id, bytes: 4)
        }
        return bytes
    }

    /// The permissions of an entry that is not named; nil if there is no such entry.
    package func permissions(of tag: ACLEntry.Tag) -> ACLEntry.Permissions? {
        entries.first { $0.tag == tag }?.permissions
    }

    /// Whether it says no more than a mode.
    package var isMinimal: Bool { entries.allSatisfy { [.userObject, .groupObject, .other].contains($0.tag) } }

    /// The permissions that the named entries give, the mask applied.
    package var named: [Principal: ACLEntry.Permissions] {
        let mask = permissions(of: .mask) ?? [.read, .write, .execute]
        var named: [Principal: ACLEntry.Permissions] = [:]
        for entry in entries {
            if let principal = entry.principal { named[principal] = entry.permissions.intersection(mask) }
        }
        return named
    }

    /// A little endian integer; bytes outside the span count as 0.
    private static func integer(_ bytes: RawSpan, at offset: Int, bytes count: Int) -> UInt32 {
        (0..<count).reversed().reduce(0) { $0 << 8 | UInt32(bytes.byte(at: offset + $1) ?? 0) }
    }
}
