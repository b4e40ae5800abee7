// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What `contrib/examples` shows works as it is told there.
@Suite struct ExamplesTests {
    private static let folder = FileManager.default.currentDirectoryPath + "/contrib/examples"

    /// Copies an example to where another user can read it.
    private func example(_ name: String, _ mount: Mount, mode: Int = 0o644) throws -> String {
        let text = try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(name)"))
        return try mount.scratch.file(name, text, mode: mode)
    }

    @Test func `with-env runs a command with a secret's variables`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            let script = try example("with-env", mount, mode: 0o755)
            try expect(
                mount.must(
                    "TACIT_MOUNT=\(mount.point) \(script) acme/web/db sh -c 'printf %s \"$A\" | cmp - acme/web/db/vars/A && echo same'",
                    as: alice),
                "same")
            #expect(try !mount.run("TACIT_MOUNT=\(mount.point) \(script) acme/web/none true", as: alice).succeeded)
        }
    }

    @Test func `ssh takes the key of ssh_config`() throws {
        try withMount { mount in
            let text = String(decoding: try #require(FileManager.default.contents(atPath: "\(Self.folder)/ssh_config")), as: UTF8.self)
            let config = try mount.scratch.file(
                "ssh_config", Data(text.replacingOccurrences(of: "/secrets", with: mount.point).utf8), mode: 0o644)
            try mount.scratch.folder("home", owner: 5)
            try mount.must(
                """
                cd $SCRATCH/home
                ssh-keygen -q -t ed25519 -N '' -C '' -f key
                mkdir -p $OLDPWD/user/ssh/files/.ssh
                cp key $OLDPWD/user/ssh/files/.ssh/id_ed25519
                file=$(ssh -G -F \(config) deploy | sed -n 's/^identityfile //p')
                ssh-keygen -y -f "$file" | cut -d' ' -f 1,2 > again
                cut -d' ' -f 1,2 key.pub | cmp - again
                """, as: games)
        }
    }

    @Test func `vim leaves nothing beside what it edits`() throws {
        try withMount { mount in
            try mount.must("mkdir user/own; echo value > user/own/files/ca.pem", as: alice)
            let settings = try example("secrets.vim", mount)
            let home = try mount.scratch.folder("home", owner: 1001)
            // In `-es` mode vim keeps no swap file, whatever the settings; so it runs on a terminal of its own.
            try mount.must(
                """
                cat > $SCRATCH/home/settings <<'VIM'
                set nocompatible swapfile undofile backup writebackup viminfo='100
                let g:tacit_mount = '\(mount.point)'
                source \(settings)
                VIM
                cat > $SCRATCH/home/keys <<'VIM'
                call writefile(split(execute('swapname'), '\\n') + [&backup, &writebackup, &undofile, 'viminfo=' .. &viminfo], '\(home)/told')
                call setline(1, 'changed')
                wq
                VIM
                HOME=\(home) TERM=xterm script -qec "vim -u \(home)/settings -S \(home)/keys \(mount.point)/user/own/files/ca.pem" /dev/null \
                    < /dev/null > /dev/null
                """, as: alice)
            try expect(mount.must("cat \(home)/told", as: alice), "No swap file\n0\n0\n0\nviminfo=")
            try expect(mount.read("user/own/files/ca.pem", as: alice), "changed\n")
            try expect(mount.must("ls -A \(home)", as: alice), "keys\nsettings\ntold")
        }
    }
}
