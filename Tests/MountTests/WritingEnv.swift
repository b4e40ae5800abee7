// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// "Writing": `env` takes what it prints, and the dotenv that people have.
@Suite struct WritingEnv {
    private let env = "acme/web/db/env"

    private func withSecret(_ test: (Mount) throws -> Void) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.store("A=1\nB=2\n", in: env)
            try test(mount)
        }
    }

    @Test func `writing replaces all variables, appending adds and overwrites`() throws {
        try withSecret { mount in
            try expect(mount.read(env, as: alice), "A=1\nB=2\n")
            try mount.must("echo B=3 > \(env)", as: bob)
            try expect(mount.read(env, as: alice), "B=3\n")
            try expect(mount.must("ls acme/web/db/vars"), "B")
            try mount.must("echo C=4 >> \(env); printf 'A=5\\nB=6' >> \(env)", as: bob)
            try expect(mount.read(env, as: alice), "A=5\nB=6\nC=4\n")
            try expect(mount.must("cat acme/web/db/vars/*", as: alice), "564")
            try mount.must("rm acme/web/db/vars/B", as: bob)
            try expect(mount.read(env, as: alice), "A=5\nC=4\n")
            try mount.must("(echo X=1; echo Y=2; /bin/echo Z=3) > \(env)", as: bob)
            try expect(mount.read(env, as: alice), "X=1\nY=2\nZ=3\n")
            try expect(mount.must("ls acme/web/db/files"), "f")
        }
    }

    @Test func `it takes what it prints`() throws {
        try withSecret { mount in
            try mount.make("acme/web/copy")
            for (number, value) in Reading.nasty.enumerated() where !value.isEmpty {
                try mount.store(value + "\n", in: "acme/web/db/vars/N\(number)")
            }
            try mount.grant("read", on: "acme/web/copy", to: "user:1001")
            try mount.grant("write", on: "acme/web/copy", to: "user:1001")
            try mount.must("cp \(env) acme/web/copy/env", as: alice)
            try expect(mount.read("acme/web/copy/env", as: alice), mount.read(env, as: alice))
            try mount.must("for file in acme/web/db/vars/*; do cmp $file acme/web/copy/vars/${file##*/} || exit; done", as: alice)
            // In writes of one byte: a line may arrive in any number of pieces.
            try mount.must("dd if=\(env) of=acme/web/copy/env bs=1 status=none", as: alice)
            try expect(mount.read("acme/web/copy/env", as: alice), mount.read(env, as: alice))
        }
    }

    @Test(arguments: [
        ("# comment\n\n  \nA=1\n", "A=1\n"),
        ("export A=1\nexport B=two\n", "A=1\nB=two\n"),
        ("A='single $x \"quoted\"'\n", "A='single $x \"quoted\"'\n"),
        ("A=\"double 'quoted' \\$x \\` \\\" \\\\ end\"\n", "A=\"double 'quoted' \\$x \\` \\\" \\\\ end\"\n"),
        ("A=bare\n", "A=bare\n"),
        ("A='two\nlines'\nB=\"and\nmore\"\n", "A='two\nlines'\nB='and\nmore'\n"),
        ("A=1\nA=2\n", "A=2\n"),
        ("B=1\nA=2", "A=2\nB=1\n"),
        ("A='no expansion $HOME $(id) `id`'\n", "A='no expansion $HOME $(id) `id`'\n"),
    ])
    func `it takes dotenv files`(written: String, shown: String) throws {
        try withSecret { mount in
            try mount.store(written, in: env)
            try expect(mount.read(env, as: alice), shown)
        }
    }

    @Test func `a line it can't read is EINVAL at the write, and nothing changes`() throws {
        try withSecret { mount in
            for bad in ["no assignment\\n", "1A=x\\n", "A-B=x\\n", "A=1\\nB\\nC=2\\n", "=x\\n", "A=a\\0b\\n", "A='a'b c\\n"] {
                for flags in ["wct", "a"] {
                    try expect(mount.probe("write", flags, env, bad, as: bob), "write EINVAL", "\(bad)")
                    try expect(mount.probe("write", flags, env, "GOOD=1\\n", bad, as: bob), "write EINVAL", "\(bad)")
                    try expect(mount.probe("write", flags, env, bad, "GOOD=1\\n", as: bob), "write EINVAL", "\(bad)")
                    try expect(mount.read(env, as: alice), "A=1\nB=2\n")
                }
            }
            try expect(mount.must("ls acme/web/db/vars"), "A\nB")
            let outcome = try mount.run("echo 'not a line' > \(env)", as: bob, shell: "bash")
            #expect(!outcome.succeeded && outcome.complaint.contains("Invalid argument"), "\(outcome)")
        }
    }

    @Test func `a quote that is never closed is EINVAL at the close, and nothing changes`() throws {
        try withSecret { mount throws in
            for bad in ["C='x\\n", "C=\"x\\nD=y\\n", "D=1\\nC='x"] {
                try expect(mount.probe("write", "wct", env, bad, as: bob), "close EINVAL", "\(bad)")
                try expect(mount.probe("write", "a", env, bad, as: bob), "close EINVAL", "\(bad)")
                try expect(mount.read(env, as: alice), "A=1\nB=2\n")
            }
        }
    }

    @Test func `too large is EFBIG, a variable and the whole`() throws {
        try withSecret { mount in
            try expect(mount.probe("write", "wct", env, "A=", "@1048576", "\\n", as: bob), "ok")
            try expect(mount.must("wc -c < acme/web/db/vars/A", as: alice), "1048576")
            try mount.store("A=1\nB=2\n", in: env)
            try expect(mount.probe("write", "wct", env, "A=", "@1048577", "\\n", as: bob), "write EFBIG")
            try expect(mount.read(env, as: alice), "A=1\nB=2\n")
        }
    }
}
