// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Jobs in jobs, and attached shells.
@Suite struct JobNestingTests {
    /// `outer` is a process of the job OUTER, `inner` one of a job INNER that was started in it, `innermost` one of a job that was
    /// started in that.
    private static let places = """
        outer     | link job                    | -> OUTER
        inner     | link job                    | -> INNER
        innermost | link job                    | -> LAST
        outer     | show job/vars/SHARED        | = web/more
        inner     | names job/vars              | MORE P SHARED
        inner     | show job/vars/SHARED        | = web/more
        innermost | names job/vars              | P SHARED
        innermost | show job/vars/SHARED        | = @org/proxy
        # Each finds its own, and neither what is outside of it nor what is in it.
        inner     | show OUTER/vars/DB          | open EACCES
        inner     | show LAST/vars/P            | open EACCES
        outer     | show INNER/vars/MORE        | open EACCES
        outer     | names INNER                 | opendir EACCES
        innermost | show OUTER/vars/DB          | open EACCES
        innermost | show INNER/vars/MORE        | open EACCES
        orphan    | link job                    | -> INNER
        orphan    | show OUTER/vars/DB          | open EACCES
        outside   | show OUTER/vars/DB          | open EACCES
        outside   | show INNER/vars/MORE        | open EACCES
        # By the paths of the tree too.
        outer     | show acme/web/db/vars/DB    | = web/db
        inner     | show acme/web/db/vars/DB    | open EACCES
        inner     | show acme/web/more/vars/MORE | = web/more
        innermost | show acme/web/more/vars/MORE | open EACCES
        # What the outer one has not can't be had by starting one in it.
        outer     | sh tacit run -p acme/web -s aws -- true 2>/dev/null | exit 125
        outer     | sh tacit run -p acme/api -- true 2>/dev/null | exit 125
        outer     | sh tacit run --no-mask -p acme/web@production -s db --force -- cat job/vars/DB 2>/dev/null | web/dbexit 0
        inner     | sh tacit run -p acme/web -s db -- true 2>/dev/null | exit 125
        inner     | sh tacit run -p acme/web --env A=user/own -- true 2>/dev/null | exit 125
        inner     | sh tacit attach OUTER_ID -- true 2>/dev/null | exit 3
        inner     | sh tacit jobs --end OUTER_ID 2>/dev/null | exit 3
        outer     | sh tacit jobs --end INNER_ID 2>/dev/null | exit 3
        outer     | sh tacit jobs |grep -c INNER_ID | exit 1
        """

    @Test func `the innermost job counts, and has no more than those around it`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            try mount.must("mkdir user/own && printf own > user/own/vars/A", as: bob)
            let outer = try world.job("-p", "acme/web", "-s", "proxy", "-s", "db", "-s", "more", as: bob)
            let inner = try outer.inside.spawn("tacit", "run", "-p", "acme/web", "-s", "proxy", "-s", "more", "--force", "--")
            let innermost = try inner.spawn("tacit", "run", "-p", "acme/web", "-s", "proxy", "--force", "--")
            let places = [
                "outer": outer.inside, "inner": inner, "innermost": innermost, "orphan": try inner.orphan(),
                "outside": try world.outsider(bob),
            ]
            let view = try inner.tell("link job").replacingOccurrences(of: "-> ", with: "")
            let last = try innermost.tell("link job").replacingOccurrences(of: "-> ", with: "")
            let names = ["OUTER_ID": outer.id, "INNER_ID": String(view.dropFirst(".jobs/".count))]
            var rows = Self.places
            for (name, meaning) in names { rows = rows.replacingOccurrences(of: name, with: meaning) }
            try expectRows(rows, ["OUTER": outer.view, "INNER": view, "LAST": last]) { row in
                let answer = try places[row[0]]?.tell(row[1]) ?? "no such place"
                return answer.split(separator: "\n").last.map(String.init) ?? ""
            }
            #expect(try mount.tacit("jobs", as: bob).orThrow().lines.count == 4)

            // With the outer one they all end, also those whose own processes go on.
            try outer.killRoot()
            try expect(
                [inner.tell("link job"), innermost.tell("link job"), inner.tell("show acme/web/db/vars/DB")],
                ["readlink ENOENT", "readlink ENOENT", "= web/db"])
            for (puppet, view) in [(inner, view), (innermost, last), (outer.inside, outer.view)] {
                let answer = try puppet.tell("show \(view)/vars/P")
                #expect(isGone(answer), "\(answer)")
            }
            try Wait.until("the jobs to end") { try mount.tacit("jobs", as: bob).orThrow().lines.count == 1 }
        }
    }

    @Test func `an inner job ends, and the outer one goes on`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let outer = try world.job("-p", "acme/web", "-s", "db", "-s", "more")
            let inner = try outer.inside.spawn("tacit", "run", "-p", "acme/web", "-s", "more", "--")
            let left = try inner.orphan()
            let root = try inner.tell("sh cut -d' ' -f4 /proc/$PPID/stat").split(separator: "\n").first ?? ""
            try expect(left.tell("link job"), inner.tell("link job"))
            try expect(outer.inside.tell("kill \(root)"), "ok")
            // Back in the one around it: its run was given the orphans.
            for puppet in [inner, left] {
                try expect(puppet.tell(each: "link job", "show job/vars/DB"), ["-> \(outer.view)", "= web/db"])
            }
        }
    }

    @Test func `a debug session is one also of what is started in it, and so is an attached shell`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let plain = try world.job("-p", "acme/web", "-s", "proxy", "-s", "aws")
            let debug = try world.job("-p", "acme/web", "-s", "proxy", "-s", "aws", "--debug")
            let attached = try Puppet(mount, "tacit", "attach", plain.id, "--", as: alice, home: plain.home)
            let starters = [plain.inside, debug.inside, attached]
            // What is said of it, and the status of grep: 1 for nothing.
            func starting() throws -> [String] {
                try starters.map { try $0.tell("sh tacit run -p acme/web -s proxy --force -- true 2>&1 | grep -v ^hint") }
            }
            let inner = try starters.map { try $0.spawn("tacit", "run", "-p", "acme/web", "-s", "proxy", "--force", "--") }
            let asked = { try inner.map { try $0.tell("show job/vars/P") } }
            let all = ["= @org/proxy", "= @org/proxy", "= @org/proxy"]
            try expect(asked(), all)
            try mount.must("tacit policy acme/@org/proxy --debug deny")
            try expect(asked(), ["= @org/proxy", "open EACCES", "= @org/proxy"])
            try expect(starting(), ["exit 1", "tacit: acme/@org/proxy: its policy does not allow debug sessions\nexit 0", "exit 1"])
            try mount.must("tacit policy acme/@org/proxy --debug allow --attach deny")
            try expect(asked(), ["= @org/proxy", "= @org/proxy", "open EACCES"])
            try expect(starting(), ["exit 1", "exit 1", "tacit: acme/@org/proxy: its policy does not allow attached shells\nexit 0"])
            try mount.must("tacit policy acme/@org/proxy --attach allow")
            try expect(asked(), all)
        }
    }

    /// Who tries | what comes of it.
    private static let attaching = """
        alice   | exit 0
        bob     | exit 3
        root    | exit 3
        inside  | exit 3
        other   | exit 3
        """

    @Test func `who may attach: who started it, from outside of any job`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let job = try world.job("-p", "acme/web", "-s", "aws", "-s", "more")
            let places = [
                "alice": try world.outsider(), "bob": try world.outsider(bob), "root": try world.outsider(.root), "inside": job.inside,
                "other": try world.job("-p", "acme/web", "-s", "more").inside,
            ]
            try expectRows(Self.attaching) { row in
                try places[row[0]]?.tell("sh tacit attach \(job.id) -- true >/dev/null 2>&1") ?? "no such place"
            }
            try expect(world.outsider().tell("sh tacit attach 0000000000000000 -- true 2>/dev/null"), "exit 4")

            let attached = try Puppet(mount, "tacit", "attach", job.id, "--", as: alice)
            let child = try attached.orphan()
            let outside = try world.outsider()
            for puppet in [attached, child] {
                try expect(
                    puppet.tell(each: "link job", "show job/vars/AWS", "show acme/api/key/vars/KEY", "sh echo $TACIT_JOB $AWS"),
                    ["-> \(job.view)", "= @org/aws", "open EACCES", "\(job.id) @org/aws\nexit 0"])
            }
            let shown = try mount.tacit("jobs", as: alice).orThrow().lines.first { $0.contains(job.id) } ?? ""
            #expect(shown.hasSuffix("attached"), "\(shown)")
            // What was attached leaves with the command that attached it; the job stays.
            attached.child?.signal(SIGKILL)
            try Wait.until("tacit attach to end") { attached.child?.isRunning == false }
            try expect(child.tell(each: "link job", "show acme/api/key/vars/KEY"), ["readlink ENOENT", "= api/key"])
            try expect(job.inside.tell("show job/vars/AWS"), "= @org/aws")
            // And the attached go with the job.
            let second = try Puppet(mount, "tacit", "attach", job.id, "--", as: alice)
            try expect(second.tell("show job/vars/AWS"), "= @org/aws")
            try job.killRoot()
            try expect(second.tell(each: "link job", "show acme/api/key/vars/KEY"), ["readlink ENOENT", "= api/key"])
            try expect(outside.tell("sh tacit attach \(job.id) -- true 2>/dev/null"), "exit 4")
        }
    }

    @Test func `an attached shell has no secrets that forbid it`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let job = try world.job("-p", "acme/web", "-s", "aws", "-s", "quiet")
            let attached = try Puppet(mount, "tacit", "attach", job.id, "--", as: alice)
            try expect(
                attached.tell(each: "show job/vars/AWS", "show job/vars/QUIET", "show job/env", "sh echo $AWS$QUIET"),
                ["= @org/aws", "open EACCES", "open EACCES", "@org/aws\nexit 0"])
            try expect(job.inside.tell(each: "show job/vars/QUIET", "sh echo $AWS$QUIET"), ["= @org/quiet", "@org/aws@org/quiet\nexit 0"])
        }
    }

    @Test func `orphans belong to run, and end with the job`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let job = try world.job("-p", "acme/web", "-s", "db")
            let orphans = try (0..<3).map { _ in try job.inside.orphan() }
            let run = "\(job.inside.child?.pid ?? -1)"
            for orphan in orphans {
                try expect(orphan.tell("sh cut -d' ' -f4 /proc/$PPID/stat").split(separator: "\n").first.map(String.init), run)
            }
            // Their own children too, whoever of them has ended meanwhile.
            let last = try orphans[0].fork()
            try expect(orphans[1].tell("kill \(try orphans[0].pid())"), "ok")
            try expect(last.tell("show job/vars/DB"), "= web/db")
            try job.killRoot()
            for puppet in [last, orphans[1], orphans[2], job.inside] { try expect(puppet.tell("link job"), "readlink ENOENT") }
        }
    }

    /// What the outer one has not is not there for one within, whatever its policy says.
    @Test func `nothing is told of what the outer job has not`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            try mount.tacit("policy", "acme/web/more", "--projects", "none").orThrow()
            let job = try world.job("-p", "acme/web", "-s", "db")
            try expect(
                job.inside.tell(
                    each: "sh tacit run -p acme/web -- true 2>/dev/null", "sh tacit run -p acme/web -s more -- true 2>/dev/null",
                    "sh tacit run -p acme/web -s db --env A=acme/web/more/vars/MORE -- true 2>/dev/null"),
                ["exit 0", "exit 125", "exit 125"])
        }
    }
}
