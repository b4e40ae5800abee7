// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// Callers that the daemon has no number for: it is in a namespace of processes that they are not in.
@Suite struct JobForeignTests {
    /// A daemon that is the first process of its own namespace of processes, with a namespace of mounts for its /proc.
    private final class Enclosed {
        let mount: Mount
        private let space: Child
        private let daemon: String

        init() throws {
            mount = try Mount()
            try mount.initialize()
            let mounting = "mount -t proc proc /proc && exec \"$@\""
            let unsharing = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--propagation", "private"]
            let space = try Command(unsharing + ["sh", "-c", mounting, "sh"] + mount.daemonWords()).start()
            self.space = space
            let socket = mount.socket
            try Wait.until("tacitd in a namespace") {
                guard space.isRunning else { throw Trouble("\(try space.wait())") }
                return FileManager.default.fileExists(atPath: socket)
            }
            let children = "/proc/\(space.pid)/task/\(space.pid)/children"
            daemon = String(decoding: Scratch.contents(children), as: UTF8.self).trimmingCharacters(in: .whitespaces)
            try Wait.until("its mount") { try run("tacit status >/dev/null && ls >/dev/null").succeeded }
        }

        /// What goes before the words of a command: among the daemon's mounts, and with `near` among its processes.
        func entering(near: Bool, as caller: TestUser) -> [String] {
            ["nsenter", "-t", daemon, "-m"] + (near ? ["-p"] : []) + ["env", "-C", mount.point]
                + (caller.uid == 0 ? [] : ["setpriv", "--reuid=\(caller.uid)", "--regid=\(caller.gid)", "--clear-groups"])
        }

        func run(_ script: String) throws -> Outcome {
            try mount.command(entering(near: true, as: .root) + ["sh", "-c", script]).run()
        }

        func puppet(near: Bool, as caller: TestUser, _ words: String...) throws -> Puppet {
            try Puppet(mount, words: entering(near: near, as: caller) + words, as: .root)
        }

        /// SIGTERM to the daemon.
        func stop() throws {
            if let pid = Int32(daemon), pid > 1 { kill(pid, SIGTERM) }
            let outcome = try space.wait(20)
            guard outcome.succeeded else { throw Trouble("\(outcome)") }
        }
    }

    @Test func `who has no number is in no job, and is refused where they could be in one`() throws {
        let enclosed = try Enclosed()
        try enclosed.run(
            """
            set -e; mkdir -p acme/web/db; printf value > acme/web/db/vars/DB; tacit grant acme/web 1001 read; tacit grant acme/web 0 read
            """
        ).orThrow()
        let direct = "show acme/web/db/vars/DB"
        let near = try enclosed.puppet(near: true, as: alice)
        let far = try enclosed.puppet(near: false, as: alice)
        // The uid alone counts.
        try expect([near.tell(direct), far.tell(direct)], ["= value", "= value"])
        let asked = "GET /v1/value?ref=acme/web/db"
        try expect(far.tell(each: "link job", "connect a \(enclosed.mount.socket)", "ask a \(asked)"), ["readlink ENOENT", "ok", "200"])

        // A job of a process: no foreign one descends from it.
        let inside = try enclosed.puppet(near: true, as: alice, "tacit", "run", "-p", "acme/web", "--")
        let view = try inside.tell("link job").replacingOccurrences(of: "-> ", with: "")
        try expect(inside.tell("show job/vars/DB"), "= value")
        try expect(
            far.tell(each: "show \(view)/vars/DB", "names \(view)", "link job", direct),
            ["open EACCES", "opendir EACCES", "readlink ENOENT", "= value"])
        // On the socket a number that is nobody's here may come of any process: one of the job's too.
        try expect(far.tell(each: "ask a \(asked)", "ask a POST /v1/jobs/attach?id=\(view.dropFirst(6))"), ["403", "403"])

        // A job of a control group: a foreign one may be in it.
        let group = try ControlGroup(owner: alice)
        let started = try enclosed.run("tacit run -p acme/web -s db --cgroup \(group.path) --detach").orThrow().text
        for (puppet, answer) in [(near, "= value"), (inside, "= value"), (far, "open EACCES")] { try expect(puppet.tell(direct), answer) }
        try expect(far.tell(each: "list acme/web", "stat acme/web/db/vars/DB"), ["opendir EACCES", "ok"])
        // In its own namespace it can't say its number: the /proc that it sees is the daemon's.
        let number = "\(far.child?.pid ?? -1)"
        try group.take(number)
        try expect(far.tell(each: direct, "show .jobs/\(started)/vars/DB"), ["open EACCES", "open EACCES"])
        // Who is in one that was ended is refused everything, as long as there is the group.
        try enclosed.run("tacit jobs --end \(started)").orThrow()
        try expect(far.tell(direct), "open EACCES")
        try group.release(number)
        try group.remove()
        try enclosed.run("tacit jobs").orThrow()
        try expect(far.tell(direct), "= value")
        try enclosed.stop()
    }
}
