// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// Who tries to be in a job, or out of it, or to take something along.
@Suite struct JobAdversaryTests {
    @Test func `who leaves its parent, its session or its main thread is still inside`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let job = try world.job("-p", "acme/web", "-s", "db")
            let left = try job.inside.orphan().orphan()
            let thread = try left.fork()
            try expect(thread.tell("thread"), "ok")
            for puppet in [left, thread] {
                try expect(
                    puppet.tell(each: "link job", "show job/vars/DB", "show \(job.view)/env", "show acme/api/key/vars/KEY"),
                    ["-> \(job.view)", "= web/db", "= DB=web/db|SHARED=web/db|", "open EACCES"])
            }
            // The main thread is a zombie, and its process is none; who descends from the other thread is inside too.
            try expect(thread.tell("sh grep ^State /proc/$PPID/status").split(separator: "\n").first, "State:\tZ (zombie)")
            let child = try thread.fork()
            try expect(child.tell(each: "link job", "show acme/api/key/vars/KEY"), ["-> \(job.view)", "open EACCES"])
        }
    }

    @Test func `from the end of run on nothing opens, whatever is on its way`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            // Root's processes pass the kernel's check everywhere: what they may is the daemon's to say.
            try mount.grant("run", on: "acme/web", to: "user:0")
            for caller in [alice, .root] {
                for path in caller.uid == 0 ? ["job", "tree"] : ["job"] {
                    let job = try world.job("-p", "acme/web", "-s", "db", as: caller)
                    let file = path == "job" ? "\(job.view)/vars/DB" : "acme/web/db/vars/DB"
                    try expect(job.inside.tell("show \(file)"), "= web/db")
                    let said = try job.inside.tell("outlive 8 \(file)")
                    #expect(said.hasPrefix("refused ") && isGone(said), "\(said)")
                    #expect(isGone(try job.inside.tell("show \(file)")))
                    try Wait.until("the links to go") {
                        try FileManager.default.contentsOfDirectory(atPath: job.home).isEmpty
                    }
                }
            }
        }
    }

    @Test func `a number that was a member's, a root's or an attached shell's makes nobody one`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let maker = try world.outsider(.root)
            let job = try world.job("-p", "acme/web", "-s", "db")
            func expectOutside(_ number: String, _ view: String) throws {
                let reused = try maker.fork(as: number)
                try expect(reused.pid(), number)
                for uid in ["0", "1001"] {
                    try expect(reused.tell("uid \(uid)"), "ok")
                    try expect(reused.tell("link job"), "readlink ENOENT")
                    #expect(isGone(try reused.tell("show \(view)/vars/DB")))
                }
                try expect(reused.tell("show acme/api/key/vars/KEY"), "= api/key")
                // Nor who descends from it.
                try expect(reused.fork().tell("link job"), "readlink ENOENT")
            }
            let member = try job.inside.fork()
            let child = try member.fork()
            let (number, below) = (try member.pid(), try child.pid())
            try expect([member, child].map { try $0.tell("show job/vars/DB") }, ["= web/db", "= web/db"])
            try expect(job.inside.tell("kill \(number)"), "ok")
            try expect(child.tell("show job/vars/DB"), "= web/db")
            try expectOutside(number, job.view)
            // Its child has another parent by now, and not the one with the number.
            try expect(child.tell("link job"), "-> \(job.view)")
            try expect(job.inside.tell("kill \(below)"), "ok")
            try expectOutside(below, job.view)

            let attached = try Puppet(mount, "tacit", "attach", job.id, "--", as: alice)
            let shell = "\(attached.child?.pid ?? -1)"
            // A number is given to nobody while there are processes in its session.
            try expect(attached.tell(each: "show job/vars/DB", "setsid"), ["= web/db", "ok"])
            attached.child?.signal(SIGKILL)
            try Wait.until("tacit attach to end") { attached.child?.isRunning == false }
            try expectOutside(shell, job.view)

            // Another job runs on, so that there is who is in one.
            let other = try world.job("-p", "acme/web", "-s", "more")
            let root = "\(job.inside.child?.pid ?? -1)"
            try expect(job.inside.tell("setsid"), "ok")
            try job.killRoot()
            try expectOutside(root, job.view)
            try expectOutside(root, other.view)
            try expect(other.inside.tell("show job/vars/MORE"), "= web/more")

            // And who is inside is so with a number that was seen outside.
            try mount.must("mkdir -p root/own/mine && printf own > root/own/mine/vars/OWN && tacit grant root 0 read")
            let roots = try world.job("-p", "root/own", as: .root)
            let stranger = try maker.fork()
            let seen = try stranger.pid()
            try expect(stranger.tell("link job"), "readlink ENOENT")
            try expect(maker.tell("kill \(seen)"), "ok")
            try expect(
                roots.inside.fork(as: seen).tell(each: "link job", "open r acme/web/db/vars/DB"), ["-> \(roots.view)", "open EACCES"])
        }
    }

    /// Where | what is asked | the answer. `VIEW` is that of alice's job, `ROOTS` that of root's.
    private static let namespaces = """
        user    | link job                   | -> VIEW
        user    | sh id -u                   | 0;exit 0
        user    | show job/vars/DB           | = web/db
        user    | show acme/api/key/vars/KEY | open EACCES
        user    | mkdir beta                 | mkdir EACCES
        user    | open w acme/web/db/vars/DB | open EACCES
        user    | sh tacit lock 2>/dev/null  | exit 3
        user    | sh tacit jobs --end ROOTS_ID 2>/dev/null | exit 3
        pids    | link job                   | -> VIEW
        pids    | show job/vars/DB           | = web/db
        pids    | show acme/api/key/vars/KEY | open EACCES
        deep    | link job                   | -> VIEW
        deep    | show acme/api/key/vars/KEY | open EACCES
        # Root of a namespace outside of it: neither the job's nor the store's.
        outside | show VIEW/vars/DB          | open EACCES
        outside | show acme/api/key/vars/KEY | = api/key
        outside | mkdir beta                 | mkdir EACCES
        outside | sh tacit lock 2>/dev/null  | exit 3
        outside | sh tacit jobs --end ROOTS_ID 2>/dev/null | exit 3
        # Root's own, in the namespaces of somebody outside.
        entered | link job                   | -> ROOTS
        entered | show job/vars/OWN          | = own
        entered | open r acme/web/db/vars/DB | open EACCES
        entered | mkdir beta                 | mkdir EACCES
        """

    @Test func `namespaces lead neither out nor to an owner's powers`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            try mount.must("mkdir -p root/own/mine && printf own > root/own/mine/vars/OWN && tacit grant root 0 read")
            let job = try world.job("-p", "acme/web", "-s", "db")
            let roots = try world.job("-p", "root/own", as: .root)
            let den = try Puppet(mount, "unshare", "-m", "-n", "-i", "-u", as: .root)
            let places = [
                "user": try job.inside.spawn("unshare", "-U", "-r"),
                "pids": try job.inside.spawn("unshare", "-U", "-r", "-p", "-f"),
                "deep": try job.inside.spawn(
                    "unshare", "-U", "-r", "-p", "-f", "-m", "--mount-proc", "unshare", "-U", "-r", "-p", "-f", "-i", "-u", "-n", "-C"),
                "outside": try world.outsider().spawn("unshare", "-U", "-r"),
                "entered": try roots.inside.spawn("nsenter", "-t", den.pid(), "-m", "-n", "-i", "-u", "-C", "-p", "env", "-C", mount.point),
            ]
            let rows = Self.namespaces.replacingOccurrences(of: "ROOTS_ID", with: roots.id)
            try expectRows(rows, ["VIEW": job.view, "ROOTS": roots.view]) { row in
                try places[row[0]]?.tell(row[1]).replacingOccurrences(of: "\n", with: ";") ?? "no such place"
            }
        }
    }

    @Test func `programs that are somebody else's`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            for (name, owner) in [("probe-root", "0"), ("probe-bob", "1002")] {
                try Command("install", "-m", "4755", "-o", owner, mount.scratch.path + "/probe", mount.scratch.path + "/" + name).run()
                    .orThrow()
            }
            let job = try world.job("-p", "acme/web", "-s", "db")
            let root = try job.inside.spawn(program: "probe-root")
            try expect(
                root.tell(
                    each: "link job", "show job/vars/DB", "show acme/api/key/vars/KEY", "show acme/vault/key/vars/VAULT", "mkdir beta",
                    "open w acme/web/db/vars/DB", "uid 0", "sh tacit lock 2>/dev/null", "sh tacit grant acme/web/db 1001 read 2>/dev/null"),
                [
                    "-> \(job.view)", "= web/db", "open EACCES", "open EACCES", "mkdir EACCES", "open EACCES", "ok", "exit 3", "exit 3",
                ])
            let other = try job.inside.spawn(program: "probe-bob")
            // The job's, which bob's grant lets the kernel pass him to; and nothing else of bob's. The view is alice's alone.
            try expect(
                other.tell(each: "link job", "show acme/web/db/vars/DB", "show job/vars/DB", "show acme/web/more/vars/MORE"),
                ["-> \(job.view)", "= web/db", "open EACCES", "open EACCES"])
        }
    }

    @Test func `descriptors that are passed on are open, and open nothing`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let job = try world.job("-p", "acme/web", "-s", "db")
            for line in ["keep a job/vars/DB", "keep B job/vars/DB", "keep c job/vars", "keep D job/vars", "keep e job/env"] {
                try expect(job.inside.tell(line), "ok")
            }
            for (index, outsider) in [try world.outsider(), try world.outsider(.root)].enumerated() {
                let socket = "\(mount.scratch.path)/meet\(index)"
                if index == 0 { try mount.must("chmod 1777 $SCRATCH") }
                try expect(outsider.tell("listen \(socket)"), "ok")
                for slot in ["a", "B", "c", "D", "e"] {
                    try expect(job.inside.tell("send \(socket) \(slot)"), "ok")
                    try expect(outsider.tell("accept \(slot)"), "ok")
                }
                // fstat(2) does not say by which descriptor it asks, and what a process was sent is not known.
                try expect(outsider.tell(each: "size a", "again a", "again e"), ["fstat EACCES", "= web/db", "= DB=web/db|SHARED=web/db|"])
                for line in ["reopen a", "reopen B", "below c DB", "below D DB", "reopen e"] {
                    let answer = try outsider.tell(line)
                    #expect(answer.hasSuffix(" EACCES"), "\(line): \(answer)")
                }
                // And the other way: what is outside does not come in by a folder's descriptor.
                let back = "\(mount.scratch.path)/back\(index)"
                try expect(job.inside.tell("listen \(back)"), "ok")
                try expect(
                    outsider.tell(each: "keep f acme/api/key/vars", "keep g acme/api/key/vars", "send \(back) f"), ["ok", "ok", "ok"])
                try expect(job.inside.tell(each: "accept f", "below f KEY"), ["ok", "open EACCES"])
            }
        }
    }

    @Test func `a connection is that of the process that made it`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let job = try world.job("-p", "acme/web", "-s", "db")
            let (member, outsider) = (try job.inside.fork(), try world.outsider())
            try mount.must("chmod 1777 $SCRATCH")
            let (values, other) = ("GET /v1/jobs/values", "GET /v1/value?ref=acme/api/key")
            try expect(member.tell("connect a \(mount.socket)"), "ok")
            try expect(outsider.tell(each: "connect b \(mount.socket)", "listen \(mount.scratch.path)/meet"), ["ok", "ok"])
            try expect([member.tell("ask a \(values)"), outsider.tell("ask b \(values)")], ["200", "403"])
            try expect(outsider.tell("ask b \(other)"), "200")
            #expect(["403", "404"].contains(try member.tell("ask a \(other)")))
            // Who has it speaks as the job, and has no more than that.
            try expect(member.tell("send \(mount.scratch.path)/meet a"), "ok")
            try expect(outsider.tell(each: "accept c", "ask c \(values)"), ["ok", "200"])
            #expect(["403", "404"].contains(try outsider.tell("ask c \(other)")))
            // It can't be made the root of another job's, nor be attached.
            try expect(outsider.tell("ask c POST /v1/jobs/attach?id=\(job.id)"), "403")
            // When who made it has ended nobody can say where it belongs.
            try expect(job.inside.tell("kill \(try member.pid())"), "ok")
            try expect(outsider.tell(each: "ask c \(values)", "ask c \(other)"), ["403", "403"])

            // With the job its connections are outside.
            try expect(job.inside.tell(each: "connect d \(mount.socket)", "ask d \(values)"), ["ok", "200"])
            try job.killRoot()
            try expect(job.inside.tell(each: "ask d \(values)", "ask d \(other)"), ["403", "200"])
        }
    }

    @Test func `run and attach are looked into by nobody`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let job = try world.job("-p", "acme/web", "-s", "db")
            let attached = try Puppet(mount, "tacit", "attach", job.id, "--", as: alice)
            let outsider = try world.outsider()
            // Not that nobody could: its own may.
            let own = try outsider.fork()
            try expect(outsider.tell(each: "trace \(own.pid())", "open r /proc/\(own.pid())/mem"), ["ok", "ok"])
            for pid in [job.inside.child?.pid ?? -1, attached.child?.pid ?? -1] {
                for puppet in [outsider, job.inside] {
                    try expect(
                        puppet.tell(
                            each: "trace \(pid)", "open r /proc/\(pid)/mem", "open r /proc/\(pid)/environ", "list /proc/\(pid)/fd",
                            "open r /proc/\(pid)/maps"),
                        ["ptrace EPERM", "open EACCES", "open EACCES", "opendir EACCES", "open EACCES"])
                }
            }
        }
    }

    /// Not where a container is not let to it.
    private static var hasRings: Bool {
        (try? Command(TestSupport.Programs.path(of: "probe"), "ring", "plain", "/dev/null").run())?.text == "ok"
    }

    @Test(.enabled(if: hasRings)) func `io_uring opens as the process that asks, and with nobody else's rights`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let job = try world.job("-p", "acme/web", "-s", "db")
            let (outsider, root) = (try world.outsider(), try world.outsider(.root))
            try expect(job.inside.tell(each: "ring plain job/vars/DB", "ring plain acme/api/key/vars/KEY"), ["ok", "open EACCES"])
            try expect(outsider.tell(each: "ring plain \(job.view)/vars/DB", "ring plain acme/api/key/vars/KEY"), ["open EACCES", "ok"])
            // Bob may read it, and so may root in bob's name, if only by being bob: lent credentials are not told from stolen ones.
            try expect(world.outsider(bob).tell("ring plain acme/web/db/vars/DB"), "ok")
            try expect(root.tell("ring 1002 acme/web/db/vars/DB"), "open EACCES")
            try expect(root.tell("ring 1001 \(job.view)/vars/DB"), "open EACCES")
        }
    }
}
