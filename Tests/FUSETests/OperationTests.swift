// SPDX-License-Identifier: MIT

import FUSE
import Linux
import Synchronization
import Testing
import TestSupport

/// Each operation, asked for by a real program through the kernel: what the file system gets and what the program sees.
@Suite struct OperationTests {
    @Test func `folders and names`() throws {
        try Served.run { mount throws in
            #expect(try mount.must("mkdir a && echo hello > a/f && cat a/f && ls a") == "hello\nf")
            #expect(try mount.must("mv a/f a/g && cat a/g && ls a") == "hello\ng")
            #expect(try mount.must("rm a/g && rmdir a && ls") == "")
            #expect(try mount.probe("stat", "a") == "stat ENOENT")
        }
    }

    @Test func `rename flags`() throws {
        try Served.run { mount throws in
            mount.files.add("a", "first")
            mount.files.add("b", "second")
            #expect(try mount.probe("noreplace", "a", "b") == "renameat2 EEXIST")
            #expect(try mount.probe("noreplace", "a", "c") == "ok")
            #expect(try mount.probe("exchange", "b", "c") == "ok")
            #expect(try mount.must("cat b c") == "firstsecond")
        }
    }

    @Test func `attributes arrive`() throws {
        try Served.run { mount throws in
            mount.files.state.withLock { state in
                let inode = state.add(Array("f".utf8), in: 1, .init(type: .file, permissions: 0o4751, bytes: [1, 2, 3]))
                state.nodes[inode]?.uid = 1234
                state.nodes[inode]?.gid = 65_534
            }
            #expect(
                try mount.must("TZ=UTC stat -c '%i %f %h %u %g %s %b %Y %y' f")
                    == "2 89e9 1 1234 65534 3 1 1000000000 2001-09-09 01:46:40.123456789 +0000")
            mount.files.add("link", "some/where", type: .link)
            #expect(try mount.must("readlink link") == "some/where")
            #expect(try mount.must("stat -c %F . link") == "directory\nsymbolic link")
        }
    }

    @Test func `changes of attributes`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "contents")
            try mount.must("chmod 640 f; chown 7:8 f; truncate -s 3 f; touch -m -d @1500000000.5 f; touch -a f")
            // chown(2) and truncate(2) carry the time of the change besides.
            let changes = mount.files.state.withLock { $0.setAttributes }
            #expect(changes.map(\.permissions) == [0o640, nil, nil, nil, nil])
            #expect(changes.map(\.uid) == [nil, 7, nil, nil, nil])
            #expect(changes.map(\.gid) == [nil, 8, nil, nil, nil])
            #expect(changes.map(\.size) == [nil, nil, 3, nil, nil])
            #expect(changes[3].modified == .at(Timestamp(seconds: 1_500_000_000, nanoseconds: 500_000_000)))
            #expect(changes[4].accessed == .now)
            #expect(changes[4].modified == nil)
            #expect(try mount.must("stat -c '%a %u %g %s' f; cat f") == "640 7 8 3\ncon")
        }
    }

    @Test func `open flags and modes arrive`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "old")
            try mount.must("echo new > f; echo more >> f; cat f; umask 027; mkdir d; : > made")
            let flags = mount.files.state.withLock { $0.openFlags }
            try #require(flags.count == 4)
            #expect(flags[0].truncate && flags[0].writes && !flags[0].reads)
            #expect(flags[1].append && !flags[1].truncate)
            #expect(flags[2].reads && !flags[2].writes)
            #expect(flags[3].writes)
            #expect(mount.files.requests("mkdir").map(\.umask) == [0o027])
            #expect(mount.files.requests("create").map(\.umask) == [0o027])
            #expect(try mount.must("stat -c %a d made; cat f") == "750\n640\nnew\nmore")
        }
    }

    @Test func `large contents`() throws {
        try Served.run { mount throws in
            // Several requests each way, and a part of one.
            let sum = try mount.must(
                "head -c 1000000 /dev/urandom | tee big | sha256sum; sha256sum < big; tail -c +262100 big | head -c 131073 | wc -c")
            let lines = sum.split(separator: "\n")
            #expect(lines.count == 3 && lines[0] == lines[1] && lines[2] == "131073")
        }
    }

    @Test func `extended attributes`() throws {
        try Served.run { mount throws in
            mount.files.add("f")
            try mount.must("setfattr -n user.a -v hello f; setfattr -n user.empty f")
            #expect(try mount.must("getfattr f | grep user | sort") == "user.a\nuser.empty")
            #expect(try mount.must("getfattr -n user.a --only-values f") == "hello")
            #expect(try mount.complaint("getfattr -n user.c f").contains("No such attribute"))
            try mount.must("setfattr -x user.a f")
            #expect(try mount.complaint("setfattr -x user.a f").contains("No such attribute"))
        }
    }

    @Test func `long folders are listed whole`() throws {
        try Served.run { mount throws in
            for number in 0..<1000 { mount.files.add("file-with-a-rather-long-name-\(number)") }
            #expect(try mount.must("ls | sort -u | wc -l; ls -f | wc -l") == "1000\n1000")
            #expect(mount.files.requests("readdir").count > 2)
        }
    }

    @Test func `statistics and sync`() throws {
        try Served.run { mount throws in
            #expect(try mount.must("stat -f -c '%S %b %f %a %c %d %l' .") == "4096 1000 250 250 77 11 200")
            #expect(try mount.probe("fsync", "wc", "f", "x") == "ok")
            #expect(mount.files.requests("fsync").count == 1)
        }
    }

    @Test func `what is never served`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "contents")
            #expect(try mount.probe("link", "f", "g") == "link EPERM")
            #expect(try mount.probe("symlink", "f", "g") == "symlink EPERM")
            #expect(try mount.probe("mknod", "g") == "mknod EPERM")
            #expect(try mount.probe("mkfifo", "g") == "mkfifo EPERM")
            #expect(try mount.complaint("stty < f").contains("Inappropriate ioctl"))
            #expect(try mount.must("flock f echo locked; cp f copy; cat copy") == "locked\ncontents")
            #expect(try mount.complaint("fallocate -l 10 f").contains("not supported"))
        }
    }

    /// What an operation throws is what the caller's system call fails with.
    @Test(arguments: [
        ("lookup", ["stat", "g"], "stat"),
        ("setattr", ["chmod", "600", "f"], "chmod"),
        ("mkdir", ["mkdir", "g"], "mkdir"),
        ("unlink", ["unlink", "f"], "unlink"),
        ("rmdir", ["rmdir", "d"], "rmdir"),
        ("rename", ["rename", "f", "g"], "rename"),
        ("create", ["open", "wc", "g"], "open"),
        ("open", ["open", "r", "f"], "open"),
        ("read", ["read", "f"], "read"),
        ("write", ["write", "w", "f", "x"], "write"),
        ("flush", ["write", "w", "f", "x"], "close"),
        ("fsync", ["fsync", "w", "f", "x"], "fsync"),
        ("opendir", ["list", "."], "opendir"),
        ("readdir", ["list", "."], "readdir"),
    ])
    func `errors arrive`(operation: String, words: [String], call: String) throws {
        try Served.run { mount throws in
            mount.files.add("f", "contents")
            mount.files.add("d", type: .folder)
            mount.files.state.withLock {
                $0.errors[operation] = .noKey
            }
            #expect(try mount.command(["probe"] + words).run().orThrow().text == "\(call) ENOKEY")
        }
    }

    @Test func `errors of attributes arrive`() throws {
        try Served.run { mount throws in
            mount.files.state.withLock {
                $0.timeout = 0
                $0.errors["getattr"] = .noKey
            }
            var command = mount.command(["probe", "stat", mount.point])
            command.folder = "/"
            #expect(try command.run().orThrow().text == "stat ENOKEY")
        }
    }

    @Test(arguments: [
        ("getxattr", "getfattr -n user.a f"), ("setxattr", "setfattr -n user.a -v b f"), ("listxattr", "getfattr f"),
        ("removexattr", "setfattr -x user.a f"), ("readlink", "cat l"), ("statfs", "stat -f ."),
    ])
    func `errors of programs arrive`(operation: String, script: String) throws {
        try Served.run { mount throws in
            mount.files.add("f", "contents")
            mount.files.add("l", "f", type: .link)
            mount.files.state.withLock { $0.errors[operation] = .noKey }
            #expect(try mount.complaint(script).contains("Required key not available"))
        }
    }

    /// An operation that throws no error number, or a number that the kernel would take for a success, fails all the same.
    @Test(arguments: [0, -5, 1000, 70_000])
    func `strange errors are errors`(number: Int32) throws {
        try Served.run { mount throws in
            mount.files.state.withLock { $0.errors["mkdir"] = Errno(rawValue: number) }
            #expect(try mount.probe("mkdir", "g") == "mkdir EIO")
        }
    }

    /// A READ is answered once, whether the operation lends nothing, lends twice, or throws after it has lent.
    @Test func `reads are answered once`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "silent")
            mount.files.add("g", "twice!")
            #expect(try mount.probe("read", "f") == "read EIO")
            #expect(try mount.must("head -c 6 g") == "twice!")
            #expect(try mount.probe("stat", "f") == "ok")
        }
    }
}
