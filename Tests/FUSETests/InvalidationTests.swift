// SPDX-License-Identifier: MIT

import FUSE
import Synchronization
import Testing
import TestSupport

/// What the kernel has cached for an hour is forgotten at once when it changes.
@Suite struct InvalidationTests {
    @Test func `attributes`() throws {
        try Served.run { mount throws in
            let inode = mount.files.add("f", "contents")
            #expect(try mount.must("stat -c %s f") == "8")
            mount.files.state.withLock { $0.nodes[inode]?.bytes = [1, 2, 3] }
            #expect(try mount.must("stat -c %s f") == "8")
            mount.session.invalidate([.attributes(inode)])
            #expect(try mount.must("stat -c %s f") == "3")
        }
    }

    @Test func `contents`() throws {
        try Served.run { mount throws in
            let inode = mount.files.add("f", "first\n")
            mount.files.state.withLock { $0.openReply = OpenReply(handle: 0, keepCache: true) }
            // Unlike cat(1), the shell's own `read` does not look at the size.
            #expect(try mount.must("read v < f; echo $v") == "first")
            mount.files.state.withLock { $0.nodes[inode]?.bytes = Array("second\nthird\n".utf8) }
            #expect(try mount.must("read v < f; echo $v") == "first")
            mount.session.invalidate([.contents(inode)])
            #expect(try mount.must("read v < f; echo $v; stat -c %s f") == "second\n13")
        }
    }

    @Test func `entries`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "first")
            #expect(try mount.must("cat f") == "first")
            let other = mount.files.add("g", "second")
            mount.files.state.withLock { $0.nodes[1]?.entries[Array("f".utf8)] = other }
            #expect(try mount.must("cat f") == "first")
            mount.session.invalidate([.entry(parent: 1, name: Array("f".utf8))])
            #expect(try mount.must("cat f") == "second")
            mount.files.state.withLock { _ = $0.nodes[1]?.entries.removeValue(forKey: Array("f".utf8)) }
            mount.session.invalidate([.entry(parent: 1, name: Array("f".utf8))])
            #expect(try mount.probe("stat", "f") == "stat ENOENT")
        }
    }

    /// Unknown inodes and names have nothing to forget.
    @Test func `unknown ones are no error`() throws {
        try Served.run { mount throws in
            mount.session.invalidate([
                .attributes(77), .contents(77), .entry(parent: 77, name: Array("f".utf8)), .entry(parent: 1, name: []),
            ])
            #expect(try mount.must("ls") == "")
        }
    }

    @Test func `mounts below a forgotten name go`() throws {
        try Served.run { mount throws in
            mount.files.add("a", type: .folder, permissions: 0o755)
            try mount.must("mount -t tmpfs tmpfs a")
            #expect(try mountLine(mount.point + "/a") != nil)
            mount.session.invalidate([.entry(parent: 1, name: Array("a".utf8))])
            #expect(try mountLine(mount.point + "/a") == nil)
        }
    }

    /// One program writes a file and looks, as soon as it has closed it, at what has changed by that.
    @Test(.timeLimit(.minutes(30))) func `before the answer to flush`() throws {
        try Served.run { mount throws in
            let trigger = mount.files.add("trigger")
            let value = mount.files.add("value", "0\n")
            mount.files.add("name-0")
            mount.files.state.withLock { state in
                state.openReply = OpenReply(handle: 0, keepCache: true)
                state.changes["flush"] = { state in
                    // The number that was written.
                    let text = Array(state.nodes[trigger]?.bytes.prefix { $0 != 10 } ?? [])
                    guard let number = Int(String(decoding: text, as: UTF8.self)), number > 0 else { return [] }
                    state.nodes[value]?.bytes = text + [10]
                    let old = Array("name-\(number - 1)".utf8)
                    let new = Array("name-\(number)".utf8)
                    if let inode = state.nodes[1]?.entries.removeValue(forKey: old) { state.nodes[1]?.entries[new] = inode }
                    return [.contents(value), .attributes(trigger), .entry(parent: 1, name: old), .entry(parent: 1, name: new)]
                }
            }
            let script = """
                i=0
                while [ $i -lt 500 ]; do
                    last=$i; i=$((i + 1))
                    [ -e name-$last ] || echo "$last is not there"
                    echo $i > trigger
                    read v < value
                    [ "$v" = $i ] || echo "$v instead of $i"
                    [ -e name-$i ] || echo "$i is not there"
                    [ ! -e name-$last ] || echo "$last is still there"
                done
                """
            #expect(try mount.must(script) == "")
        }
    }

    /// Operations for which the kernel holds a lock: contents before the answer, names soon after.
    @Test func `around the answer to others`() throws {
        try Served.run { mount throws in
            let other = mount.files.add("other", "first")
            mount.files.add("gone")
            mount.files.state.withLock { state in
                state.openReply = OpenReply(handle: 0, keepCache: true)
                for operation in ["mkdir", "rmdir", "setxattr", "setattr", "unlink", "rename", "write"] {
                    state.changes[operation] = { state in
                        state.nodes[other]?.bytes = Array(operation.utf8)
                        _ = state.nodes[1]?.entries.removeValue(forKey: Array("gone".utf8))
                        return [.contents(other), .attributes(other), .entry(parent: 1, name: Array("gone".utf8))]
                    }
                }
            }
            #expect(
                try mount.must("cat other; [ -e gone ]; mkdir a; cat other; i=0; while [ -e gone ]; do sleep 0.01; done")
                    == "firstmkdir")
            #expect(
                try mount.must(
                    """
                    mv a b; cat other; setfattr -n user.a -v 1 b; cat other; chmod 700 b; cat other
                    rmdir b; cat other; : > f; echo x > f; cat other; rm f; cat other
                    """) == "renamesetxattrsetattrrmdirwriteunlink")
        }
    }

    /// Names come and go in a folder by FLUSHes, whose answers wait for its lock, while everything else that takes the
    /// lock goes on there, and while its attributes change, which takes it too.
    @Test(.timeLimit(.minutes(30))) func `no deadlock`() throws {
        try Served.run { mount throws in
            let folder = mount.files.add("d", type: .folder, permissions: 0o777)
            let value = mount.files.add("value", "contents")
            mount.files.add("trigger", "x")
            let names = (0..<8).map { Array("n\($0)".utf8) }
            mount.files.state.withLock { state in
                state.openReply = OpenReply(handle: 0, keepCache: true)
                let everything =
                    [.contents(value), .attributes(folder), .contents(folder)]
                    + names.map { Invalidation.entry(parent: folder, name: $0) }
                for operation in ["flush", "mkdir", "rmdir", "setxattr", "setattr", "unlink", "rename", "create"] {
                    state.changes[operation] = { _ in everything }
                }
            }
            let loops = [
                "echo x > trigger", "echo y > trigger", "mkdir d/n1; rmdir d/n1", "mkdir d/n2; mv d/n2 d/n3; rmdir d/n3",
                ": > d/n4; rm d/n4", "ls -l d", "setfattr -n user.a -v 1 d", "chmod 755 d; touch d", "cat value", "stat d/n5",
            ]
            let script = loops.map { "(i=0; while [ $i -lt 100 ]; do i=$((i + 1)); \($0); done) > /dev/null 2>&1 &" }
            var command = mount.command(["sh", "-c", script.joined(separator: "\n") + "\nwait; echo done"])
            command.limit = 60
            #expect(try command.run().orThrow().text == "done")
        }
    }
}
