// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Jobs that are bound to a control group: inside is who sits in it or below.
@Suite struct JobCgroupTests {
    /// Starts one, and gives its id.
    private func job(_ group: ControlGroup, _ words: String..., in world: JobWorld, as caller: TestUser = .root) throws -> String {
        try world.run(["--cgroup", group.path, "--detach"] + words, as: caller).orThrow().text
    }

    /// `VIEW` is that of root's job, `AGENT` of alice's, which is bound to a group of her own.
    private static let places = """
        member   | link job                 | -> VIEW
        member   | names job/vars           | DB MORE SHARED
        member   | show job/vars/DB         | = web/db
        member   | show VIEW/env            | = DB=web/db|MORE=web/more|SHARED=web/db|
        member   | look job/vars/DB         | 100400 0 6 1
        member   | show acme/web/db/vars/DB | = web/db
        member   | show acme/@org/aws/vars/AWS | open EACCES
        member   | show AGENT/vars/AWS      | open EACCES
        member   | open w acme/web/db/vars/DB | open EACCES
        member   | mkdir beta               | mkdir EACCES
        member   | sh tacit lock 2>/dev/null | exit 3
        below    | link job                 | -> VIEW
        below    | show job/vars/DB         | = web/db
        left     | show job/vars/DB         | = web/db
        space    | show VIEW/vars/DB        | = web/db
        beside   | link job                 | readlink ENOENT
        beside   | show VIEW/vars/DB        | open EACCES
        beside   | names VIEW               | opendir EACCES
        root     | show VIEW/vars/DB        | open EACCES
        root     | show AGENT/vars/AWS      | open EACCES
        # Another user in it finds what is root's; alice has her own.
        alice    | show VIEW/vars/DB        | open EACCES
        agent    | link job                 | -> AGENT
        agent    | show job/vars/AWS        | = @org/aws
        agent    | show VIEW/vars/DB        | open EACCES
        agent    | show acme/api/key/vars/KEY | open EACCES
        outside  | show AGENT/vars/AWS      | open EACCES
        outside  | show acme/api/key/vars/KEY | = api/key
        # A job that is started in the group is within it.
        within   | link job                 | -> WITHIN
        within   | show job/vars/MORE       | = web/more
        within   | show VIEW/vars/DB        | open EACCES
        within   | show acme/web/db/vars/DB | open EACCES
        member   | show WITHIN/vars/MORE    | open EACCES
        """

    @Test func `inside is who sits in the group`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            try mount.grant("read", on: "acme/web", to: "user:0")
            try mount.grant("read", on: "acme/@org", to: "user:0")
            let group = try ControlGroup()
            let (lower, beside, own) = (try group.below("lower"), try ControlGroup(group.path + "x"), try ControlGroup(owner: alice))
            let view = ".jobs/" + (try job(group, "-p", "acme/web", "-s", "more", "-s", "db", in: world))
            let agents = ".jobs/" + (try job(own, "-p", "acme/web", "-s", "aws", in: world, as: alice))

            try expectPlaces(
                world, [("member", group), ("below", lower), ("beside", beside), ("alice", group), ("agent", own)], view, agents)
            // They are empty now.
            for group in [lower, group, beside, own] { try group.remove() }
        }
    }

    private func expectPlaces(_ world: JobWorld, _ members: [(String, ControlGroup)], _ view: String, _ agents: String) throws {
        let (member, agent) = (try world.outsider(.root), try world.outsider())
        var places = [
            "member": member, "agent": agent, "below": try world.outsider(.root), "beside": try world.outsider(.root),
            "root": try world.outsider(.root), "alice": try world.outsider(), "outside": try world.outsider(),
        ]
        for (name, group) in members {
            if let puppet = places[name] { try group.take(puppet) }
        }
        let within = try member.spawn("tacit", "run", "-p", "acme/web", "-s", "more", "--")
        places.merge(["left": try member.orphan(), "space": try member.spawn("unshare", "-C"), "within": within]) { $1 }
        let own = try within.tell("link job").replacingOccurrences(of: "-> ", with: "")
        try expectRows(Self.places, ["VIEW": view, "AGENT": agents, "WITHIN": own]) { row in
            try places[row[0]]?.tell(row[1]) ?? "no such place"
        }
    }

    @Test func `who is moved is where it was moved to, and a group that was removed has no job`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let group = try ControlGroup(owner: alice)
            let id = try job(group, "-p", "acme/web", "-s", "db", in: world, as: alice)
            let puppet = try world.outsider()
            let questions = ["show .jobs/\(id)/vars/DB", "show acme/api/key/vars/KEY"]
            func expectAnswers(_ answers: String...) throws { try expect(questions.map { try puppet.tell($0) }, answers) }
            for _ in 0..<3 {
                try expectAnswers("open EACCES", "= api/key")
                try group.take(puppet)
                try expectAnswers("= web/db", "open EACCES")
                try group.release(puppet)
            }
            try group.take(puppet)
            try puppet.tell("keep a job/vars/DB")
            #expect(try mount.tacit("jobs", as: alice).orThrow().text.contains(id))
            try group.release(puppet)
            try group.remove()
            #expect(!(try mount.tacit("jobs", as: alice).orThrow().text.contains(id)))
            try expect(puppet.tell("again a"), "= web/db")
            // One of the same name is another.
            let again = try ControlGroup(group.path, owner: alice)
            try again.take(puppet)
            for line in ["reopen a", questions[0]] {
                let answer = try puppet.tell(line)
                #expect(isGone(answer), "\(line): \(answer)")
            }
            try expect(puppet.tell("show acme/api/key/vars/KEY"), "= api/key")
            try again.release(puppet)
        }
    }

    @Test func `whose groups a job can be bound to`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let group = try ControlGroup()
            let own = try ControlGroup(owner: alice)
            for (path, caller, complaint) in [
                (group.path, alice, "is not yours"), ("/", TestUser.root, "no control group that a job can be bound to"),
                (group.path + "/none", .root, "no control group that a job can be bound to"),
                (own.path + "/../" + String(group.path.dropFirst()), alice, "no control group that a job can be bound to"),
                (mount.point, .root, "no control group that a job can be bound to"), (own.path, bob, "is not yours"),
            ] {
                let outcome = try world.run(["-p", "acme/web", "-s", "db", "--cgroup", path, "--detach"], as: caller)
                #expect(!outcome.succeeded && outcome.text.isEmpty && outcome.complaint.contains(complaint), "\(outcome)")
            }
            _ = try job(own, "-p", "acme/web", "-s", "db", in: world, as: alice)
            #expect(!(try world.run(["-p", "acme/web", "-s", "db", "--cgroup", own.path, "--detach"])).succeeded)
            // Nobody binds one from inside of a job: not even their own.
            let second = try ControlGroup(owner: alice)
            let inside = try world.job("-p", "acme/web", "-s", "db").inside
            try expect(inside.tell("sh tacit run -p acme/web -s db --cgroup \(second.path) --detach 2>/dev/null"), "exit 125")
        }
    }

    @Test func `who is in one that was ended has nothing, until another takes its place`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            try mount.grant("read", on: "acme/web", to: "user:0")
            let group = try ControlGroup(owner: alice)
            let puppet = try world.outsider()
            try group.take(puppet)
            let questions = ["link job", "show job/vars/DB", "show acme/api/key/vars/KEY"]
            let nothing = ["readlink ENOENT", "open ENOENT", "open EACCES"]
            func expectAnswers(_ answers: [String]) throws { try expect(questions.map { try puppet.tell($0) }, answers) }
            func end(_ id: String) throws {
                try mount.tacit("jobs", "--end", id).orThrow()
                #expect(!(try mount.tacit("jobs", "--end", id).succeeded))
                #expect(!(try mount.tacit("jobs").orThrow().text.contains(id)))
                try expectAnswers(nothing)
            }
            // Alice may not hand its processes what she has, where root has ended one of its own.
            let roots = try job(group, "-p", "acme/web", "-s", "db", in: world)
            try expectAnswers(["-> .jobs/\(roots)", "open EACCES", "open EACCES"])
            try end(roots)
            #expect(!(try world.run(["-p", "acme/web", "-s", "db", "--cgroup", group.path, "--detach"])).succeeded)
            try expectAnswers(nothing)
            let again = try job(group, "-p", "acme/web", "-s", "db", in: world)
            try expectAnswers(["-> .jobs/\(again)", "open EACCES", "open EACCES"])
            try end(again)
            // Outside is who is moved out of it, and it goes with the group.
            try group.release(puppet)
            try expectAnswers(["readlink ENOENT", "open ENOENT", "= api/key"])
            try group.remove()
            let own = try ControlGroup(group.path, owner: alice)
            try own.take(puppet)
            try expectAnswers(["readlink ENOENT", "open ENOENT", "= api/key"])
            // Of her own she may, and so may root.
            for caller in [alice, alice, .root] {
                let id = try job(own, "-p", "acme/web", "-s", "db", in: world, as: caller)
                try expectAnswers(["-> .jobs/\(id)", caller.uid == 0 ? "open EACCES" : "= web/db", "open EACCES"])
                try end(id)
            }
            try own.release(puppet)
        }
    }

    @Test func `its folder is mounted into a container that is bound by its group`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            try mount.grant("read", on: "acme/web", to: "user:0")
            let group = try ControlGroup()
            let id = try job(group, "-p", "acme/web", "-s", "db", in: world)
            // As a container's runtime: mounts are made by root, outside of the group; the process is put into it later.
            let target = try mount.scratch.folder("container", mode: 0o755)
            let mounting = "mount --bind \"$0\" \"$1\" && shift && exec \"$@\""
            let puppet = try Puppet(
                mount, "unshare", "-m", "--propagation", "private", "sh", "-c", mounting, "\(mount.point)/.jobs/\(id)", target, as: .root)
            try expect(puppet.tell(each: "show \(target)/vars/DB", "names \(target)"), ["open EACCES", "opendir EACCES"])
            try group.take(puppet)
            try expect(
                puppet.tell(each: "names \(target)", "show \(target)/vars/DB", "show \(target)/env", "show \(target)/files/.ssh/id"),
                ["env files vars", "= web/db", "= DB=web/db|SHARED=web/db|", "= web/db"])
            try mount.must("printf rotated > acme/web/db/vars/DB")
            try expect(puppet.tell("show \(target)/vars/DB"), "= rotated")
            // Root outside of the group, in the same namespace of mounts.
            let root = try Puppet(mount, "nsenter", "-t", puppet.pid(), "-m", as: .root)
            try expect(
                root.tell(each: "show \(target)/vars/DB", "names \(target)", "show \(target)/env"),
                [
                    "open EACCES", "opendir EACCES", "open EACCES",
                ])
            try mount.tacit("jobs", "--end", id).orThrow()
            for line in ["show \(target)/vars/DB", "show \(target)/env"] {
                let answer = try puppet.tell(line)
                #expect(isGone(answer), "\(line): \(answer)")
            }
            try group.release(puppet)
        }
    }
}
