// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What people run as jobs: programs that insist on the owner and mode of what they are given, servers at the other end, and many
/// processes that live for a moment.
///
/// Some want their user to have an entry in passwd, so all run as `games`, who may `run` what is in the project and read none of it.
@Suite struct RealJobs {
    /// It must turn up in no output.
    private static let password = "s3cret of a real job"

    /// A project with a secret, and a folder `home` of games'.
    private func withProject(_ test: (Mount, _ home: String) throws -> Void) throws {
        try withMount { mount in
            try mount.make("acme/web/app")
            try mount.grant("run", on: "acme/web", to: "user:5")
            let home = try mount.scratch.folder("home", mode: 0o755, owner: games.uid)
            try test(mount, home)
            #expect(!mount.printed.contains(Self.password))
        }
    }

    /// A script as a job's command. Gives all of its output, none of it masked.
    private func job(_ mount: Mount, _ script: String) throws -> String {
        var command = mount.command(["tacit", "run", "--no-mask", "-p", "acme/web", "--", "sh", "-ec", "exec 2>&1\n" + script], as: games)
        command.environment["HOME"] = mount.scratch.path + "/home"
        command.limit = 120
        let outcome = try command.run()
        #expect(outcome.succeeded, "\(outcome.text) \(outcome.complaint)")
        #expect(!outcome.text.contains(Self.password) && !outcome.complaint.contains(Self.password))
        return outcome.text
    }

    /// A server in the foreground, started when it has said so. It ends with what it started when it is let go.
    private func server(_ mount: Mount, _ script: String, says text: String, as caller: TestUser = .root) throws -> Child {
        let server = try mount.command(["sh", "-c", "exec 2>&1\n" + script], as: caller).start()
        try server.waitFor(text, seconds: 30)
        return server
    }

    /// A port that nobody listened at a moment ago.
    private func freePort() throws -> String {
        try Command("python3", "-c", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])").run()
            .orThrow()
            .text
    }

    /// In hexadecimal digits.
    private func sha256(_ text: String, _ mount: Mount) throws -> Substring {
        try mount.command(["sha256sum"], input: Data(text.utf8)).run().orThrow().text.prefix(64)
    }

    @Test func `git clones over ssh, by the key that is placed in the home`() throws {
        try withProject { mount, home in
            let port = try freePort()
            try mount.must(
                """
                set -e
                mkdir -p /run/sshd $SCRATCH/sshd acme/web/app/files/.ssh
                ssh-keygen -q -t ed25519 -N '' -C '' -f $SCRATCH/sshd/key
                ssh-keygen -q -t ed25519 -N '' -C '' -f $SCRATCH/sshd/host
                cp $SCRATCH/sshd/key acme/web/app/files/.ssh/id_ed25519
                cd $SCRATCH/sshd
                rm key
                echo "[127.0.0.1]:\(port) $(cut -d' ' -f 1,2 host.pub)" > ../home/known
                git init -q --initial-branch=main repository
                echo cloned > repository/file
                git -C repository add file
                git -C repository -c user.name=t -c user.email=t@example.org commit -q -m first
                printf '%s\\n' 'Port \(port)' 'ListenAddress 127.0.0.1' "HostKey $PWD/host" "AuthorizedKeysFile $PWD/key.pub" \\
                  'PidFile none' 'UsePAM no' 'StrictModes no' 'PermitRootLogin prohibit-password' 'PasswordAuthentication no' > config
                """)
            let server = try server(mount, "exec /usr/sbin/sshd -D -e -f $SCRATCH/sshd/config", says: "Server listening")
            let clone = """
                export GIT_SSH_COMMAND="ssh -F none -o UserKnownHostsFile=$HOME/known -o BatchMode=yes -o IdentitiesOnly=yes \
                -i $HOME/.ssh/id_ed25519"
                git clone -q ssh://root@127.0.0.1:\(port)$SCRATCH/sshd/repository "$HOME/clone"
                """
            try expect(
                job(mount, "test \"$(stat -Lc '%a %u' ~/.ssh/id_ed25519)\" = '400 5'\n\(clone)\ncat ~/clone/file"), "cloned")
            // The link was the job's, and went with it: without, there is no way in.
            #expect(!FileManager.default.fileExists(atPath: home + "/.ssh"))
            var outside = mount.command(["sh", "-c", "rm -r ~/clone; \(clone)"], as: games)
            outside.environment["HOME"] = home
            #expect(try !outside.run().succeeded)
            #expect(server.isRunning)
        }
    }

    @Test func `postgres and psql take a password from files of the job`() throws {
        try withProject { mount, _ in
            try mount.store(Self.password, in: "acme/web/app/vars/DB_PASSWORD")
            try mount.store("*:*:*:app:\(Self.password)\n", in: "acme/web/app/files/.pgpass")
            let tools = "PATH=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1):$PATH"
            try expect(
                job(mount, "\(tools)\ninitdb -D ~/data -U app -A scram-sha-256 --pwfile=job/vars/DB_PASSWORD --no-sync > ~/log\necho made"),
                "made")
            let server = try server(
                mount, "\(tools)\nexec postgres -D $SCRATCH/home/data -k $SCRATCH/home -c listen_addresses= -c fsync=off",
                says: "ready to accept connections", as: games)
            let question = "psql -w -h $SCRATCH/home -U app -d postgres -Atc 'SELECT 6 * 7'"
            // libpq refuses a file that others could read, and finds the one in the home by itself.
            try expect(job(mount, "PGPASSFILE=job/files/.pgpass \(question)\n\(question)"), "42\n42")
            try expect(job(mount, "PGPASSWORD=$DB_PASSWORD \(question)"), "42")
            #expect(try !mount.run(question, as: games).succeeded)
            server.signal(SIGINT)
            try expect(server.wait().ending, .exited(0))
        }
    }

    @Test func `curl takes a password from a netrc of the job`() throws {
        try withProject { mount, home in
            try mount.store("machine 127.0.0.1 login app password \"\(Self.password)\"\n", in: "acme/web/app/files/.netrc")
            let hash = try sha256("app:\(Self.password)", mount)
            try """
            import base64, hashlib, http.server, sys

            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    given = base64.b64decode(self.headers.get("Authorization", "Basic ").removeprefix("Basic "))
                    self.send_response(200 if hashlib.sha256(given).hexdigest() == sys.argv[1] else 401)
                    self.end_headers()
                def log_message(self, *_): pass

            server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
            print("listens at", server.server_port, flush=True)
            server.serve_forever()
            """.write(toFile: home + "/server.py", atomically: true, encoding: .utf8)
            let server = try server(mount, "exec python3 $SCRATCH/home/server.py \(hash)", says: "listens at")
            let port = server.printed.split(separator: " ").last.map { $0.trimmingCharacters(in: .newlines) } ?? ""
            let ask = "curl -s -o /dev/null -w '%{http_code}\\n'"
            try expect(
                job(mount, "\(ask) --netrc-file job/files/.netrc http://127.0.0.1:\(port)/\n\(ask) -n http://127.0.0.1:\(port)/"),
                "200\n200")
            try expect(mount.must("\(ask) -n http://127.0.0.1:\(port)/", as: games), "401")
        }
    }

    @Test func `python-dotenv reads the env of the job`() throws {
        try withProject { mount, _ in
            try mount.store(Self.password, in: "acme/web/app/vars/SPACES")
            try mount.store("two\nlines and 'quotes'", in: "acme/web/app/vars/ROWS")
            try expect(
                job(
                    mount,
                    """
                    exec python3 -c '
                    import os, dotenv
                    found = dotenv.dotenv_values("job/env")
                    assert found == {name: os.environ[name] for name in ("SPACES", "ROWS")}
                    dotenv.load_dotenv("job/env", override=True)
                    print(len(os.environ["SPACES"]), len(os.environ["ROWS"]))'
                    """), "\(Self.password.utf8.count) 22")
        }
    }

    /// As a container's runtime places a folder: a bind mount in a private mount namespace, which only the job's processes can read.
    @Test func `the folder is mounted where a program looks for it`() throws {
        try withProject { mount, _ in
            try mount.make("acme/web/app/files/app")
            try mount.store(Self.password, in: "acme/web/app/files/app/key")
            try mount.grant("run", on: "acme/web", to: "user:0")
            let place = try mount.scratch.folder("run-secrets", mode: 0o755)
            var command = mount.command(
                [
                    "tacit", "run", "--no-mask", "-p", "acme/web", "--", "unshare", "-m", "sh", "-ec",
                    """
                    mount --bind .jobs/$TACIT_JOB/files \(place)
                    test "$(cat \(place)/app/key)" = "$(cat job/files/app/key)"
                    test "$(ls \(place))" = app
                    touch \(place)/new 2> /dev/null && exit 9
                    # Not the user of the job, and not by another name of the same folder.
                    setpriv --reuid=5 --regid=60 --clear-groups cat \(place)/app/key 2> /dev/null && exit 8
                    echo read
                    """,
                ])
            command.environment["HOME"] = try mount.scratch.folder("root")
            try expect(command.run().orThrow().text, "read")
            try expect(mount.must("ls \(place)"), "")
        }
    }

    @Test func `make starts many short processes`() throws {
        try withProject { mount, home in
            try mount.store(Self.password, in: "acme/web/app/vars/TOKEN")
            let hash = try sha256(Self.password, mount)
            try """
            all: $(foreach n,\((1...300).map(String.init).joined(separator: " ")),out/$(n))
            out/%:
            \t@test "$$(sha256sum < job/vars/TOKEN | cut -c 1-64)" = \(hash)
            \t@(setsid sh -c 'test "$$(sha256sum < job/env | cut -c 1-4)" && echo > $(HOME)/$@' &)
            """.write(toFile: home + "/Makefile", atomically: true, encoding: .utf8)
            try expect(
                job(
                    mount,
                    """
                    mkdir ~/out
                    make -s -j 8 -f ~/Makefile
                    for _ in $(seq 300); do
                      [ $(ls ~/out | wc -l) = 300 ] && break
                      sleep 0.1
                    done
                    ls ~/out | wc -l
                    """), "300")
        }
    }
}
