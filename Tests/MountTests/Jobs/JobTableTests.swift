// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What a job has, and who finds it from where: one mount and a few processes for all rows of a table.
@Suite struct JobTableTests {
    /// What is in `job/env`, or why there is no job, and what `tacit run` says.
    private static let starts = """
        -p acme/web \(JobWorld.all) | AWS=@org/aws DB=web/db LIVE=@org/live MORE=web/more P=@org/proxy QUIET=@org/quiet SHARED=web/more
        -p acme/api \
            | DB=@org/db KEY=api/key LIVE=@org/live ONLY_ORG=@org/db P=@org/proxy QUIET=@org/quiet SHARED=@org/proxy
        -p acme/web -t production -s db           | DB=web@production/db
        -p acme/web@production -s db              | DB=web@production/db
        -p acme/web@production -t production -s db | DB=web@production/db
        -p acme/web -s db                         | DB=web/db SHARED=web/db
        -p acme/api -s db                         | DB=@org/db ONLY_ORG=@org/db
        -p acme/web -s aws                        | AWS=@org/aws
        -p acme/web -s db -s more                 | DB=web/db MORE=web/more SHARED=web/more
        -p acme/web -s more -s db                 | DB=web/db MORE=web/more SHARED=web/db
        -p acme/web -s db -s more -s db           | DB=web/db MORE=web/more SHARED=web/db
        -p acme/web -s proxy -s db                | DB=web/db P=@org/proxy SHARED=web/db
        -p acme/web -s db -s proxy                | DB=web/db P=@org/proxy SHARED=web/db
        -p acme/web -t production -s db -s more   | DB=web@production/db MORE=web/more SHARED=web/more
        -p acme/web -s aws --env X=acme/web/db/vars/DB | AWS=@org/aws X=web/db
        -p acme/web -s aws --env X=secret:acme/api/key | AWS=@org/aws X=api/key
        -p acme/web -s db --env DB=acme/api/key   | DB=api/key SHARED=web/db
        -p acme/web -s aws --env A=acme/web/db/vars/DB --env A=acme/api/key | A=api/key AWS=@org/aws
        -p acme/web -s aws --env A=user/own       | A=of alice AWS=@org/aws
        """

    @Test func `scopes and collisions: the narrowest scope wins, and what is named later`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            try mount.must("mkdir user/own && printf 'of alice' > user/own/vars/A", as: alice)
            try expectRows(Self.starts) { row in
                let outcome = try world.run(row[0].split(separator: " ").map(String.init) + ["--no-mask", "--", "cat", "job/env"])
                guard outcome.succeeded else { return "\(outcome)" }
                return outcome.lines.joined(separator: " ").replacingOccurrences(of: "'", with: "")
            }
        }
    }

    /// What `tacit run` says of collisions, in order.
    private static let notes = """
        -p acme/web -s aws                 |
        -p acme/web -s db                  | acme/web/db hides acme/@org/db: the narrower scope wins
        -p acme/web -t production -s db \
            | acme/web@production/db hides acme/web/db: the narrower scope wins; \
            acme/web@production/db hides acme/@org/db: the narrower scope wins
        -p acme/web -s more -s proxy       | variable SHARED is that of acme/web/more, not of acme/@org/proxy: the narrower scope wins
        -p acme/web@production -s db -s more -s proxy \
            | acme/web@production/db hides acme/web/db: the narrower scope wins; \
            acme/web@production/db hides acme/@org/db: the narrower scope wins; \
            variable SHARED is that of acme/web/more, not of acme/@org/proxy: the narrower scope wins
        -p acme/web -s aws -s key2 -s key1 | variable K is that of acme/web/key1, not of acme/web/key2: what is named later wins
        -p acme/web -s aws --env AWS=acme/api/key \
            | variable AWS is that of acme/api/key, not of acme/@org/aws: what the command line places wins
        -p acme/web -s aws --env A=acme/web/db/vars/DB --env A=acme/api/key \
            | variable A is that of acme/api/key, not of acme/web/db/vars/DB: what is named later wins
        -p acme/web -s aws --file acme/web/db/vars/DB:a --file acme/api/key:a/b \
            | file a/b of acme/api/key leaves no place for file a of acme/web/db/vars/DB: what is named later wins
        """

    /// Why there is no job: its exit status, and what is said.
    private static let refusals = """
        alice   | -p acme/web                   | 125 acme/web: acme/web/key1 and acme/web/key2 both have variable K, acme/web/db and acme/web/more both have variable SHARED
        alice   | -p acme/web -s nothing        | 125 nothing: no such secret in acme/web, acme/@org
        alice   | -p acme/web -t production -s nothing | 125 nothing: no such secret in acme/web@production, acme/web, acme/@org
        alice   | -p acme/api -s aws            | 125 acme/@org/aws: its policy does not admit project "api"
        alice   | -p acme/web --debug           | 125 acme/@org/live: its policy does not allow debug sessions
        alice   | -p acme/web --debug -s live -s quiet | 125 acme/@org/live: its policy does not allow debug sessions
        alice   | -p acme/api -s db --env A=acme/@org/aws/vars/AWS | 125 acme/@org/aws/vars/AWS: its policy does not admit project "api"
        alice   | -p acme/web --env A=acme/vault/key | 125 what is given for A leads to nothing in the tree, or nothing that you may see
        alice   | -p acme/web --env A=acme/web/db | 125 acme/web/db: no variable or file, and no secret that holds exactly one
        alice   | -p acme/vault                 | 125 acme/vault: no such project
        mallory | -p acme/web                   | 125 acme: no such organization
        bob     | -p acme/web --env A=acme/api/key | 125 what is given for A leads to nothing in the tree, or nothing that you may see
        carol   | -p acme/web \
            | 125 acme/web/db: no grant to run or read it; acme/web/key1: no grant to run or read it; \
            acme/web/key2: no grant to run or read it; acme/web/more: no grant to run or read it
        carol   | -p acme/web -s more           | 125 acme/web/more: no grant to run or read it
        """

    @Test func `collisions are told, and what can't be had is an error before the command starts`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            try mount.must("for n in 1 2; do mkdir acme/web/key$n; printf $n > acme/web/key$n/vars/K; done")
            try mount.grant("list", on: "acme/web", to: "user:1003")
            try expectRows(Self.notes) { row in
                let outcome = try world.run(row[0].split(separator: " ").map(String.init) + ["--", "true"])
                guard outcome.succeeded else { return "\(outcome)" }
                return outcome.complaint.split(separator: "\n").map { $0.replacing("tacit: ", with: "", maxReplacements: 1) }
                    .filter { !$0.hasPrefix("too short") }.joined(separator: "; ")
            }
            let people = ["alice": alice, "bob": bob, "carol": carol, "mallory": mallory]
            try expectRows(Self.refusals) { row in
                let words = row[1].split(separator: " ").map(String.init) + ["--", "touch", world.home + "/started"]
                let outcome = try world.run(words, as: people[row[0]] ?? mallory)
                guard case .exited(let status) = outcome.ending else { return "\(outcome)" }
                let line = outcome.complaint.split(separator: "\n").first ?? ""
                return "\(status) \(line.replacing("tacit: ", with: "", maxReplacements: 1))"
            }
            #expect(!FileManager.default.fileExists(atPath: world.home + "/started"))
        }
    }

    /// PLACE | QUESTION | ANSWER. `VIEW` is `.jobs/<id>` of the job `plain`, and of another where the place is in it.
    private static let places = """
        plain    | link job                     | -> VIEW
        plain    | names job                    | env files vars
        plain    | names job/vars               | AWS DB LIVE MORE P QUIET SHARED
        plain    | names job/files              | .ssh etc
        plain    | names job/files/.ssh         | id
        plain    | names .jobs                  | opendir EACCES
        plain    | show job/vars/DB             | = web/db
        plain    | show VIEW/vars/DB            | = web/db
        plain    | show job/vars/SHARED         | = web/more
        plain    | show job/files/.ssh/id       | = web/db
        plain    | show job/files/etc/ca        | = @org/proxy
        plain    | show job/vars/NONE           | open ENOENT
        plain    | show job/vars/ONLY_ORG       | open ENOENT
        plain    | show job/vars                | read EISDIR
        plain    | look VIEW                    | 40500 1001 0 1
        plain    | look job/vars                | 40500 1001 0 1
        plain    | look job/files/.ssh          | 40500 1001 0 1
        plain    | look job/vars/DB             | 100400 1001 6 1
        plain    | look job/files/etc/ca        | 100400 1001 10 1
        # The job's own, by the paths that they have in the tree, and all of a secret that it has: for who has `read`. To the kernel, which
        # knows of no jobs, `run` shows no r.
        bobs     | show acme/web/db/vars/DB     | = web/db
        bobs     | show acme/web/db/vars/SHARED | = web/db
        bobs     | show acme/@org/aws/vars/AWS  | = @org/aws
        plain    | show acme/web/db/vars/DB     | open EACCES
        # Nothing else, whatever their uid may outside.
        plain    | show acme/@org/db/vars/DB    | open EACCES
        plain    | show acme/web@production/db/vars/DB | open EACCES
        plain    | show acme/api/key/vars/KEY   | open EACCES
        plain    | show user/own/vars/A         | open EACCES
        plain    | names acme                   | @org web
        plain    | names acme/web               | db more
        plain    | names acme/@org              | aws live proxy quiet
        plain    | names acme/api               | opendir EACCES
        plain    | open w acme/web/more/vars/MORE | open EACCES
        plain    | open wt acme/web/more/vars/MORE | open EACCES
        plain    | open wc acme/web/more/vars/NEW | open EACCES
        plain    | unlink acme/web/more/vars/MORE | unlink EACCES
        plain    | mkdir acme/web/new           | mkdir EACCES
        plain    | rename acme/web/more acme/web/less | rename EACCES
        plain    | mkdir user/new               | mkdir EACCES
        plain    | open w job/vars/DB           | open EACCES
        plain    | open rw job/vars/DB          | open EACCES
        plain    | open wc job/vars/NEW         | open EACCES
        plain    | unlink job/vars/DB           | unlink EACCES
        plain    | mkdir job/files/new          | mkdir EACCES
        plain    | rmdir VIEW                   | rmdir EACCES
        plain    | rename VIEW .jobs/other      | rename EACCES
        plain    | rename job/vars/DB job/vars/P | rename EACCES
        plain    | link job/vars/DB job/vars/P  | readlink EINVAL
        plain    | chmod 644 job/vars/DB        | chmod EPERM
        plain    | chown 1002 job/vars/DB       | chown EPERM
        plain    | utimens job/vars/DB          | utimensat EPERM
        plain    | truncate 0 job/vars/DB       | truncate EACCES
        # The same uid outside of it, another, and root.
        alice    | link job                     | readlink ENOENT
        alice    | names .jobs                  | opendir EACCES
        alice    | look VIEW                    | 40500 1001 0 1
        alice    | names VIEW                   | opendir EACCES
        alice    | show VIEW/env                | open EACCES
        alice    | show VIEW/vars/DB            | open EACCES
        alice    | look VIEW/vars/DB            | lstat EACCES
        alice    | look VIEW/vars               | 40500 1001 0 1
        alice    | look VIEW/env                | lstat EACCES
        alice    | names VIEW/vars              | opendir EACCES
        alice    | show acme/web/db/vars/DB     | open EACCES
        alice    | show acme/api/key/vars/KEY   | = api/key
        alice    | show user/own/vars/A         | = of alice
        alice    | open w acme/web/more/vars/MORE | ok
        bob      | names VIEW                   | opendir EACCES
        bob      | show VIEW/vars/DB            | open EACCES
        bob      | show acme/web/db/vars/DB     | = web/db
        root     | link job                     | readlink ENOENT
        root     | names .jobs                  |
        root     | names VIEW                   | opendir EACCES
        root     | show VIEW/env                | open EACCES
        root     | show VIEW/vars/DB            | open EACCES
        root     | show VIEW/files/.ssh/id      | open EACCES
        root     | rmdir VIEW                   | rmdir EACCES
        # Another job of the same uid; a child, and one that was left by its parent.
        other    | link job                     | -> OTHER
        other    | show job/env                 | = DB=web@production/db|
        other    | show VIEW/vars/DB            | open EACCES
        other    | names VIEW                   | opendir EACCES
        other    | show acme/web/db/vars/DB     | open EACCES
        plain    | show OTHER/vars/DB           | open EACCES
        child    | show job/vars/DB             | = web/db
        child    | show OTHER/vars/DB           | open EACCES
        orphan   | link job                     | -> VIEW
        orphan   | show VIEW/vars/DB            | = web/db
        orphan   | show acme/api/key/vars/KEY   | open EACCES
        # In a debug session, and for somebody with `read`.
        debug    | names job/vars               | AWS
        debug    | show job/vars/AWS            | = @org/aws
        debug    | show acme/@org/live/vars/LIVE | open EACCES
        bobs     | show job/vars/DB             | = web/db
        bobs     | show acme/web@production/db/vars/DB | open EACCES
        bobs     | look job/vars/DB             | 100400 1002 6 1
        # One of root's: no owner's powers in it.
        roots    | names .jobs                  | ROOTS
        roots    | show job/vars/OWN            | = own
        roots    | show acme/web/db/vars/DB     | open EACCES
        roots    | open w acme/web/db/vars/DB   | open EACCES
        roots    | truncate 0 job/vars/OWN      | truncate EACCES
        roots    | mkdir beta                   | mkdir EACCES
        roots    | sh tacit lock 2>/dev/null    | exit 3
        roots    | sh tacit grant root/own/mine 1004 read 2>/dev/null | exit 3
        roots    | sh tacit policy root/own/mine --projects none 2>/dev/null | exit 3
        roots    | sh tacit rm root/own/mine 2>/dev/null | exit 3
        roots    | sh tacit set root/own/mine OWN=x 2>/dev/null | exit 3
        roots    | sh tacit get root/own/mine/vars/OWN >/dev/null | exit 0
        # What is not the job's is not there for it.
        roots    | sh tacit grant acme/web 1004 read 2>/dev/null | exit 4
        roots    | sh tacit get acme/web/db/vars/DB 2>/dev/null | exit 4
        """

    @Test func `who finds what from where`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            try mount.must("mkdir user/own && printf 'of alice' > user/own/vars/A", as: alice)
            try mount.grant("write", on: "acme/web", to: "user:1001")
            try mount.must("mkdir -p root/own/mine && printf own > root/own/mine/vars/OWN && tacit grant root 0 read")
            let plain = try world.wholeJob()
            let other = try world.job("-p", "acme/web@production", "-s", "db")
            let debug = try world.job("-p", "acme/web", "-s", "aws", "--debug")
            let roots = try world.job("-p", "root/own", as: .root)
            let places = [
                "plain": plain.inside, "child": try plain.inside.fork(), "orphan": try plain.inside.orphan(), "other": other.inside,
                "debug": debug.inside, "bobs": try world.wholeJob(as: bob).inside,
                "roots": roots.inside, "alice": try world.outsider(),
                "bob": try world.outsider(bob), "root": try world.outsider(.root),
            ]
            try expectRows(Self.places, ["VIEW": plain.view, "OTHER": other.view, "ROOTS": roots.id]) { row in
                try places[row[0]]?.tell(row[1]) ?? "no such place"
            }
        }
    }

    @Test func `a job's folder is one of its own: its numbers, its sizes, its env`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            try mount.must("mkdir acme/web/odd && printf \"it's\\n\\$odd\" > acme/web/odd/vars/ODD")
            let job = try world.job("-p", "acme/web", "-s", "odd", "-s", "db", "--file", "acme/api/key:conf/key")
            for path in ["job/files/conf/key", "\(job.home)/conf/key"] { try expect(job.inside.tell("show \(path)"), "= api/key") }
            try expect(job.inside.tell("link \(job.home)/conf/key"), "-> \(mount.point)/job/files/conf/key")
            // Who is in no job finds none behind the link.
            try expect(world.outsider().tell("show \(job.home)/conf/key"), "open ENOENT")
            let env = "DB=web/db|ODD=\"it's|\\$odd\"|SHARED=web/db|"
            try expect(job.inside.tell("show job/env"), "= \(env)")
            try expect(job.inside.tell("look job/env"), "100400 1001 \(env.utf8.count) 1")
            try expect(
                job.inside.tell("sh set -a; . job/env; printf '%s' \"$ODD$DB\" | od -An -c | tr -d ' '"), "it's\\n$oddweb/db\nexit 0")
            let number = try job.inside.tell("number job/vars/DB")
            try expect(job.inside.tell("number job/vars/DB"), number)
            #expect(try job.inside.tell("number acme/web/db/vars/DB") != number)
            let second = try world.job("-p", "acme/web", "-s", "odd", "-s", "db")
            #expect(try second.inside.tell("number job/vars/DB") != number)
            let numbers = try ["", "/env", "/vars", "/files", "/vars/DB", "/vars/ODD"].map {
                try job.inside.tell("number \(job.view)\($0)")
            }
            #expect(Set(numbers).count == numbers.count, "\(numbers)")
        }
    }
}
