import Foundation
import TestSupport
import Testing

/// What one user may take up (tacitd.8, SHARES AND QUOTAS): by real users, on a real mount.
@Suite struct Shares {
    private func options(_ shares: String) -> Mount.Options {
        var options = Mount.Options()
        options.words = ["-o", shares]
        return options
    }

    /// A program that has `errno` and `os`, and prints what it has to tell.
    private func python(_ script: String, _ words: String...) -> [String] {
        ["python3", "-I", "-S", "-c", "import errno, os, socket, sys, time\n" + script] + words
    }

    @Test func `nobody has more open handles than a share, files and folders together`() throws {
        try withMount(options("handles=20")) { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.must("mkdir user/own; echo x > user/own/vars/A", as: alice)
            let script = """
                held, told = [], None
                ways = [("acme/web/db/vars/A", os.O_RDONLY), ("user/own/vars/A", os.O_WRONLY), ("user/own", os.O_RDONLY | os.O_DIRECTORY),
                    ("user/own/vars/NEW", os.O_WRONLY | os.O_CREAT)]
                try:
                    for turn in range(200):
                        held.append(os.open(*ways[turn % len(ways)]))
                except OSError as error:
                    told = errno.errorcode[error.errno]
                print(len(held), told)
                for path, flags in ways:
                    try: os.open(path, flags); print("opened")
                    except OSError as error: print(errno.errorcode[error.errno])
                os.close(held.pop(0))
                # The kernel lets go of a file when it gets to it.
                for _ in range(1000):
                    try: held.append(os.open(*ways[0])); break
                    except OSError: time.sleep(0.01)
                print(len(held), flush=True)
                time.sleep(60)
                """
            let holder = try mount.command(python(script), as: alice).start()
            try holder.waitFor("20 ENFILE\nENFILE\nENFILE\nENFILE\nENFILE\n20\n")
            // Nobody else is the worse for it; root has no limit.
            try mount.must("echo x > acme/web/db/vars/B; ls acme/web/db/vars", as: bob)
            try expect(mount.must("exec 3< user/ 4< user/ 5< acme; ls acme/web/db/vars; tail -f /dev/null --pid=$$ & kill $!"), "A\nB")
            try expect(mount.probe("list", "acme", as: alice), "opendir ENFILE")
        }
    }

    @Test func `connections of one user that say nothing lock out nobody, and end by themselves`() throws {
        try withMount(options("connections=10")) { mount in
            let script = """
                held, told = [], []
                for turn in range(300):
                    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM); s.connect(sys.argv[1]); held.append(s)
                    # One that was refused already takes nothing.
                    try: turn % 2 and s.sendall(b"GET /v1/stat")
                    except BrokenPipeError: pass
                # Those that were refused have been told so; the others in a while.
                for s in held:
                    s.settimeout(30)
                    told.append(s.recv(65536).split(b"\\r\\n")[0].decode())
                    if len(told) == 20: print("held", flush=True)
                print(len(told), *sorted(set(told)), flush=True)
                """
            let holding = try mount.command(python(script, mount.socket), as: mallory).start()
            for user in [Caller.root, alice, bob] {
                for _ in 0..<5 { try mount.tacit("status", as: user).orThrow() }
            }
            try expect(holding.wait().text, "held\n300 HTTP/1.1 503 Service Unavailable")
            try mount.tacit("status", as: mallory).orThrow()
        }
    }
}
