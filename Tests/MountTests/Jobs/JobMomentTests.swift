// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Whatever changes while a job runs shows at its next open.
@Suite struct JobMomentTests {
    /// What is done outside by the owner of the store | what is asked inside | the answer.
    private static let changes = """
        true                                        | show job/vars/DB     | = web/db
        printf rotated > acme/web/db/vars/DB        | show job/vars/DB     | = rotated
        true                                        | look job/vars/DB     | 100400 1001 7 1
        true                                        | show job/env         | = AWS=@org/aws|DB=rotated|MORE=web/more|P=@org/proxy|SHARED=web/more|
        # What comes into one of its secrets is its; by the same rules.
        printf new > acme/web/db/vars/NEW           | show job/vars/NEW    | = new
        true                                        | names job/vars       | AWS DB MORE NEW P SHARED
        printf new > acme/web/db/vars/MORE          | show job/vars/MORE   | = web/more
        rm acme/web/db/vars/NEW acme/web/db/vars/MORE | show job/vars/NEW  | open ENOENT
        printf new > acme/web/db/files/.ssh/config  | names job/files/.ssh | config id
        # A secret that comes later is not.
        mkdir acme/web/late && printf late > acme/web/late/vars/LATE | show job/vars/LATE | open ENOENT
        true                                        | show acme/web/late/vars/LATE | open EACCES
        true                                        | names acme/web       | db more
        # Policies.
        tacit policy acme/@org/aws --projects api   | show job/vars/AWS    | open EACCES
        true                                        | show job/env         | open EACCES
        true                                        | show job/vars/DB     | = rotated
        tacit policy acme/@org/aws --projects api,web | show job/vars/AWS  | = @org/aws
        tacit policy acme/web/db --projects none    | show job/vars/DB     | open EACCES
        tacit policy acme/web/db --projects all     | show job/vars/DB     | = rotated
        tacit policy acme/web/db --debug deny --attach deny | show job/vars/DB | = rotated
        # Rights.
        tacit revoke acme/@org 1001                 | show job/vars/P      | open EACCES
        true                                        | show job/files/etc/ca | open EACCES
        true                                        | show job/vars/DB     | = rotated
        tacit grant acme/@org/proxy/vars/P 1001 run | show job/vars/P      | = @org/proxy
        true                                        | show job/files/etc/ca | open EACCES
        tacit grant acme/@org 1001 read             | show job/files/etc/ca | = @org/proxy
        # The root key.
        tacit lock                                  | show job/vars/DB     | open ENOKEY
        tacit unlock --key-file "$KEY"              | show job/vars/DB     | = rotated
        # Names.
        mv acme/web/db acme/web/database            | show job/vars/DB     | = rotated
        mv acme/web acme/site                       | show job/vars/DB     | = rotated
        true                                        | show job/vars/AWS    | open EACCES
        tacit policy acme/@org/aws --projects site  | show job/vars/AWS    | = @org/aws
        rm -r acme/site/more                        | show job/vars/MORE   | open ENOENT
        true                                        | show job/vars/SHARED | = web/db
        mkdir acme/site/more && printf again > acme/site/more/vars/MORE | show job/vars/MORE | open ENOENT
        rm -r acme/site/database                    | names job/files      | etc
        true                                        | names job/vars       | AWS P SHARED
        rm -r acme/site@production acme/site        | show job/vars/P      | open EACCES
        """

    @Test func `rotations, policies, grants, the lock, names`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let job = try world.job("-p", "acme/web", "-s", "proxy", "-s", "aws", "-s", "db", "-s", "more")
            try expectRows(Self.changes) { row in
                let outcome = try mount.run(row[0])
                return outcome.succeeded ? try job.inside.tell(row[1]) : "\(outcome)"
            }
            // Each refusal is in the log with its job and its reason, and what was handed out with the secret's own name.
            let log = try mount.auditLog().filter { $0["job"] as? String == job.id && $0["action"] as? String == "open" }
            let refusals = Set(log.filter { $0["verdict"] as? String == "deny" }.compactMap { $0["reason"] as? String })
            let told = [
                "its policy does not admit project \"web\"", "its policy does not admit project \"site\"",
                "the user who started the job may no longer run or read it",
            ]
            #expect(refusals.isSuperset(of: told), "\(refusals)")
            #expect(log.contains { $0["ref"] as? String == "acme/web/db/vars/DB" && $0["verdict"] as? String == "allow" })
            #expect(log.allSatisfy { $0["uid"] as? Int == 1001 && ($0["lineage"] as? [Any])?.isEmpty == false })
        }
    }

    /// What is done outside | in which of the jobs it is asked | the question | the answer. Their modes differ, their secrets don't.
    private static let modes = """
        true                                        | plain    | show job/vars/P     | = @org/proxy
        true                                        | debug    | show job/vars/P     | = @org/proxy
        true                                        | attached | show job/vars/P     | = @org/proxy
        tacit policy acme/@org/proxy --debug deny   | plain    | show job/vars/P     | = @org/proxy
        true                                        | debug    | show job/vars/P     | open EACCES
        true                                        | debug    | show job/env        | open EACCES
        true                                        | debug    | names job/vars      | AWS P SHARED
        true                                        | debug    | show job/vars/AWS   | = @org/aws
        true                                        | attached | show job/vars/P     | = @org/proxy
        tacit policy acme/@org/proxy --debug allow --attach deny | debug | show job/vars/P | = @org/proxy
        true                                        | plain    | show job/vars/P     | = @org/proxy
        true                                        | attached | show job/vars/P     | open EACCES
        true                                        | attached | show job/env        | open EACCES
        true                                        | attached | show job/vars/AWS   | = @org/aws
        tacit policy acme/@org/proxy --attach allow | attached | show job/vars/P     | = @org/proxy
        """

    @Test func `debug and attach, at each open`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let plain = try world.job("-p", "acme/web", "-s", "proxy", "-s", "aws")
            let places = [
                "plain": plain.inside, "debug": try world.job("-p", "acme/web", "-s", "proxy", "-s", "aws", "--debug").inside,
                "attached": try Puppet(mount, "tacit", "attach", plain.id, "--", as: alice),
            ]
            try expectRows(Self.modes) { row in
                let outcome = try mount.run(row[0])
                return outcome.succeeded ? try places[row[1]]?.tell(row[2]) ?? "no such place" : "\(outcome)"
            }
        }
    }

    @Test(arguments: ["its run is killed", "it is ended", "one of its own kills its run"])
    func `what has ended opens nothing anew, and keeps what is open`(way: String) throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let job = try world.wholeJob()
            let orphan = try job.inside.orphan()
            try expect(
                orphan.tell(each: "keep a job/vars/DB", "keep B job/vars/DB", "keep c job/vars", "again a"), ["ok", "ok", "ok", "= web/db"])
            let link = "\(job.home)/.ssh/id"
            try expect(orphan.tell("show \(link)"), "= web/db")
            switch way {
            case "its run is killed": try job.killRoot()
            case "it is ended": try mount.tacit("jobs", "--end", job.id, as: alice).orThrow()
            default: try expect(job.inside.tell("kill \(job.inside.child?.pid ?? -1)"), "ok")
            }
            try Wait.until("the job to end") { try !mount.tacit("jobs", as: alice).orThrow().text.contains(job.id) }
            try mount.must("printf rotated > acme/web/db/vars/DB")
            try expect(orphan.tell(each: "size a", "again a"), ["6 bytes", "= web/db"])
            for line in [
                "reopen a", "reopen B", "below c DB", "show \(job.view)/vars/DB", "show \(job.view)/env", "show \(link)",
            ] {
                let answer = try orphan.tell(line)
                #expect(isGone(answer), "\(line): \(answer)")
            }
            let questions = ["link job", "show acme/web/db/vars/DB", "names job", "show acme/api/key/vars/KEY"]
            let answers = ["readlink ENOENT", "open EACCES", "opendir ENOENT"]
            if way == "it is ended" {
                // It is inside as long as there is a root: else it would have what alice has.
                try expect(questions.map { try orphan.tell($0) }, answers + ["open EACCES"])
                let refusal = try mount.auditLog().last { $0["job"] as? String == job.id }
                #expect(refusal?["verdict"] as? String == "deny" && refusal?["reason"] as? String == "the job has ended")
                try expect(orphan.tell("sh tacit run -p acme/web -- true 2>/dev/null"), "exit 125")
                #expect(!(try mount.tacit("jobs", "--end", job.id, as: alice).succeeded))
                try job.killRoot()
                try Wait.until("it to be outside") { try orphan.tell(questions[3]) == "= api/key" }
            }
            try expect(questions.map { try orphan.tell($0) }, answers + ["= api/key"])
            // Its files go from where they were placed, with the folders that were made for them.
            if way != "it is ended" {
                try Wait.until("the links to go") {
                    try FileManager.default.contentsOfDirectory(atPath: job.home).isEmpty
                }
            }
        }
    }
}
