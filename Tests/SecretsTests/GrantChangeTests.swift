// SPDX-License-Identifier: MIT

import Secrets
import struct TestSupport.Seeded
import Testing

/// `setfacl` by rows: what is shown, what is set, what is granted then.
@Suite struct GrantChangeTests {
    /// 1: read here; 2: write here; 3: everything here; 4: manage here; 5: list from above; 6: read and write from above;
    /// 7: read here and list from above; 8: only something below; group 50: read and write here.
    private static let levels = [
        [
            Grant(.user(1), .read), Grant(.user(2), .write), Grant(.user(3), .all), Grant(.user(4), .manage),
            Grant(.user(7), .read), Grant(.group(50), [.read, .write]),
        ],
        [Grant(.user(5), .list)],
        [Grant(.user(6), [.read, .write]), Grant(.user(7), .list)],
    ]
    private let folder = Subject(realm: .tree, kind: .project, levels: levels)
    private let item = Subject(realm: .tree, kind: .variable, levels: levels)
    private let below: [Principal] = [.user(8), .user(1), .user(5)]

    @Test func `what is shown changes nothing`() throws {
        let shown = text(shownAccessACL(folder, below: below))
        #expect(try changes(shown) == [])
        #expect(try itemChanges(text(shownAccessACL(item))) == [])
        #expect(try defaultChanges(text(shownDefaultACL(folder))) == [])
        // Nor do the bits that mean nothing: x on an item, only one of r and x on a folder, the owner's own.
        #expect(try changes(set(shown, "user:1:--x")) == [] && changes(set(shown, "user:5:r--")) == [])
        #expect(try itemChanges(set(text(shownAccessACL(item)), "user:1:r-x")) == [])
        #expect(try changes(set(shown, "user::---")) == [])
    }

    @Test(
        arguments: [
            ("user:9:r-x", .user(9), .list), ("user:9:r--", .user(9), .list), ("user:9:--x", .user(9), .list),
            ("user:9:-w-", .user(9), .write), ("user:9:rwx", .user(9), [.list, .write]),
            ("user:1:rwx", .user(1), [.read, .write]), ("user:5:rwx", .user(5), .write), ("user:8:rwx", .user(8), .write),
            ("user:2:r-x", .user(2), .list),
            ("group:50:r-x", .group(50), .read), ("group:9:r-x", .group(9), .list),
            ("user:1:---", .user(1), []), ("user:3:---", .user(3), .manage),
        ] as [(String, Principal, Rights)])
    func `entry of a folder`(_ entry: String, _ principal: Principal, _ rights: Rights) throws {
        #expect(try changes(set(text(shownAccessACL(folder, below: below)), entry)) == [GrantChange(principal, rights)])
    }

    /// Who manages may remove and rename, whatever else they hold: `w` stays until `manage` goes.
    @Test func `write of who manages`() {
        #expect(throws: ACLError.inherited(.user(3))) {
            try changes(set(text(shownAccessACL(folder, below: below)), "user:3:r-x"))
        }
    }

    @Test(arguments: [(.user(1), []), (.user(2), []), (.user(3), .manage), (.group(50), [])] as [(Principal, Rights)])
    func `removed entry of a folder`(_ principal: Principal, _ rights: Rights) throws {
        let shown = text(shownAccessACL(folder, below: below))
        #expect(try changes(without(shown, principal)) == [GrantChange(principal, rights)])
    }

    /// Managing is not in the ACL but for the entry itself: that one can't be removed, and nothing is to be done.
    @Test func `removed entry of one who manages`() throws {
        #expect(try changes(without(text(shownAccessACL(folder, below: below)), .user(4))) == [])
    }

    @Test func `what is not granted here cant be taken away here`() throws {
        let shown = text(shownAccessACL(folder, below: below))
        for user in [UInt32(5), 6, 7] {
            #expect(throws: ACLError.inherited(.user(user))) { try changes(without(shown, .user(user))) }
            #expect(throws: ACLError.inherited(.user(user))) { try changes(set(shown, "user:\(user):---")) }
        }
        #expect(throws: ACLError.inherited(.user(6))) { try changes(set(shown, "user:6:r-x")) }
        #expect(throws: ACLError.passesThrough(.user(8))) { try changes(without(shown, .user(8))) }
        #expect(throws: ACLError.inherited(.user(6))) { try itemChanges(set(text(shownAccessACL(item)), "user:6:r--")) }
        #expect(throws: ACLError.inherited(.user(6))) { try itemChanges(without(text(shownAccessACL(item)), .user(6))) }
        let defaults = text(shownDefaultACL(folder))
        #expect(throws: ACLError.inherited(.user(6))) { try defaultChanges(without(defaults, .user(6))) }
        // Whoever takes away everything by `-x` fails as a whole.
        #expect(throws: ACLError.self) { try changes(Self.emptied) }
    }

    /// What `setfacl -x` leaves of the last entry: its mask.
    private static let emptied = ["user::rwx", "group::---", "mask::---", "other::---"]

    @Test func `everything at once`() throws {
        let own = Subject(realm: .tree, kind: .project, levels: [Self.levels[0]])
        let none: [GrantChange] = [
            GrantChange(.user(1), []), GrantChange(.user(2), []), GrantChange(.user(3), .manage),
            GrantChange(.user(7), []), GrantChange(.group(50), []),
        ]
        #expect(try grantChanges(settingAccess: acl(Self.emptied), on: own) == none)
        #expect(
            try grantChanges(settingDefault: acl(Self.emptied), on: own) == [
                GrantChange(.user(1), []), GrantChange(.user(2), []), GrantChange(.user(3), [.list, .run, .manage]),
                GrantChange(.user(7), []), GrantChange(.group(50), []),
            ])
        let mixed = try acl(["user::rwx", "user:1:rwx", "user:9:r-x", "group::---", "other::---"])
        #expect(
            try grantChanges(settingAccess: mixed, on: own) == [
                GrantChange(.user(1), [.read, .write]), GrantChange(.user(2), []), GrantChange(.user(3), .manage),
                GrantChange(.user(7), []), GrantChange(.user(9), .list), GrantChange(.group(50), []),
            ])
    }

    @Test(
        arguments: [
            ("user:9:r--", .user(9), .read), ("user:9:-w-", .user(9), .write), ("user:9:rw-", .user(9), [.read, .write]),
            ("user:1:rw-", .user(1), [.read, .write]), ("user:1:-w-", .user(1), .write), ("user:1:---", .user(1), []),
            ("user:3:-w-", .user(3), [.list, .write, .run, .manage]), ("user:3:---", .user(3), [.list, .run, .manage]),
            ("user:5:r--", .user(5), .read), ("group:50:r--", .group(50), .read), ("user:4:r--", .user(4), [.read, .manage]),
        ] as [(String, Principal, Rights)])
    func `entry of an item`(_ entry: String, _ principal: Principal, _ rights: Rights) throws {
        #expect(try itemChanges(set(text(shownAccessACL(item)), entry)) == [GrantChange(principal, rights)])
        // The default entries of a folder are entries of what is in it.
        #expect(try defaultChanges(set(text(shownDefaultACL(folder)), entry)) == [GrantChange(principal, rights)])
    }

    @Test func `list alone goes with the last of an item`() throws {
        let levels = [[Grant(.user(1), [.list, .read]), Grant(.user(2), .list)]]
        let item = Subject(realm: .tree, kind: .file, levels: levels)
        #expect(try grantChanges(settingAccess: acl(Self.emptied), on: item) == [GrantChange(.user(1), [])])
        let folder = Subject(realm: .tree, kind: .folder, levels: levels)
        #expect(try grantChanges(settingDefault: acl(Self.emptied), on: folder) == [GrantChange(.user(1), .list)])
    }

    @Test func `a narrower mask`() throws {
        let own = Subject(realm: .tree, kind: .variable, levels: [Self.levels[0]])
        let shown = text(shownAccessACL(own))
        #expect(
            try grantChanges(settingAccess: acl(set(shown, "mask::r--")), on: own) == [
                GrantChange(.user(2), []), GrantChange(.user(3), [.list, .read, .run, .manage]),
                GrantChange(.group(50), .read),
            ])
        #expect(try grantChanges(settingAccess: acl(set(shown, "mask::rwx")), on: own) == [])
        // In a mask without w, entries with w ask for none.
        let masked = ["user::rw-", "user:1:r--", "user:9:rw-", "group::---", "mask::r--", "other::---"]
        let other = Subject(realm: .tree, kind: .variable, levels: [[Grant(.user(1), .read)]])
        #expect(try grantChanges(settingAccess: acl(masked), on: other) == [GrantChange(.user(9), .read)])
    }

    @Test func `only named ones can be granted anything`() throws {
        let shown = text(shownAccessACL(folder, below: below))
        for entry in ["group::r-x", "other::r-x", "other::--x", "group::-w-"] {
            #expect(try changes(set(shown, entry)) == [])
        }
        #expect(try changes(set(set(shown, "other::r-x"), "user:9:r-x")) == [GrantChange(.user(9), .list)])
    }

    /// `cp -a` and `rsync -A` bring a mode as an ACL, and remove default ACLs; `setfacl -b` and `-k` do the same.
    @Test func `a mode changes no grant, whoever is shown`() throws {
        let modes = [
            nil, try acl(["user::rwx", "group::r-x", "other::r-x"]), try acl(["user::rwx", "group::---", "other::---"]),
            try acl(["user::rw-", "group::rw-", "other::---"]), try acl(["user::rwx", "group::r-x", "mask::r-x", "other::r-x"]),
        ]
        let many = Subject(realm: .tree, kind: .project, levels: [(0..<600).map { Grant(.user(UInt32($0)), .read) }])
        for subject in [folder, item, many, Subject(realm: .tree, kind: .folder, levels: [[Grant(.user(1), .read)]])] {
            for mode in modes {
                #expect(ACLContext(subject, below: below).isMode(mode))
                #expect(try grantChanges(settingAccess: mode, on: subject, below: below) == [])
                if subject.isFolder { #expect(try grantChanges(settingDefault: mode, on: subject) == []) }
            }
        }
        #expect(!ACLContext(folder).isMode(try acl(Self.emptied)))
        #expect(!ACLContext(folder).isMode(shownAccessACL(folder)))
    }

    /// A program that takes the group's bits from a key believes afterwards that nobody else reads it.
    @Test func `a mode that takes the group's bits from what others were granted is refused`() throws {
        let granted = ACLContext(Subject(realm: .tree, kind: .file, levels: [[Grant(.user(1), .read), Grant(.user(2), .write)]]))
        for group in [[], .read, .write, .execute] as [ACLEntry.Permissions] {
            let refused: Principal = .user(group == .read ? 2 : 1)
            #expect(throws: ACLError.modeTakes(refused)) { try granted.checkMode(group: group, owner: 9) }
        }
        try granted.checkMode(group: [.read, .write], owner: 9)
        // Its owner is not one of the others.
        let own = ACLContext(Subject(realm: .tree, kind: .file, levels: [[Grant(.user(1), [.read, .manage]), Grant(.user(2), .list)]]))
        try own.checkMode(group: [], owner: 1)
        try ACLContext(folder, below: below).checkMode(group: [], owner: 9)
    }

    /// An ACL from elsewhere says nothing of those who only pass here; what it leaves out of what is granted here goes.
    @Test func `an ACL from elsewhere`() throws {
        let own = Subject(realm: .tree, kind: .project, levels: [[Grant(.user(1), .read)], [Grant(.user(5), .list)]])
        let foreign = ["user::rwx", "user:5:r-x", "user:9:rwx", "group::r-x", "other::r-x"]
        func change(_ entries: [String]) throws -> [GrantChange] {
            try grantChanges(settingAccess: acl(entries), on: own, below: [.user(8)])
        }
        #expect(try change(foreign) == [GrantChange(.user(1), []), GrantChange(.user(9), [.list, .write])])
        #expect(throws: ACLError.inherited(.user(5))) { try change(without(foreign, .user(5))) }
        // One that was shown here, without the entry of who passes.
        #expect(throws: ACLError.passesThrough(.user(8))) { try change(["user::rwx", "user:5:r-x", "group::---", "other::---"]) }
    }

    @Test func `what is never shared`() throws {
        let open = try acl(["user::rwx", "user:9:r-x", "group::---", "other::---"])
        for subject in [
            Subject(realm: .home(owner: 1), kind: .home, levels: []), Subject(realm: .tree, kind: .users, levels: []),
            Subject(realm: .home(owner: 1), kind: .variable, levels: []), Subject(realm: .tree, kind: .root, levels: []),
        ] {
            #expect(throws: ACLError.notShareable) { try grantChanges(settingAccess: open, on: subject) }
            #expect(try grantChanges(settingAccess: nil, on: subject) == [])
            if subject.isFolder {
                #expect(throws: ACLError.notShareable) { try grantChanges(settingDefault: open, on: subject) }
                #expect(try grantChanges(settingDefault: nil, on: subject) == [])
            }
            // What `getfacl` printed from the mode can be restored.
            let other = shownMode(subject) & 7
            let bits = (other & 4 == 0 ? "-" : "r") + "-" + (other & 1 == 0 ? "-" : "x")
            let minimal = try acl(["user::rwx", "group::---", "other::\(bits)"])
            #expect(try grantChanges(settingAccess: minimal, on: subject) == [])
        }
        // So can any other mode: it means nothing.
        for mode in [["user::rwx", "group::---", "other::---"], ["user::rwx", "group::rwx", "other::r-x"]] {
            for kind in [NodeKind.root, .users] {
                #expect(try grantChanges(settingAccess: acl(mode), on: Subject(realm: .tree, kind: kind, levels: [])) == [])
            }
        }
    }

    @Test func `defaults of what is no folder`() throws {
        #expect(try grantChanges(settingDefault: nil, on: item) == [])
        #expect(throws: ACLError.notAFolder) {
            try grantChanges(settingDefault: acl(["user::rw-", "group::---", "other::---"]), on: item)
        }
    }

    @Test func `users in groups`() throws {
        let item = Subject(realm: .tree, kind: .variable, levels: [[Grant(.user(1), .write), Grant(.group(5), .read)]])
        let members: Memberships = [1: [5]]
        let shown = text(shownAccessACL(item, memberships: members))
        func change(_ entries: [String]) throws -> [GrantChange] {
            try grantChanges(settingAccess: acl(entries), on: item, memberships: members)
        }
        #expect(try change(shown) == [])
        #expect(try change(set(shown, "user:1:r--")) == [GrantChange(.user(1), [])])
        #expect(throws: ACLError.inherited(.user(1))) { try change(set(shown, "user:1:-w-")) }
        #expect(try change(without(shown, .user(1))) == [GrantChange(.user(1), [])])
        #expect(try change(without(shown, .group(5))) == [GrantChange(.group(5), [])])
    }

    /// Where everybody passes because more are named than an ACL can hold, `setfacl -m` still adds.
    @Test func `more than the kernel takes`() throws {
        let many = Subject(realm: .tree, kind: .project, levels: [(0..<600).map { Grant(.user(UInt32($0)), .list) }])
        let base = ["user::rwx", "group::---", "other::r-x"]
        #expect(try grantChanges(settingAccess: acl(base), on: many) == [])
        #expect(try grantChanges(settingAccess: acl(base + ["user:999:r-x"]), on: many) == [GrantChange(.user(999), .list)])
        #expect(try grantChanges(settingAccess: acl(base + ["user:5:r-x"]), on: many) == [])
        #expect(try grantChanges(settingDefault: acl(base + ["user:5:r--"]), on: many).map(\.newDirectRights) == [[.list, .read]])
    }

    /// Whatever is set and taken: it is shown afterwards as it was asked for, and setting it again changes nothing.
    @Test func `what was set is shown`() throws {
        var random = Seeded(9)
        var (taken, refused) = (0, 0)
        for _ in 0..<10_000 {
            let world = DecideOracleTests.randomWorld(&random)
            let path = random.pick(["o", "o/p", "o/p/s", "o/p/s/env", "o/p/s/vars/A"])
            let (subject, below) = (world.subject(path), world.below(path))
            let isDefault = subject.isFolder && random.chance(40)
            func shown(_ subject: Subject) -> PosixACL? {
                isDefault ? shownDefaultACL(subject) : shownAccessACL(subject, below: below)
            }
            func change(_ acl: PosixACL?, _ subject: Subject) throws(ACLError) -> [GrantChange] {
                isDefault
                    ? try grantChanges(settingDefault: acl, on: subject)
                    : try grantChanges(settingAccess: acl, on: subject, below: below)
            }
            let before = shown(subject)
            #expect(try change(before, subject) == [])

            let bits = subject.isFolder && !isDefault ? ["---", "r-x", "rwx"] : ["---", "r--", "-w-", "rw-"]
            var entries = before.map(text)?.filter { !$0.hasPrefix("mask") } ?? ["user::rwx", "group::---", "other::---"]
            for _ in 0..<random.below(4) {
                let principal = random.chance(50) ? Principal.user(UInt32(random.below(5))) : .group(UInt32(random.below(5)))
                entries = without(entries, principal)
                let name = "\(principal)".replacing(" ", with: ":")
                if random.chance(60) { entries.append("\(name):\(random.pick(bits))") }
            }
            // `setfacl -x` leaves the mask of the last.
            let asked = try acl(entries.count > 3 ? entries : entries + ["mask::---"])
            let changes: [GrantChange]
            do throws(ACLError) { changes = try change(asked, subject) } catch {
                refused += 1
                continue
            }
            taken += 1
            let after = Subject(
                realm: .tree, kind: subject.kind, facet: subject.facet,
                levels: [apply(changes, to: subject.levels[0])] + subject.levels.dropFirst())
            var left = shown(after)?.named ?? [:]
            var wanted = asked.named.filter { !$0.value.isEmpty }
            let way: ACLEntry.Permissions = [.read, .execute]
            let wayOfManager: ACLEntry.Permissions = [.read, .write, .execute]
            // One who manages, or has something below, keeps the way there; so does one with a right that is not shown.
            for (principal, bits) in left where wanted[principal] == nil && subject.isFolder && !isDefault {
                let grants = after.levels[0].filter { $0.principal == principal }
                #expect(grants.allSatisfy { $0.rights == .manage } && bits == (grants.isEmpty ? way : wayOfManager))
                #expect(!grants.isEmpty || below.contains(principal))
                left[principal] = nil
                wanted[principal] = nil
            }
            // What was granted to the owner alone is not shown on an item.
            if !subject.isFolder {
                for owner in [shownOwner(subject, storeOwner: .max), shownOwner(after, storeOwner: .max)] {
                    left[.user(owner)] = nil
                    wanted[.user(owner)] = nil
                }
            }
            #expect(left == wanted, "\(path) \(isDefault): \(subject.levels), asked \(text(asked))")
            if shown(after)?.named == asked.named { #expect(try change(asked, after) == []) }
        }
        #expect(taken > 3000 && refused > 500)
    }

    private func apply(_ changes: [GrantChange], to grants: [Grant]) -> [Grant] {
        let changed = Set(changes.map(\.principal))
        return grants.filter { !changed.contains($0.principal) }
            + changes.filter { !$0.newDirectRights.isEmpty }.map { Grant($0.principal, $0.newDirectRights) }
    }

    private func changes(_ entries: [String]) throws -> [GrantChange] {
        try grantChanges(settingAccess: acl(entries), on: folder, below: below)
    }

    private func itemChanges(_ entries: [String]) throws -> [GrantChange] {
        try grantChanges(settingAccess: acl(entries), on: item)
    }

    private func defaultChanges(_ entries: [String]) throws -> [GrantChange] {
        try grantChanges(settingDefault: acl(entries), on: folder)
    }

    /// `setfacl -m`: with this entry instead of the one there was, and the mask recomputed unless it is what is set.
    private func set(_ entries: [String], _ entry: String) -> [String] {
        let name = entry.prefix { $0 != ":" } + ":" + entry.split(separator: ":", omittingEmptySubsequences: false)[1] + ":"
        return entries.filter { !$0.hasPrefix(name) && !$0.hasPrefix("mask") } + [entry]
    }

    /// `setfacl -x`.
    private func without(_ entries: [String], _ principal: Principal) -> [String] {
        let name = "\(principal)".replacing(" ", with: ":") + ":"
        return entries.filter { !$0.hasPrefix(name) && !$0.hasPrefix("mask") }
    }
}
