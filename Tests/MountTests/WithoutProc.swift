// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// Where /proc is not mounted, as early at boot, in a rescue shell or in a chroot.
@Suite struct WithoutProc {
    private func withoutProc(_ script: String, in mount: Mount) throws -> Command {
        mount.command(["unshare", "-m", "sh", "-c", "mount -t tmpfs none /proc && ! test -e /proc/self && \(script)"])
    }

    @Test func `both programs read their words`() throws {
        try withMount { mount in
            for program in ["tacit", "tacitd"] {
                try expect(
                    withoutProc("\(program) --version", in: mount).run().orThrow().text, mount.command([program, "--version"]).run().text)
                let help = try withoutProc("\(program) --help", in: mount).run().orThrow().text
                try expect(help, mount.command([program, "--help"]).run().text)
                #expect(help.contains("Usage") || help.contains("usage"), "\(help)")
            }
        }
    }

    @Test func `commands do what they do elsewhere`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.grant("read,write,run", on: "acme/web/db", to: "user:0")
            try expect(withoutProc("tacit get acme/web/db/vars/A", in: mount).run().orThrow().text, "value of A")
            try withoutProc("printf anew | tacit set acme/web/db A=-", in: mount).run().orThrow()
            try withoutProc("tacit set acme/web/db B=words", in: mount).run().orThrow()
            try expect(mount.read("acme/web/db/vars/A", as: .root), "anew")
            try expect(mount.read("acme/web/db/vars/B", as: .root), "words")
            try expect(
                withoutProc("HOME=$SCRATCH tacit run --no-mask -p acme/web -s db -- sh -c 'echo $A $B'", in: mount).run().orThrow().text,
                "anew words")
        }
    }

    @Test func `the daemon says what it misses`() throws {
        try withMount { mount in
            let outcome = try withoutProc("mkdir -p $SCRATCH/other && tacitd $SCRATCH/other", in: mount).run()
            #expect(outcome.ending == .exited(1) && outcome.complaint.contains("/proc is not mounted"), "\(outcome)")
        }
    }
}
