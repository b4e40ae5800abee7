// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// A folder that names its project in a `.tacit` file, and what commands make of it.
@Suite struct CommandsProjects {
    /// Runs shell scripts as alice in a folder of hers, with a project `acme/web` that is hers to use.
    private struct Folder {
        let at: Watched
        let path: String

        init(_ at: Watched) throws {
            self.at = at
            path = try at.mount.scratch.folder("project-\(UUID().uuidString.prefix(8))", mode: 0o755, owner: alice.uid)
            try at.mount.grant("read,write,run,manage", on: "acme/web", to: "user:1001")
        }

        func run(_ script: String, input: String? = nil, mayPrint: Bool = false, in folder: String? = nil) throws -> Outcome {
            var command = at.command(["sh", "-c", script], as: alice, input: input)
            command.folder = folder ?? path
            let outcome = try command.run()
            if !mayPrint { #expect(!(outcome.text + outcome.complaint).contains(at.canary)) }
            return outcome
        }

        func must(_ script: String, input: String? = nil, mayPrint: Bool = false, in folder: String? = nil) throws -> String {
            try run(script, input: input, mayPrint: mayPrint, in: folder).orThrow().text
        }

        func write(_ text: String) throws { _ = try must("cat > .tacit", input: text) }
    }

    @Test func `from an empty folder to a running program are two commands`() throws {
        try watched { at in
            let folder = try Folder(at)
            // Nothing names a project: one's own.
            _ = try folder.must("tacit add API_KEY -", input: at.canary)
            try expect(folder.must("tacit run -- sh -c 'test ${#API_KEY} -eq \(at.canary.utf8.count) && echo it runs'"), "it runs")
            try expect(at.value("user/API_KEY", as: alice), at.canary)
            // In a project's folder, the project's.
            _ = try folder.must("tacit use acme/web && tacit add API_KEY other-value-of-this")
            try expect(folder.must("tacit run --no-mask -- printenv API_KEY"), "other-value-of-this")
            try expect(at.value("acme/web/API_KEY", as: alice), "other-value-of-this")
            try expect(folder.must("mkdir -p a/b && cd a/b && tacit get API_KEY"), "other-value-of-this")
        }
    }

    @Test func `a name means the same in every command`() throws {
        try watched { at in
            let folder = try Folder(at)
            try at.must("create", "acme/web/app", "-e", "A=web", as: alice)
            try at.must("create", "user/app", "-e", "A=own", as: alice)
            try at.must("create", "user/acme", "-e", "A=own", as: alice)
            for (before, value) in [
                ("", "own"), ("export TACIT_PROJECT=acme/web;", "web"), ("tacit use acme/web;", "web"),
                ("tacit use acme/web; export TACIT_PROJECT=user;", "own"), ("rm -f .tacit; cd \(at.mount.point)/acme/web;", "web"),
                ("cd \(at.mount.point)/acme/web; export TACIT_PROJECT=user;", "own"),
            ] {
                _ = try folder.must("rm -f .tacit")
                try expect(folder.must("\(before) tacit get app"), value, "\(before)")
                let home = value == "own" ? ".users/1001" : "acme/web"
                for command in ["show app", "history app", "policy app", "acl app", "why app", "ls app", "export --format sh app"] {
                    let outcome = try folder.run("\(before) tacit \(command)")
                    #expect(outcome.succeeded, "\(before) tacit \(command): \(outcome)")
                }
                // What is one's own is never shared, and the message tells which was meant.
                let granted = try folder.run("\(before) tacit grant app uid:1002 list")
                if home == "acme/web" {
                    let grants = try at.must("acl", "acme/web/app")
                    #expect(granted.succeeded && grants.contains("uid:1002"), "\(before)")
                    _ = try folder.must("\(before) tacit revoke app uid:1002")
                } else {
                    #expect(granted.complaint.hasPrefix("tacit: user/app: what is below user is never shared"), "\(before): \(granted)")
                }
            }
            // Where one is, or how the file is, changes nothing of what names a project from everywhere.
            try expect(folder.must("cd \(at.mount.point)/acme && TACIT_PROJECT=acme/web tacit get app"), "web")
            try expect(folder.must("cd \(at.mount.point)/acme && tacit get -p acme/web app"), "web")
            try expect(folder.must("cd \(at.mount.point)/user && tacit get app"), "own")
            try expect(folder.must("cd \(at.mount.point)/acme/web/app/vars && tacit get app"), "web")
            #expect(try folder.run("tacit ls -p '***' acme/web").ending == .exited(2))
            // -p wins over all.
            _ = try folder.must("tacit use user")
            try expect(folder.must("TACIT_PROJECT=user tacit get -p acme/web app"), "web")
            // Where it can be either, it is neither.
            let outcome = try folder.run("tacit acl acme")
            #expect(outcome.ending == .exited(2) && outcome.complaint.contains("tacit://acme"), "\(outcome)")
            #expect(try folder.must("tacit ls tacit://acme").contains("web"))
        }
    }

    @Test func `references go on from the working directory in the mount`() throws {
        try watched { at in
            let folder = try Folder(at)
            try at.must("create", "acme/web/app", "-e", "A=web", as: alice)
            for (place, word) in [
                ("acme", "web/app"), ("acme/web", "app/vars/A"), ("acme/web/app", "vars/A"), ("acme/web/app/vars", "./A"),
                ("acme/web/app/files", "../vars/A"), ("", "acme/web/app"), ("acme", "tacit://acme/web/app"),
                ("acme", at.mount.point + "/acme/web/app"),
            ] {
                try expect(folder.must("tacit get \(word)", in: "\(at.mount.point)/\(place)"), "web", "\(place): \(word)")
            }
            let outcome = try folder.run("tacit get acme/web/app", in: at.mount.point + "/acme")
            #expect(outcome.ending == .exited(4), "\(outcome)")
        }
    }

    @Test func `a linked env is a file in the job, for all of its processes, and nothing outside`() throws {
        try watched { at in
            let folder = try Folder(at)
            _ = try folder.must(
                "git init -q . 2>/dev/null || mkdir .git; tacit use acme/web --link .env && tacit add API_KEY -", input: at.canary)
            try expect(folder.must("cat .gitignore"), "/.env")
            let inside = """
                test -f .env && test $(stat -Lc %a .env) = 400 && first=$(cat .env) && second=$(cat .env) && test "$first" = "$second" &&
                third=$(sh -c 'sh -c "cat .env"') && test "$first" = "$third" && . ./.env && test "$API_KEY" = "$(cat \(at.mount.point)/job/vars/API_KEY)"
                """
            _ = try folder.must("tacit run -- sh -c '\(inside.replacingOccurrences(of: "'", with: "'\\''"))'")
            #expect(try !folder.run("cat .env").succeeded)
            try expect(folder.must("tacit why .env | head -1"), ".env is a link to job/env in the job of the process that reads it.")
            // It is made where it is missing, and nothing of the user's gives way to it.
            _ = try folder.must("rm .env && tacit run -- test -f .env && test -L .env")
            let refused = try folder.run("rm .env; echo A=mine > .env; tacit run -- true")
            #expect(refused.ending == .exited(125) && refused.complaint.contains("/.env is there already"), "\(refused)")
            try expect(folder.must("cat .env"), "A=mine")
            // What could not be linked is not said to be.
            let failed = try folder.run("rm .tacit; tacit use acme/web --link .env; test ! -e .tacit && echo none")
            #expect(failed.text == "none", "\(failed)")
        }
    }

    @Test func `what is required is checked before anything runs`() throws {
        try watched { at in
            let folder = try Folder(at)
            try at.must("create", "acme/web/app", "-e", "A=a", as: alice)
            try at.must("create", "acme/web/gone", "-e", "C=c")
            try folder.write("project = acme/web\nrequired = [A, B, D]\n")
            try at.must("set", "--empty", "acme/web/app", "D=", as: alice)
            let check = try folder.run("tacit check")
            #expect(check.ending == .exited(1), "\(check)")
            expect(check.text, "B: missing\nD: empty")
            #expect(try folder.run("tacit check --json").text.hasPrefix("{\"problems\":["))
            let run = try folder.run("tacit run -- touch ran")
            #expect(run.ending == .exited(125) && run.complaint.contains("B: missing, D: empty"), "\(run)")
            #expect(try !folder.run("test -e ran").succeeded)
            try folder.write("project = acme/web\nrequired = [A, C]\nsecrets = [app]\n")
            expect(try folder.run("tacit check").text, "C: not used: acme/web/gone/vars/C")
            try at.must("create", "acme/@org/kept", "-e", "K=k")
            try at.mount.grant("list,read", on: "acme/@org", to: "user:1001")
            try at.must("policy", "acme/@org/kept", "--projects", "none")
            try folder.write("project = acme/web\nrequired = [A, K]\n")
            expect(try folder.run("tacit check").text, "K: not used: acme/@org/kept/vars/K")
            try folder.write("project = acme/web\nrequired = A\n")
            _ = try folder.must("tacit check && tacit run -- touch ran && test -e ran")
        }
    }

    @Test func `what the file adds to a job is there, and options win over it`() throws {
        try watched { at in
            let folder = try Folder(at)
            try at.must("create", "acme/web/app", "-e", "A=a", "-e", "B=b", as: alice)
            try at.must("create", "user/mine", "-e", "T=token", "-f", "/etc/hostname:name", as: alice)
            _ = try folder.must("printf '${secrets.app.A}-%s' x > in.txt")
            try folder.write(
                """
                project = acme/web
                secrets = app
                [env]
                FIRST = user/mine/vars/T
                B = app/vars/A
                [files]
                .placed/name = user/mine/files/name
                [templates]
                .placed/out = in.txt
                """)
            // B = app/vars/A begins at the root, and there is no organization of that name.
            let wrong = try folder.run("tacit run -- true")
            #expect(wrong.ending == .exited(125) && wrong.complaint.contains("what is given for B leads to nothing"), "\(wrong)")
            _ = try folder.must("sed -i 's|^B = .*|B = acme/web/app/vars/A|' .tacit")
            let script = "echo $FIRST $B; cat $HOME/.placed/out; echo; cmp $HOME/.placed/name /etc/hostname && echo same"
            try expect(folder.must("tacit run --no-mask -- sh -c '\(script)'"), "token a\na-x\nsame")
            try expect(
                folder.must("tacit run --no-mask --env FIRST=acme/web/app/vars/B -- sh -c 'echo $FIRST; test ! -e x'"), "b")
            // Another project than the file's: the file does not count.
            try at.must("project", "create", "acme/other")
            try at.mount.grant("list,read,run", on: "acme/other", to: "user:1001")
            try expect(folder.must("tacit run -p acme/other -- sh -c 'echo \"[$FIRST]\"'"), "[]")
        }
    }

    @Test func `a job has what is named, and nothing else`() throws {
        try watched { at in
            let folder = try Folder(at)
            try at.must("create", "acme/web/app", "-e", "APP=app", as: alice)
            try at.must("create", "acme/web/other", "-e", "OTHER=other", as: alice)
            try at.must("create", "user/own", "-e", "OWN=own", as: alice)
            let show = "-- sh -c 'echo $APP-$OTHER-$OWN'"
            for (words, file, shown) in [
                ("-p acme/web -s user/own", "", "--own"), ("-p acme/web -s user/own -s app", "", "app--own"), ("", "secrets = []", "--"),
                ("", "secrets = [user/own, other]", "-other-own"), ("-s app", "secrets = []", "app--"), ("", "", "app-other-"),
            ] {
                try folder.write("project = acme/web\n\(file)\n")
                try expect(folder.must("tacit run --no-mask \(words) \(show)"), shown, "\(words) \(file)")
            }
            // A file that can't be used is passed over by nothing that would use it, whoever names the project.
            try folder.write("project = acme/web\nsecrts = []\n")
            for words in ["run -p acme/web -- true", "check -p acme/web", "run -- true"] {
                let outcome = try folder.run("tacit \(words)")
                #expect(!outcome.succeeded && outcome.complaint.contains("line 2"), "\(words): \(outcome)")
            }
            try expect(folder.must("tacit get -p acme/web app"), "app")
            // A target that one may not see is none that could be left out in silence.
            try folder.write("project = acme/web\ntarget = staging\n")
            try at.must("target", "create", "acme/web@prod")
            try at.must("create", "acme/web@prod/app", "-e", "APP=prod")
            let hidden = try folder.run("tacit run -t prod \(show)")
            #expect(hidden.ending == .exited(125) && hidden.complaint.contains("acme/web@prod: no such target"), "\(hidden)")
            try at.mount.grant("list,read", on: "acme/web@prod", to: "user:1001")
            try expect(folder.must("tacit run --no-mask -t prod \(show)"), "prod-other-")
        }
    }

    @Test func `values as files leave the environment without any`() throws {
        try watched { at in
            let folder = try Folder(at)
            try at.must("create", "acme/web/app", "-e", "A=-", as: alice, input: at.canary)
            let script =
                "tr '\\0' '\\n' < /proc/self/environ | grep -c \(at.canary); cat \"$A_FILE\" | wc -c; ls $CREDENTIALS_DIRECTORY; echo [$A]"
            let job = at.mount.point + "/job/vars"
            for words in ["-p acme/web --as-files", ""] {
                try folder.write("project = acme/web\ndeliver = files\n")
                let outcome = try folder.must(
                    "export A=before; tacit run \(words) -- sh -c '\(script)'; echo $A; tacit run -- printenv A_FILE")
                expect(outcome, "0\n\(at.canary.utf8.count)\nA\n[]\nbefore\n\(job)/A")
            }
        }
    }

    @Test func `a value where a reference belongs is told to nobody`() throws {
        try watched { at in
            let folder = try Folder(at)
            _ = try folder.must("tacit use acme/web && tacit add DB_URL kept-in-the-project")
            let words = ["\(at.canary)", "a/\(at.canary)==", "acme/web/\(at.canary)", "/a/\(at.canary)=", "tacit://a/\(at.canary)"]
            for way in words.map({ "--env TOKEN=\($0)" }) + words.dropLast().map({ "--file \($0):.pgpass" }) {
                let refused = try folder.run("tacit run \(way) -- true")
                #expect(refused.ending == .exited(125), "\(way): \(refused)")
                #expect(refused.complaint.contains("that you may see"), "\(way): \(refused)")
                #expect(refused.complaint.contains("hint: it takes a reference"), "\(refused)")
            }
            try folder.write("project = acme/web\n[env]\nTOKEN = hunter2-for-all\n")
            let named = try folder.run("tacit run -- true")
            #expect(named.ending == .exited(125) && named.complaint.contains("what is given for TOKEN"), "\(named)")
            #expect(!named.complaint.contains("hunter2"), "\(named)")
            // Nor is it in the log, which others read.
            try #expect(!at.must("audit").contains(at.canary))
            try expect(folder.must("tacit run --no-mask --env TOKEN=DB_URL -- printenv TOKEN"), "kept-in-the-project")
        }
    }

    @Test func `add says when another secret of the project has the variable`() throws {
        try watched { at in
            let folder = try Folder(at)
            _ = try folder.must("tacit use acme/web && tacit create acme/web/app -e DB_URL=a")
            let told = try folder.run("tacit add DB_URL b")
            #expect(told.succeeded && told.complaint.contains("warning: acme/web/app has vars/DB_URL too"), "\(told)")
            #expect(told.complaint.contains("hint: tacit set acme/web/app/vars/DB_URL stores its next value"), "\(told)")
            try expect(folder.run("tacit run -- true").ending, .exited(125))
            // The next value of it is no news, nor is another variable.
            for words in ["DB_URL c", "OTHER d"] { try expect(folder.run("tacit add \(words)").complaint, "") }
        }
    }

    @Test func `a user without rights learns whom to ask for what`() throws {
        try watched { at in
            let folder = try Folder(at)
            _ = try folder.must("tacit use acme/web && tacit add DB_URL kept-in-the-project")
            for command in ["tacit run -p acme/web -- true", "tacit run -p acme/none -- true"] {
                let refused = try at.run(["sh", "-c", command], as: mallory)
                // The same for a project that there is and for one that there is not.
                #expect(refused.ending == .exited(125), "\(refused)")
                #expect(refused.complaint.contains("uid:\(mallory.uid) run"), "\(refused)")
            }
        }
    }

    @Test func `two secrets of one scope that have the same are named, unless they were put in an order`() throws {
        try watched { at in
            let folder = try Folder(at)
            try at.must("create", "acme/web/a", "-e", "X=first-one", "-f", "/etc/hostname:f", as: alice)
            try at.must("create", "acme/web/b", "-e", "X=second-one", as: alice)
            let refused = try folder.run("tacit run -p acme/web -- true")
            #expect(
                refused.ending == .exited(125) && refused.complaint.contains("acme/web/a and acme/web/b both have variable X"), "\(refused)"
            )
            #expect(refused.complaint.contains("hint: -s names"), "\(refused)")
            for (order, value) in [("-s a -s b", "second-one"), ("-s b -s a", "first-one"), ("-s a", "first-one")] {
                try expect(folder.must("tacit run -p acme/web \(order) --no-mask -- printenv X"), value)
            }
            try at.must("set", "acme/web/b", "-f", "/etc/hostname:f/g", as: alice)
            let files = try folder.run("tacit run -p acme/web -- true")
            #expect(files.complaint.contains("leave no place for"), "\(files)")
            // A narrower scope decides by itself.
            try at.must("rm", "acme/web/b", as: alice)
            try at.must("target", "create", "acme/web@test")
            try at.mount.grant("read,write", on: "acme/web@test", to: "user:1001")
            try at.must("create", "acme/web@test/z", "-e", "X=of-the-target", as: alice)
            try expect(folder.must("tacit run -p acme/web@test --no-mask -- printenv X"), "of-the-target")
        }
    }

    @Test func `a job of one's own secrets is nobody else's, and policies hold in it`() throws {
        try watched { at in
            let folder = try Folder(at)
            try at.must("create", "user/app", "-e", "A=-", as: alice, input: at.canary)
            for words in ["", "-p user", "-s user/app", "-s app", "-p user -s app"] {
                _ = try folder.must("tacit run \(words) -- sh -c 'test -n \"$A\"'")
            }
            _ = try folder.must("tacit run -p acme/web -s user/app -- sh -c 'test -n \"$A\"'")
            // mallory has none of it, whoever's home she names.
            for words in ["-p user", "-s user/app", "-s app", "--env A=.users/1001/app"] {
                let outcome = try at.run(["sh", "-c", "tacit run \(words) -- sh -c 'test -n \"$A\"'"], as: mallory)
                #expect(!outcome.succeeded && !outcome.text.contains(at.canary), "\(words): \(outcome)")
            }
            try at.must("policy", "user/app", "--projects", "web", as: alice)
            let refused = try folder.run("tacit run -s app -- true")
            #expect(refused.ending == .exited(125) && refused.complaint.contains("does not admit project"), "\(refused)")
            _ = try folder.must("tacit run -p acme/web -s user/app -- sh -c 'test -n \"$A\"'")
            try at.must("policy", "user/app", "--projects", "all", "--debug", "deny", as: alice)
            #expect(try folder.run("tacit run -s app --debug -- true").ending == .exited(125))
            // The log names whose they are.
            let log = try at.must("audit", "--ref", ".users/1001")
            #expect(log.contains("allow run .users/1001 "))
            #expect(log.contains(".users/1001/app/vars/A"))
        }
    }
}
