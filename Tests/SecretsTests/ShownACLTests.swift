// SPDX-License-Identifier: MIT

import Secrets
import struct TestSupport.Seeded
import Testing

@Suite struct ShownACLTests {
    private let world = World(
        grants: [
            "acme": [Grant(.user(1000), .manage)],
            "acme/web": [Grant(.user(1001), .read), Grant(.group(50), [.write])],
            "acme/web/db": [Grant(.user(1002), [.read, .write]), Grant(.user(1003), .run)],
            "acme/web/db/vars/PASSWORD": [Grant(.group(60), .read)],
        ])

    @Test func `folders`() {
        #expect(access("acme") == ["user::rwx", "user:1000:rwx", "group::---", "mask::rwx", "other::---"])
        #expect(
            access("acme/web/db") == [
                "user::rwx", "user:1000:rwx", "user:1001:r-x", "user:1002:rwx", "user:1003:r-x", "group::---",
                "group:50:rwx", "mask::rwx", "other::---",
            ])
        #expect(access("acme/web/db/vars") == access("acme/web/db"))
        #expect(access("other") == [])
    }

    @Test func `defaults`() {
        #expect(defaults("acme") == [])
        #expect(
            defaults("acme/web/db") == [
                "user::rwx", "user:1001:r--", "user:1002:rw-", "group::---", "group:50:-w-", "mask::rw-", "other::---",
            ])
        for path in ["", ".users", ".users/5", "acme/web/db/env", "acme/web/db/vars/PASSWORD"] {
            #expect(defaults(path) == [], "\(path)")
        }
    }

    @Test func `items`() {
        #expect(
            access("acme/web/db/vars/PASSWORD") == [
                "user::rw-", "user:1001:r--", "user:1002:rw-", "group::---", "group:50:-w-", "group:60:r--",
                "mask::rw-", "other::---",
            ])
        #expect(
            access("acme/web/db/env") == [
                "user::rw-", "user:1001:r--", "user:1002:rw-", "group::---", "group:50:-w-", "mask::rw-", "other::---",
            ])
    }

    @Test func `ways to something below`() {
        let shown = shownAccessACL(world.subject("acme"), below: [.user(1001), .group(50), .user(1000)])
        #expect(
            text(shown) == [
                "user::rwx", "user:1000:rwx", "user:1001:r-x", "group::---", "group:50:r-x", "mask::rwx", "other::---",
            ])
        #expect(shownMode(world.subject("acme"), below: [.user(1001)]) == 0o770)
        #expect(shownAccessACL(world.subject("x/y/z/env"), below: [.user(1)]) == nil)
        #expect(shownMode(world.subject("x"), below: [.user(1)]) == 0o750)
    }

    @Test(
        arguments: [
            ("", 0o705), (".users", 0o701), (".users/5", 0o700), (".users/5/s", 0o700), (".users/5/s/vars", 0o700),
            (".users/5/s/env", 0o600), (".users/5/s/vars/A", 0o600), ("other", 0o700), ("other/p/s/env", 0o600),
            ("other/p/s/files/d/f", 0o600), ("acme", 0o770), ("acme/web", 0o770), ("acme/web/db/env", 0o660),
            ("acme/web/db/vars/PASSWORD", 0o660), ("acme/x/y/env", 0o600),
        ] as [(String, UInt16)])
    func `modes`(_ path: String, _ mode: UInt16) {
        #expect(shownMode(world.subject(path)) == mode)
        #expect((shownAccessACL(world.subject(path)) == nil) == (mode & 0o070 == 0))
    }

    /// What the owner alone was granted shows no bits of the group, which ssh(1) and libpq would refuse.
    @Test func `the owner has no entry on an item`() {
        let path = "a/b/c/files/id"
        let alone = World(grants: ["a": [Grant(.user(7), [.read, .write])], "a/b/c": [Grant(.user(7), .manage)]])
        #expect(shownMode(alone.subject(path)) == 0o600 && shownAccessACL(alone.subject(path)) == nil)
        #expect(shownMode(alone.subject("a/b/c")) == 0o770)
        let others = World(grants: ["a": [Grant(.user(7), .all), Grant(.group(8), .read)], path: [Grant(.user(9), .write)]])
        #expect(
            text(shownAccessACL(others.subject(path)))
                == ["user::rw-", "user:7:rw-", "user:9:-w-", "group::---", "group:8:r--", "mask::rw-", "other::---"])
        // The owner of the store is shown where nobody manages.
        let store = World(grants: ["a": [Grant(.user(0), .read)]])
        #expect(shownMode(store.subject(path)) == 0o640)
        #expect(shownMode(store.subject(path), storeOwner: 0) == 0o600)
    }

    @Test func `owners`() {
        let world = World(
            grants: [
                "a": [Grant(.group(1), .manage), Grant(.user(7), [.read, .manage]), Grant(.user(8), .manage)],
                "a/b": [Grant(.user(9), .read)], "a/b/c": [Grant(.user(9), .manage)],
            ])
        for (path, owner) in [
            ("", 0), (".users", 0), (".users/5", 5), (".users/5/s/env", 5), ("x", 0), ("a", 7), ("a/b", 7), ("a/b/c", 9),
            ("a/b/c/vars/X", 9), ("a/b/d/env", 7),
        ] as [(String, UInt32)] {
            #expect(shownOwner(world.subject(path), storeOwner: 0) == owner, "\(path)")
        }
        #expect(shownOwner(world.subject(""), storeOwner: 1000) == 1000)
    }

    /// A user's own entry hides those of their groups from the kernel, so it has what they have.
    @Test func `users in groups`() {
        let world = World(grants: ["o": [Grant(.user(1), .write), Grant(.group(5), .read)]])
        let members: Memberships = [1: [5], 2: [5]]
        #expect(text(shownAccessACL(world.subject("o/p/s/env")))[1] == "user:1:-w-")
        let shown = text(shownAccessACL(world.subject("o/p/s/env"), memberships: members))
        #expect(shown == ["user::rw-", "user:1:rw-", "group::---", "group:5:r--", "mask::rw-", "other::---"])
        #expect(text(shownDefaultACL(world.subject("o"), memberships: members))[1] == "user:1:rw-")
    }

    /// The kernel takes a page of ACL from FUSE. Beyond that all pass, and `decide` says who may.
    @Test func `more than the kernel takes`() throws {
        #expect(PosixACL.maximumNamed == 507)
        var many = (0..<507).map { Grant(.user(UInt32($0)), .read) }
        var subject = Subject(realm: .tree, kind: .organization, levels: [many])
        let shown = try #require(shownAccessACL(subject))
        #expect(shown.serialize().count <= 4096 && shown.named.count == 507)

        many.append(Grant(.group(1), .write))
        subject = Subject(realm: .tree, kind: .organization, levels: [many])
        #expect(shownAccessACL(subject) == nil && shownDefaultACL(subject) == nil && shownMode(subject) == 0o707)
        let item = Subject(realm: .tree, kind: .variable, levels: [many])
        #expect(shownAccessACL(item) == nil && shownMode(item) == 0o606)
        #expect(!decide(.read, on: item, for: Identity(uid: 9999, gid: 9, ownsStore: false)) { [] }.allowed)
    }

    /// What `decide` allows, the kernel's check of the shown ACL lets pass, on all of the way.
    @Test func `the kernel refuses nothing that is allowed`() throws {
        let groups: [UInt32: Set<UInt32>] = [0: [0], 1: [1, 2], 2: [3], 3: [2, 3]]
        let paths = ["o", "o/p", "o/p/s", "o/p/s/env", "o/p/s/vars", "o/p/s/vars/A", "o/p/s/files/d", "q/p/s/vars/A"]
        var random = Seeded(8)
        var passed = 0
        for _ in 0..<2000 {
            let world = DecideOracleTests.randomWorld(&random)
            for path in paths + [".users/1/s/vars/A"] {
                for uid in UInt32(0)..<4 {
                    let caller = Identity(uid: uid, gid: groups[uid]?.min() ?? 0, ownsStore: false)
                    let mine = groups[uid] ?? []
                    func allows(_ right: Rights, _ path: String) -> Bool {
                        decide(right, on: world.subject(path), for: caller) { Array(mine) }.allowed
                    }
                    func kernel(_ want: UInt16, _ path: String) -> Bool {
                        kernelAllows(want, on: world.subject(path), below: world.below(path), groups, uid, mine)
                    }
                    if world.subject(path).isFolder {
                        if allows(.list, path) { #expect(kernel(5, path)) }
                        if allows(.write, path) { #expect(kernel(3, path)) }
                    } else {
                        if allows(.read, path) { #expect(kernel(4, path), "\(path) for \(uid): \(world.grants)") }
                        if allows(.write, path) { #expect(kernel(2, path)) }
                    }
                    guard allows(.list, path) else { continue }
                    for above in world.levelNames(path).dropFirst() where path.hasPrefix(above + "/") {
                        #expect(kernel(1, above), "\(above) on the way to \(path) for \(uid): \(world.grants)")
                    }
                    passed += 1
                }
            }
        }
        #expect(passed > 1000)
    }

    /// `posix_acl_permission` of the kernel, or the mode where there is no ACL.
    private func kernelAllows(
        _ want: UInt16, on subject: Subject, below: [Principal], _ memberships: Memberships, _ uid: UInt32,
        _ groups: Set<UInt32>
    ) -> Bool {
        func has(_ permissions: ACLEntry.Permissions) -> Bool { permissions.rawValue & want == want }
        let owner = shownOwner(subject, storeOwner: 99)
        let mode = shownMode(subject, below: below, memberships: memberships, storeOwner: 99)
        guard let acl = shownAccessACL(subject, below: below, memberships: memberships, storeOwner: 99) else {
            return (uid == owner ? mode >> 6 : mode) & want == want
        }
        if uid == owner { return has(acl.permissions(of: .userObject) ?? []) }
        if let own = acl.named[.user(uid)] { return has(own) }
        let ofGroups = groups.compactMap { acl.named[.group($0)] }
        return ofGroups.isEmpty ? has(acl.permissions(of: .other) ?? []) : ofGroups.contains(where: has)
    }

    private func access(_ path: String) -> [String] { text(shownAccessACL(world.subject(path))) }
    private func defaults(_ path: String) -> [String] { text(shownDefaultACL(world.subject(path))) }
}

extension World {
    /// Who has a grant further down.
    func below(_ path: String) -> [Principal] {
        grants.filter { $0.key.hasPrefix(path + "/") }.flatMap(\.value).map(\.principal)
    }
}

/// An ACL as `getfacl -n` prints it.
func text(_ acl: PosixACL?) -> [String] {
    (acl?.entries ?? []).map { entry in
        let bits = entry.permissions
        let permissions =
            (bits.contains(.read) ? "r" : "-") + (bits.contains(.write) ? "w" : "-")
            + (bits.contains(.execute) ? "x" : "-")
        return switch entry.tag {
        case .userObject: "user::\(permissions)"
        case .user: "user:\(entry.id):\(permissions)"
        case .groupObject: "group::\(permissions)"
        case .group: "group:\(entry.id):\(permissions)"
        case .mask: "mask::\(permissions)"
        case .other: "other::\(permissions)"
        }
    }
}

/// An ACL from entries as `setfacl` takes them, with the mask that it computes unless there is one.
func acl(_ entries: [String]) throws -> PosixACL {
    var parsed: [ACLEntry] = []
    for entry in entries {
        let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
        var bits: ACLEntry.Permissions = []
        if parts[2].contains("r") { bits.insert(.read) }
        if parts[2].contains("w") { bits.insert(.write) }
        if parts[2].contains("x") { bits.insert(.execute) }
        let tag: ACLEntry.Tag =
            switch (parts[0], parts[1].isEmpty) {
            case ("user", true): .userObject
            case ("user", false): .user
            case ("group", true): .groupObject
            case ("group", false): .group
            case ("mask", _): .mask
            default: .other
            }
        parsed.append(ACLEntry(tag, id: UInt32(parts[1]) ?? 0, bits))
    }
    let masked = parsed.filter { $0.tag.isNamed || $0.tag == .groupObject }
    if masked.count > 1, !parsed.contains(where: { $0.tag == .mask }) {
        parsed.append(ACLEntry(.mask, masked.reduce([]) { $0.union($1.permissions) }))
    }
    parsed.sort { ($0.tag.rawValue, $0.id) < ($1.tag.rawValue, $1.id) }
    var bytes: [UInt8] = [2, 0, 0, 0]
    for entry in parsed {
        bytes += [UInt8(entry.tag.rawValue), 0, UInt8(entry.permissions.rawValue), 0]
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: entry.id >> (8 * UInt32($0))) }
    }
    return try withSpan(bytes) { try PosixACL.parse($0) }
}

/// What setting the access ACL changes, when nothing else is set by the same command.
func grantChanges(
    settingAccess acl: PosixACL?, on subject: Subject, below: [Principal] = [], memberships: Memberships = [:]
) throws(ACLError) -> [GrantChange] {
    try grantChanges(setting: acl, isDefault: false, on: ACLContext(subject, below: below, memberships: memberships))
}

/// What setting the default ACL changes, when nothing else is set by the same command.
func grantChanges(
    settingDefault acl: PosixACL?, on subject: Subject, memberships: Memberships = [:]
) throws(ACLError) -> [GrantChange] {
    try grantChanges(setting: acl, isDefault: true, on: ACLContext(subject, memberships: memberships))
}
