// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// "Reading": exact bytes, the form of env, sizes and times, one version for each open.
@Suite struct Reading {
    /// Values that a shell, or a careless quoting, would change.
    static let nasty = [
        "plain", "", " ", "a b", " leading and trailing ", "it's", "\"", "'\"'", "$HOME", "`id`", "$(id)", "\\", "\\\\n", "a\\",
        "it's \"$5\" `x` \\", "#", "a#b", "a #b", ";", "a;b&c|d<e>f(g)", "*", "?[a-z]", "~", "~root", "!", "!!", "=", "a=b", "-n",
        "line\nline", "\n", "trailing newline\n", "\n\nit's\n", "tab\there", "\r\n", "ü€😀", "%s%n", "{a,b}", "\u{7f}\u{1b}[0m",
        "export A=1", "a\\\nb", "it's \\\n$x", "\u{a0}", "^M",
    ]

    @Test func `variables and files hold exactly the bytes that were stored`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("read", on: "acme/web/db", to: "user:1001")
            for size in [1, 4095, 4096, 4097, 8192, 131_072, 131_073, 1_048_576] {
                try mount.must("head -c \(size) /dev/urandom > $SCRATCH/bytes; chmod 644 $SCRATCH/bytes")
                try mount.must("cp $SCRATCH/bytes acme/web/db/files/bytes")
                try mount.must("cmp $SCRATCH/bytes acme/web/db/files/bytes", as: alice)
                try expect(mount.must("stat -c %s acme/web/db/files/bytes"), "\(size)")
                try mount.must("base64 -w 0 $SCRATCH/bytes | head -c \(size) > $SCRATCH/text; chmod 644 $SCRATCH/text")
                try mount.must("cp $SCRATCH/text acme/web/db/vars/TEXT")
                try mount.must("cmp $SCRATCH/text acme/web/db/vars/TEXT", as: alice)
                try expect(mount.must("stat -c %s acme/web/db/vars/TEXT"), "\(size)")
            }
            for (number, value) in Reading.nasty.enumerated() where !value.isEmpty {
                try mount.store(value + "\n", in: "acme/web/db/vars/N\(number)")
                try expect(mount.read("acme/web/db/vars/N\(number)", as: alice), value)
            }
        }
    }

    @Test func `env is sorted, a line each, quoted as little as possible`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("read", on: "acme/web/db", to: "user:1001")
            for (name, value) in [
                ("B", "bare-1.2_3/4:5,6+7@8%9"), ("a", "a b"), ("A", "it's"), ("__", "$HOME"), ("C1", "it's \"$5\" `x` \\"),
                ("C", "two\nlines"), ("Z", "a\\b"),
            ] {
                try mount.store(value, in: "acme/web/db/vars/\(name)")
            }
            try expect(
                mount.read("acme/web/db/env", as: alice),
                """
                A="it's"
                B=bare-1.2_3/4:5,6+7@8%9
                C='two
                lines'
                C1="it's \\"\\$5\\" \\`x\\` \\\\"
                Z='a\\b'
                __='$HOME'
                a='a b'

                """)
            try expect(mount.must("stat -c %s acme/web/db/env"), mount.must("wc -c < acme/web/db/env", as: alice))
        }
    }

    @Test(arguments: ["dash", "bash", "zsh"])
    func `a shell that sources env gets the same bytes back`(shell: String) throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("read", on: "acme/web/db", to: "user:1001")
            for (number, value) in Reading.nasty.enumerated() where !value.isEmpty {
                try mount.store(value + "\n", in: "acme/web/db/vars/N\(number)")
            }
            let script = """
                cd acme/web/db || exit
                set -a; . ./env; set +a
                for file in vars/*; do
                    eval "value=\\$${file#vars/}"
                    printf %s "$value" | cmp - "$file" || echo "$file"
                    printenv "${file#vars/}" | head -c -1 | cmp - "$file" || echo "$file"
                done
                """
            let outcome = try mount.run(script, as: alice, shell: shell)
            #expect(outcome.succeeded && outcome.lines.isEmpty && outcome.complaint == "", "\(outcome)")
        }
    }

    @Test func `env belongs to those who may read the whole secret`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.grant("read", on: "acme/web/db/vars", to: "user:1001")
            try mount.grant("read", on: "acme/web/db/vars/A", to: "user:1002")
            try mount.grant("read", on: "acme/web/db/files", to: "user:1003")
            try expect(mount.read("acme/web/db/env", as: alice), "A='value of A'\n")
            try expect(mount.probe("read", "acme/web/db/env", as: bob), "open EACCES")
            try expect(mount.probe("read", "acme/web/db/env", as: carol), "open EACCES")
            try mount.grant("read", on: "acme/web/db/env", to: "user:1002")
            try expect(mount.read("acme/web/db/env", as: bob), "A='value of A'\n")
        }
    }

    @Test func `the size is the value's length, the time that of its version`() throws {
        try withMount { mount in
            try mount.makeSecret()
            let before = Date().timeIntervalSince1970
            try mount.store("seven77", in: "acme/web/db/vars/A")
            let shown = try mount.must("stat -c '%s %.9Y' acme/web/db/vars/A").split(separator: " ")
            let time = Double(shown[1]) ?? 0
            #expect(shown[0] == "7")
            #expect(time >= before - 0.01 && time <= Date().timeIntervalSince1970)
            try expect(mount.must("stat -c %s acme/web/db/env"), "\("A=seven77\n".utf8.count)")
            usleep(20_000)
            try mount.store("seven88", in: "acme/web/db/vars/A")
            #expect(Double(try mount.must("stat -c %.9Y acme/web/db/vars/A")) ?? 0 > time)
            // Those who were told the old size are told the new one.
            try mount.grant("read", on: "acme/web/db", to: "user:1001")
            for value in ["1", "22", "", "4444", "333"] where !value.isEmpty {
                try mount.store(value, in: "acme/web/db/vars/A")
                try expect(
                    mount.must("stat -c %s acme/web/db/vars/A; cat acme/web/db/vars/A", as: alice), "\(value.count)\n\(value)")
            }
        }
    }

    @Test func `an open sees one version`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("read,write", on: "acme/web/db", to: "user:1001")
            for path in ["acme/web/db/vars/A", "acme/web/db/files/a"] {
                try expect(
                    mount.must(
                        """
                        printf old-old- > \(path)
                        exec 3< \(path)
                        dd bs=4 count=1 status=none <&3
                        printf new+new+new+ > \(path)
                        dd bs=100 status=none <&3
                        echo
                        cat \(path)
                        """, as: alice), "old-old-\nnew+new+new+")
            }
            let big = "acme/web/db/files/big"
            try expect(
                mount.must(
                    """
                    head -c 300000 /dev/zero | tr '\\0' o > \(big)
                    exec 3< \(big)
                    head -c 300000 /dev/zero | tr '\\0' n > \(big)
                    tr -d o <&3 | wc -c
                    tr -d n < \(big) | wc -c
                    """, as: alice), "0\n0")
            try expect(
                mount.must(
                    """
                    printf 'A=1\\nB=1\\n' > acme/web/db/env
                    exec 3< acme/web/db/env
                    dd bs=4 count=1 status=none <&3
                    printf 'A=2\\nB=2\\n' > acme/web/db/env
                    dd bs=100 status=none <&3
                    """, as: alice), "A=1\nB=1")
        }
    }

    @Test func `readers never see a value that is torn or mixed`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("read", on: "acme/web/db", to: "user:1001")
            // Values of one letter, of lengths on both sides of a page and of a FUSE request.
            let writer = """
                for size in 10 4000 5000 150000; do for letter in a b c; do
                    head -c $size /dev/zero | tr '\\0' $letter > $SCRATCH/$letter-$size
                done; done
                cp $SCRATCH/a-10 acme/web/db/files/f; cp $SCRATCH/a-10 acme/web/db/vars/F
                echo ready
                end=$(($(date +%s) + 4))
                while [ "$(date +%s)" -lt $end ]; do
                    for size in 10 4000 5000 150000; do for letter in a b c; do
                        cp $SCRATCH/$letter-$size acme/web/db/files/f; cp $SCRATCH/$letter-$size acme/web/db/vars/F
                    done; done
                done
                """
            let reader = """
                end=$(($(date +%s) + 4))
                while [ "$(date +%s)" -lt $end ]; do
                    for file in acme/web/db/files/f acme/web/db/vars/F; do
                        fold -w 1 < $file | sort -u | tr -d '\\n' > "$0"
                        case $(cat "$0") in a | b | c) ;; *) echo "torn: $(cat "$0")" ;; esac
                        case $(wc -c < $file) in 10 | 4000 | 5000 | 150000) ;; *) echo "torn: $(stat -c %s $file)" ;; esac
                    done
                done
                """
            let writing = try mount.command(["sh", "-c", writer]).start()
            try writing.waitFor("ready")
            let readers = try (0..<3).map { number in
                let own = try mount.scratch.file("reader-\(number)", owner: 1001)
                return try mount.command(["bash", "-c", reader, own], as: alice).start()
            }
            for reading in readers {
                let outcome = try reading.wait()
                #expect(outcome.succeeded && outcome.lines.isEmpty && outcome.complaint == "", "\(outcome)")
            }
            try writing.wait().orThrow()
        }
    }

    @Test func `inotify sees a rotation that was written through the mount`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            let watching = try mount.command(["probe", "watch", "acme/web/db/vars", "1"], as: alice).start()
            try watching.waitFor("watching")
            try mount.must("echo new > acme/web/db/vars/A", as: bob)
            let outcome = try watching.wait()
            expect(outcome.text, "watching\nclose_write A\nok")
        }
    }
}
