// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// Programs that insist on the owner and mode of the files they read their keys from: they take those in `user/`.
///
/// Some also want their user to have an entry in passwd, so these run as `games`.
@Suite struct Programs {
    @Test func `ssh-keygen reads a private key`() throws {
        try withMount { mount in
            try mount.scratch.folder("home", owner: 5)
            try expect(
                mount.must(
                    """
                    cd $SCRATCH/home
                    for type in ed25519 rsa ecdsa; do
                        ssh-keygen -q -t $type -N '' -C '' -f $type
                        mkdir -p $OLDPWD/user/ssh/files/.ssh
                        cp $type $OLDPWD/user/ssh/files/.ssh/id_$type
                        ssh-keygen -y -f $OLDPWD/user/ssh/files/.ssh/id_$type > again || exit
                        cut -d' ' -f 1,2 $type.pub | cmp - again || exit
                    done
                    chmod 644 ed25519
                    # The same program refuses a key that others could read, so its consent means something.
                    ssh-keygen -y -f ed25519 2> /dev/null || echo refused
                    """, as: games), "refused")
        }
    }

    @Test func `openssl reads a private key`() throws {
        try withMount { mount in
            try mount.scratch.folder("home", owner: 5)
            try mount.must(
                """
                mkdir user/tls
                openssl genpkey -algorithm ed25519 -out user/tls/files/key.pem
                openssl pkey -in user/tls/files/key.pem -pubout -out $SCRATCH/home/public
                openssl pkey -in user/tls/files/key.pem -check -noout
                echo signed > $SCRATCH/home/text
                openssl pkeyutl -sign -rawin -inkey user/tls/files/key.pem -in $SCRATCH/home/text -out $SCRATCH/home/signature
                openssl pkeyutl -verify -rawin -pubin -inkey $SCRATCH/home/public -in $SCRATCH/home/text -sigfile $SCRATCH/home/signature
                """, as: games)
        }
    }

    @Test func `gpg imports a private key`() throws {
        try withMount { mount in
            let home = try mount.scratch.folder("home", owner: 5)
            let gpg = "gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase '' --homedir $SCRATCH/home"
            defer { _ = try? mount.run("gpgconf --homedir \(home) --kill all", as: games) }
            try expect(
                mount.must(
                    """
                    mkdir -m 700 $SCRATCH/home/made $SCRATCH/home/read
                    \(gpg)/made --quick-generate-key 'tacit <tacit@example.org>' ed25519 sign never 2> /dev/null
                    mkdir user/gpg
                    \(gpg)/made --armor --export-secret-keys > user/gpg/files/key.asc
                    gpgconf --homedir $SCRATCH/home/made --kill all
                    \(gpg)/read --import user/gpg/files/key.asc
                    echo text | \(gpg)/read --sign > $SCRATCH/home/signed
                    gpgconf --homedir $SCRATCH/home/read --kill all
                    \(gpg)/read --decrypt $SCRATCH/home/signed 2> /dev/null
                    """, as: games), "text")
        }
    }

    @Test func `psql takes a password file`() throws {
        try withMount { mount in
            let copy = try mount.scratch.folder("home", owner: 5)
            try mount.must("mkdir user/pg; echo 'localhost:1:*:tacit:s3cret' > user/pg/files/.pgpass", as: games)
            let psql = "psql -w -h 127.0.0.1 -p 1 -U tacit -c 'select 1' postgres"
            let outcome = try mount.run("PGPASSFILE=user/pg/files/.pgpass \(psql)", as: games)
            #expect(outcome.ending == .exited(2))
            #expect(!outcome.complaint.contains("WARNING"), "\(outcome)")
            let loose = try mount.run(
                "cp user/pg/files/.pgpass \(copy); chmod 644 \(copy)/.pgpass; PGPASSFILE=\(copy)/.pgpass \(psql)", as: games)
            #expect(loose.complaint.contains("WARNING: password file"), "psql no longer tells: \(loose)")
        }
    }

    @Test func `others can't read them, root neither`() throws {
        try withMount { mount in
            try mount.must("mkdir user/ssh; echo key > user/ssh/files/id", as: games)
            try expect(mount.probe("read", ".users/5/ssh/files/id", as: alice), "open EACCES")
            try expect(mount.probe("read", ".users/5/ssh/files/id"), "open EACCES")
            try expect(mount.probe("unlink", ".users/5/ssh/files/id"), "ok")
        }
    }
}
