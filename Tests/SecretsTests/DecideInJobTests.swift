// SPDX-License-Identifier: MIT

import Secrets
import Testing

/// What a process inside a job may do, by whatever path, and what those outside may.
@Suite struct DecideInJobTests {
    /// A secret of the job, one beside it, and one of which a single variable was added; with all that is above them.
    private struct Tree {
        let organization: Inode, project: Inode, api: Inode
        let db: NodeID, other: NodeID, key: NodeID
        let password: Inode, lost: Inode, otherPassword: Inode, added: Inode, sibling: Inode

        init() throws {
            (organization, project, api) = (Inode(try node(1)), Inode(try node(2)), Inode(try node(3)))
            (db, other, key) = (try node(10), try node(20), try node(30))
            (password, lost) = (Inode(try node(11)), Inode(try node(12)))
            (otherPassword, added, sibling) = (Inode(try node(21)), Inode(try node(31)), Inode(try node(32)))
        }

        func above(_ secret: NodeID) -> [Inode] { [secret == key ? api : project, organization] }

        func above(itemOf secret: NodeID) -> [Inode] { [Inode(secret, .vars), Inode(secret)] + above(secret) }

        func access() throws -> JobAccess {
            let addition = JobAddition(
                .variable(bytes("KEY")), try Reference.parse("acme/api/key/vars/A"),
                .item(added, .use, .standard, .sameOrganization))
            let selection = try JobSelection(
                of: try JobScope("acme/web"), .plain,
                from: [
                    JobCandidate(db, bytes("db"), in: .project, .use, .standard),
                    JobCandidate(other, bytes("other"), in: .project, .use, .standard),
                ], named: [bytes("db")], adding: [addition])
            return JobAccess(selection, scopes: [project], above: above(db) + above(itemOf: key))
        }
    }

    private func standing(_ policy: AccessPolicy = .standard, _ starterMayUse: Bool = true) throws -> JobStanding {
        JobStanding(scope: try JobScope("acme/web"), policy: policy, origin: .sameOrganization, starterMayUse: starterMayUse)
    }

    @Test func `the jobs rights and no others`() throws {
        let tree = try Tree()
        let access = try tree.access()
        let rows: [(place: String, inode: Inode, above: [Inode], allowed: Rights)] = [
            ("/", .root, [], .list),
            ("acme", tree.organization, [], .list),
            ("acme/web", tree.project, [tree.organization], .list),
            ("acme/web/db", Inode(tree.db), tree.above(tree.db), [.list, .read, .run]),
            ("acme/web/db/vars", Inode(tree.db, .vars), [Inode(tree.db)] + tree.above(tree.db), [.list, .read, .run]),
            ("acme/web/db/env", Inode(tree.db, .env), [Inode(tree.db)] + tree.above(tree.db), [.list, .read, .run]),
            ("acme/web/db/vars/PASSWORD", tree.password, tree.above(itemOf: tree.db), [.list, .read, .run]),
            ("acme/web/db/vars/LOST", tree.lost, tree.above(itemOf: tree.db), [.list, .read, .run]),
            ("acme/web/other", Inode(tree.other), tree.above(tree.other), []),
            ("acme/web/other/env", Inode(tree.other, .env), [Inode(tree.other)] + tree.above(tree.other), []),
            ("acme/web/other/vars/PASSWORD", tree.otherPassword, tree.above(itemOf: tree.other), []),
            ("acme/api", tree.api, [tree.organization], .list),
            ("acme/api/key", Inode(tree.key), tree.above(tree.key), .list),
            ("acme/api/key/vars", Inode(tree.key, .vars), [Inode(tree.key)] + tree.above(tree.key), .list),
            ("acme/api/key/files", Inode(tree.key, .files), [Inode(tree.key)] + tree.above(tree.key), []),
            ("acme/api/key/env", Inode(tree.key, .env), [Inode(tree.key)] + tree.above(tree.key), []),
            ("acme/api/key/vars/A", tree.added, tree.above(itemOf: tree.key), [.list, .read, .run]),
            ("acme/api/key/vars/B", tree.sibling, tree.above(itemOf: tree.key), []),
            ("user", Inode(NodeID(home: 1001)), [Inode(.users)], []),
            (".users", Inode(.users), [], []),
        ]
        for row in rows {
            // By its number alone, in a folder that is not covered.
            if row.above.first.map({ !access.covers($0, above: Array(row.above.dropFirst())) }) ?? true {
                #expect(access.mayHold(row.inode) == row.allowed.contains(.list), "\(row.place)")
            }
            for mode in JobPolicyTests.modes {
                for (right, word) in Rights.words {
                    let decision = try decide(right, on: row.inode, above: row.above, in: access, mode) { try standing() }
                    #expect(decision.allowed == row.allowed.contains(right), "\(word) \(row.place): \(decision.reason)")
                }
            }
        }
    }

    /// A policy or a grant that is gone refuses the next open, whatever the job could at its start.
    @Test func `each open is decided anew`() throws {
        let tree = try Tree()
        let access = try tree.access()
        let rows: [(standing: JobStanding, mode: JobMode, reason: String?)] = [
            (try standing(), .plain, nil), (try standing(), [.debug, .attached], nil),
            (try standing(try policy(["projects=none"])), .plain, "its policy does not admit project \"web\""),
            (try standing(try policy(["projects=api"])), .plain, "its policy does not admit project \"web\""),
            (try standing(try policy(["projects=web"])), .plain, nil),
            (try standing(try policy(["debug=deny"])), .debug, "its policy does not allow debug sessions"),
            (try standing(try policy(["attach=deny"])), .attached, "its policy does not allow attached shells"),
            (try standing(try policy(["attach=deny"])), JobMode.plain.nested(in: .attached), "its policy does not allow attached shells"),
            (try standing(try policy(["attach=deny", "debug=deny"])), .plain, nil),
            (try standing(.standard, false), .plain, "the user who started the job may no longer run or read it"),
            (try standing(try policy(["projects=none"]), false), .plain, "its policy does not admit project \"web\""),
        ]
        for row in rows {
            for (inode, secret) in [(tree.password, tree.db), (tree.added, tree.key)] {
                let above = tree.above(itemOf: secret)
                let decision = decide(.read, on: inode, above: above, in: access, row.mode) { row.standing }
                #expect(decision.allowed == (row.reason == nil))
                #expect(decision.reason.description == row.reason ?? "given to the job")
                // Names stay to be seen.
                #expect(decide(.list, on: inode, above: above, in: access, row.mode) { row.standing }.allowed)
                // What is not the job's is refused for that, or for what the job does not have it for.
                let outside = decide(.read, on: tree.otherPassword, above: tree.above(itemOf: tree.other), in: access, row.mode) {
                    row.standing
                }
                #expect(!outside.allowed)
                let isOthers = row.reason?.contains("does not admit") ?? false
                #expect(outside.reason.description == (isOthers ? row.reason : "not given to the job"))
            }
        }
    }

    /// A secret that was moved to another project is that project's, whoever had it before.
    @Test func `what was moved out of the scopes is no longer the jobs`() throws {
        let tree = try Tree()
        let access = try tree.access()
        let now = try standing()
        let elsewhere = [Inode(tree.db, .vars), Inode(tree.db), tree.api, tree.organization]
        for right in [Rights.list, .read, .run] {
            let decision = decide(right, on: tree.password, above: elsewhere, in: access, .plain) { now }
            #expect(decision == Decision(allowed: false, reason: .notOfJob))
        }
    }

    @Test func `standing is asked only when it matters`() throws {
        struct Asked: Error {}
        let tree = try Tree()
        let access = try tree.access()
        let refuse: () throws(Asked) -> JobStanding = { () throws(Asked) in throw Asked() }
        let above = tree.above(itemOf: tree.db)
        for right in [Rights.list, .write, .manage] {
            _ = try decide(right, on: tree.password, above: above, in: access, .plain, standing: refuse)
        }
        _ = try decide(.list, on: tree.otherPassword, above: tree.above(itemOf: tree.other), in: access, .plain, standing: refuse)
        #expect(throws: Asked.self) { try decide(.read, on: tree.password, above: above, in: access, .plain, standing: refuse) }
    }

    @Test func `only one right that there is`() throws {
        let tree = try Tree()
        let access = try tree.access()
        for right in [Rights([]), [.list, .read], .all, Rights(rawValue: 32), Rights(rawValue: 128)] {
            let decision = try decide(right, on: tree.password, above: tree.above(itemOf: tree.db), in: access, .plain) { try standing() }
            #expect(decision == Decision(allowed: false, reason: .insideJob))
            #expect(!decide(right, onViewOf: JobID(random: 1), inside: JobID(random: 1)).allowed)
        }
    }

    @Test func `nothing but its own view`() {
        let (job, other) = (JobID(random: 1), JobID(random: 2))
        for (right, word) in Rights.words {
            let looks = right == .list || right == .read
            #expect(decide(right, onViewOf: job, inside: job).allowed == looks, "\(word)")
            for outside in [nil, other] {
                #expect(decide(right, onViewOf: job, inside: outside) == Decision(allowed: false, reason: .outsideJob))
            }
        }
    }

    @Test func `who may start and attach`() {
        let bob = Identity(uid: 1001, gid: 1001, ownsStore: false)
        let root = Identity(uid: 0, gid: 0, ownsStore: true)
        let grants: [(rights: Rights, may: Bool)] = [
            ([], false), (.list, false), (.write, false), (.manage, false), (.run, true), (.read, true), ([.read, .run], true),
        ]
        for (rights, may) in grants {
            let subject = Subject(realm: .tree, kind: .secret, levels: [[], [Grant(.user(1001), rights)]])
            #expect(decideUse(on: subject, for: bob) { [] }.allowed == may, "\(rights)")
            #expect(!decideUse(on: subject, for: root) { [] }.allowed)
        }
        let home = Subject(realm: .home(owner: 1001), kind: .secret, levels: [])
        #expect(decideUse(on: home, for: bob) { [] }.allowed && !decideUse(on: home, for: root) { [] }.allowed)

        let job = JobID(random: 1)
        #expect(decideAttach(startedBy: 1001, for: bob, inside: nil).allowed)
        for (caller, inside) in [(bob, job), (root, nil), (root, job), (Identity(uid: 1002, gid: 1001, ownsStore: false), nil)] {
            #expect(!decideAttach(startedBy: 1001, for: caller, inside: inside).allowed)
        }
        #expect(!decideAttach(startedBy: .max, for: Identity(uid: .max, gid: 0, ownsStore: true), inside: nil).allowed)
    }

    @Test func `who may end a job and know of it`() {
        let (job, other) = (JobID(random: 1), JobID(random: 2))
        let bob = Identity(uid: 1001, gid: 1001, ownsStore: false)
        let carol = Identity(uid: 1002, gid: 1001, ownsStore: false)
        let root = Identity(uid: 0, gid: 0, ownsStore: true)
        let unknown = Identity(uid: .max, gid: 0, ownsStore: true)
        let rows: [(caller: Identity, inside: JobID?, end: Reason, ends: Bool, lists: Bool)] = [
            (bob, nil, .starterOfJob, true, true), (root, nil, .ownerOfStore, true, true), (carol, nil, .notStarter, false, false),
            (bob, job, .insideJob, false, true), (bob, other, .insideJob, false, false),
            (root, job, .insideJob, false, true), (root, other, .insideJob, false, false),
            (carol, job, .insideJob, false, true), (unknown, nil, .unknownCaller, false, false),
        ]
        for row in rows {
            #expect(decideEnd(startedBy: 1001, for: row.caller, inside: row.inside) == Decision(allowed: row.ends, reason: row.end))
            #expect(mayList(job, startedBy: 1001, for: row.caller, inside: row.inside) == row.lists, "\(row.caller.uid)")
        }
        #expect(!decideEnd(startedBy: .max, for: Identity(uid: .max, gid: 0, ownsStore: false), inside: nil).allowed)
        #expect(!mayList(job, startedBy: .max, for: Identity(uid: .max, gid: 0, ownsStore: false), inside: nil))
    }
}
