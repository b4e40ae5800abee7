// SPDX-License-Identifier: MIT

import Secrets
import Testing

/// Policy as rows. A world has grants at paths; a row says who may what where.
@Suite struct DecideTests {
    let alice = Identity(uid: 1000, gid: 1000, ownsStore: false)
    let bob = Identity(uid: 1001, gid: 1001, ownsStore: false)
    let carol = Identity(uid: 1002, gid: 1002, ownsStore: false)
    let root = Identity(uid: 0, gid: 0, ownsStore: true)

    private let world = World(
        grants: [
            "acme": [Grant(.user(1000), .manage)],
            "acme/web/db": [Grant(.user(1001), .read), Grant(.group(50), [.write])],
            "acme/web/db/vars": [Grant(.group(60), .read)],
            "acme/web/db/vars/PASSWORD": [Grant(.user(1002), [.read, .write])],
            "acme/api": [Grant(.user(1001), .run), Grant(.user(0), .read)],
            "acme/@org": [Grant(.user(1002), .list)],
        ])

    private func allow(
        _ right: String, _ path: String, _ caller: Identity, groups: [UInt32] = [],
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let answer = decide(try Rights.parse(right), on: world.subject(path), for: caller) { groups }
        #expect(answer.allowed, "\(answer.reason)", sourceLocation: location)
    }

    private func deny(
        _ right: String, _ path: String, _ caller: Identity, groups: [UInt32] = [],
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let answer = decide(try Rights.parse(right), on: world.subject(path), for: caller) { groups }
        #expect(!answer.allowed, "\(answer.reason)", sourceLocation: location)
    }

    @Test func `a grant covers everything below`() throws {
        try allow("read", "acme/web/db", bob)
        try allow("read", "acme/web/db/vars/PASSWORD", bob)
        try allow("read", "acme/web/db/files/.ssh/id_rsa", bob)
        try allow("read", "acme/web/db/env", bob)
        try deny("read", "acme/web", bob)
        try deny("read", "acme/web/other/vars/PASSWORD", bob)
        try deny("read", "acme/web@production/db/vars/PASSWORD", bob)
    }

    @Test func `any right lists and nothing else follows`() throws {
        for right in ["list", "read"] { try allow(right, "acme/web/db", bob) }
        for right in ["write", "run", "manage"] { try deny(right, "acme/web/db", bob) }
        try allow("list", "acme/web/db/vars/PASSWORD", bob)
        try allow("list", "acme/api", bob)
        try allow("run", "acme/api/key", bob)
        try deny("read", "acme/api/key/env", bob)
        try allow("list", "acme/@org/awskey", carol)
        try deny("read", "acme/@org/awskey", carol)
    }

    @Test func `managing is not reading`() throws {
        try allow("manage", "acme/web/db/vars/PASSWORD", alice)
        try allow("list", "acme/web/db", alice)
        for right in ["read", "write", "run"] { try deny(right, "acme/web/db/vars/PASSWORD", alice) }
        try deny("manage", "other/web", alice)
    }

    @Test func `groups`() throws {
        try allow("write", "acme/web/db/vars/PASSWORD", alice, groups: [10, 50])
        try deny("write", "acme/web/db/vars/PASSWORD", alice, groups: [10])
        try allow("write", "acme/web/db/env", Identity(uid: 7, gid: 50, ownsStore: false))
        try deny("write", "acme/web/db", Identity(uid: 50, gid: 1, ownsStore: false))
        try deny("read", "acme/web/db", Identity(uid: 7, gid: 1001, ownsStore: false), groups: [1001])
    }

    /// `env` needs the right on itself, on `vars` or above: who may read one variable may not read them all.
    @Test func `env takes more than one variable`() throws {
        try allow("read", "acme/web/db/vars/PASSWORD", carol)
        try deny("read", "acme/web/db/env", carol)
        try deny("write", "acme/web/db/env", carol)
        try deny("read", "acme/web/db/vars/USER", carol)
        try allow("read", "acme/web/db/env", alice, groups: [60])
        try deny("read", "acme/web/db/files/key", alice, groups: [60])
    }

    @Test func `the owner of the store manages and writes but reads nothing`() throws {
        for path in ["", ".users", "acme", "acme/web", "acme/web/db", "acme/web/db/env", "acme/web/db/vars/PASSWORD"] {
            for right in ["list", "write", "manage"] { try allow(right, path, root) }
            for right in ["read", "run"] { try deny(right, path, root) }
        }
        try allow("read", "acme/api/key/vars/A", root)
    }

    @Test func `the top is the owners`() throws {
        try allow("list", "", bob)
        for right in ["read", "write", "run", "manage"] { try deny(right, "", bob) }
        for right in ["list", "read", "write", "run", "manage"] { try deny(right, ".users", bob) }
    }

    @Test func `homes are never shared`() throws {
        for path in [".users/1001", ".users/1001/mail", ".users/1001/mail/vars/PASSWORD", ".users/1001/mail/env"] {
            for right in ["list", "read", "write", "run", "manage"] {
                try allow(right, path, bob)
                try deny(right, path, carol, groups: [1001, 50])
            }
            for right in ["list", "manage"] { try allow(right, path, root) }
            // Root may remove what is in a home, and plant nothing there.
            for right in ["read", "write", "run"] { try deny(right, path, root) }
        }
        let own = Identity(uid: 1001, gid: 1001, ownsStore: true)
        try allow("read", ".users/1001/mail/env", own)
    }

    /// Even if there were a grant in a home, or on the root, it would not count.
    @Test func `grants where there can be none`() throws {
        let level = [[Grant(.user(1002), .all), Grant(.group(9), .all)]]
        for subject in [
            Subject(realm: .home(owner: 1001), kind: .variable, levels: level),
            Subject(realm: .tree, kind: .root, levels: level), Subject(realm: .tree, kind: .users, levels: level),
        ] {
            #expect(!decide(.read, on: subject, for: carol) { [9] }.allowed)
            #expect(!decide(.write, on: subject, for: carol) { [9] }.allowed)
        }
    }

    @Test func `only one right that there is`() {
        let subject = Subject(realm: .tree, kind: .secret, levels: [[Grant(.user(1001), Rights(rawValue: 0xFF))]])
        for rights in [Rights([]), [.read, .write], .all, Rights(rawValue: 32), Rights(rawValue: 128)] {
            #expect(!decide(rights, on: subject, for: bob) { [] }.allowed)
            #expect(!decide(rights, on: subject, for: root) { [] }.allowed)
        }
        #expect(effectiveRights(on: subject, for: bob) { [] } == .all)
    }

    @Test func `an id that the kernel could not express`() {
        let unknown = Identity(uid: .max, gid: .max, ownsStore: true)
        let grants = [[Grant(.user(.max), .all), Grant(.group(.max), .all)]]
        for realm in [Realm.tree, .home(owner: .max)] {
            let subject = Subject(realm: realm, kind: .variable, levels: grants)
            #expect(decide(.read, on: subject, for: unknown) { [] } == Decision(allowed: false, reason: .unknownCaller))
            #expect(effectiveRights(on: subject, for: unknown) { [] } == [])
        }
    }

    @Test func `groups are asked for only when they matter`() throws {
        struct Asked: Error {}
        let refuse: () throws(Asked) -> [UInt32] = { () throws(Asked) in throw Asked() }
        // A grant to the uid, to the request's own group, or to nobody who could be meant.
        #expect(try decide(.read, on: world.subject("acme/web/db/env"), for: bob, groups: refuse).allowed)
        let inGroup = Identity(uid: 7, gid: 50, ownsStore: false)
        #expect(try decide(.write, on: world.subject("acme/web/db"), for: inGroup, groups: refuse).allowed)
        #expect(try !decide(.run, on: world.subject("acme/web/db"), for: carol, groups: refuse).allowed)
        #expect(try decide(.manage, on: world.subject("acme/web/db"), for: root, groups: refuse).allowed)
        #expect(throws: Asked.self) {
            try decide(.write, on: world.subject("acme/web/db"), for: bob, groups: refuse)
        }
    }

    @Test func `reasons`() throws {
        func reason(_ right: Rights, _ path: String, _ caller: Identity, groups: [UInt32] = []) -> String {
            decide(right, on: world.subject(path), for: caller) { groups }.reason
                .description(levels: world.levelNames(path))
        }
        #expect(reason(.read, "acme/web/db/env", bob) == "grant to user 1001 on acme/web/db")
        #expect(reason(.write, "acme/web/db/vars/A", bob, groups: [50]) == "grant to group 50 on acme/web/db")
        #expect(reason(.manage, "acme/web/db", alice) == "grant to user 1000 on acme")
        #expect(reason(.write, "acme/web", bob) == "no grant")
        #expect(reason(.write, "acme", root) == "owner of the store")
        #expect(reason(.read, "acme", root).hasPrefix("no grant, and owning the store"))
        #expect(reason(.read, ".users/1001/mail", bob) == "owner of the home")
        #expect(reason(.read, ".users/1001/mail", carol) == "in the home of another user")
        #expect(reason(.list, "", carol) == "open to everybody")
        #expect(Reason.grant(.user(1), level: 9).description(levels: []) == "grant to user 1")
    }

    /// Of several grants that would do, the nearest is the reason.
    @Test func `the nearest grant is the reason`() {
        let both = World(grants: ["acme": [Grant(.user(1001), .read)], "acme/web": [Grant(.group(50), .read)]])
        let decision = decide(.read, on: both.subject("acme/web/db"), for: Identity(uid: 1001, gid: 50, ownsStore: false)) {
            []
        }
        #expect(decision.reason == .grant(.group(50), level: 1))
    }
}

/// A tree that exists as far as it is asked for, with grants at paths.
struct World {
    var grants: [String: [Grant]]

    /// The path itself and what a grant to it may be inherited from, nearest first.
    func levelNames(_ path: String) -> [String] {
        var parts = path.split(separator: "/").map(String.init)
        var names: [String] = []
        if parts.count == 4, parts[3] == "env" {
            names.append(path)
            parts[3] = "vars"
        }
        while !parts.isEmpty {
            names.append(parts.joined(separator: "/"))
            parts.removeLast()
        }
        return names
    }

    func subject(_ path: String) -> Subject {
        var parts = path.split(separator: "/").map(String.init)
        var realm = Realm.tree
        if parts.count >= 2, parts[0] == ".users", let uid = UInt32(parts[1]) {
            realm = .home(owner: uid)
            // A home has secrets where a project has them.
            parts = ["", ""] + parts.dropFirst(2)
        }
        let (kind, facet): (NodeKind, Facet) =
            switch (parts.count, parts.last) {
            case (0, _): (.root, .itself)
            case (1, ".users"): (.users, .itself)
            case (1, _): (.organization, .itself)
            case (2, "@org"): (.shared, .itself)
            case (2, _): realm != .tree ? (.home, .itself) : (parts[1].contains("@") ? .target : .project, .itself)
            case (3, _): (.secret, .itself)
            case (4, "env"): (.secret, .env)
            case (4, "vars"): (.secret, .vars)
            case (4, _): (.secret, .files)
            default: parts[3] == "vars" ? (.variable, .itself) : (.file, .itself)
            }
        let levels = levelNames(path).map { grants[$0] ?? [] }
        return Subject(realm: realm, kind: kind, facet: facet, levels: levels)
    }
}
