// SPDX-License-Identifier: MIT

@testable import FUSE
import Foundation
import Linux
import Testing
import TestSupport

/// What is found on a mountpoint before the mount.
@Suite struct MountpointTests {
    @Test func `remains are cleared`() throws {
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt with space\tand \\")
        // Three crashes.
        for _ in 1...3 { try leaveRemains(on: point) }
        #expect(try Command("ls", point).run().complaint.contains("endpoint is not connected"))
        let files = MemoryFileSystem()
        files.add("f")
        let session = Session(mountpoint: point, allowOthers: true)
        try session.serve(files, ended: { _ in })
        #expect(try Command("ls", point).run().orThrow().text == "f")
        session.stop()
        #expect(try proc("self/mountinfo").allSatisfy { !$0.contains(scratch.path) })
    }

    /// A server in use is not disturbed, not even asked for attributes.
    @Test func `live mounts are refused`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "contents")
            let other = Session(mountpoint: mount.point, allowOthers: true)
            #expect(throws: SessionError.occupied(mountpoint: mount.point, type: "fuse.tacit")) {
                try other.serve(MemoryFileSystem(), ended: { _ in })
            }
            #expect(try mount.must("cat f") == "contents")
        }
    }

    @Test func `mounts of others are refused`() throws {
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt")
        try Command("mount", "-t", "tmpfs", "tmpfs", point).run().orThrow()
        defer { _ = try? Command("umount", "-l", point).run() }
        let session = Session(mountpoint: point, allowOthers: true)
        let error = #expect(throws: SessionError.self) { try session.serve(MemoryFileSystem(), ended: { _ in }) }
        #expect(error?.description == "a file system of type tmpfs is mounted on \(point) already")
        // A folder inside is fine.
        try Command("mkdir", point + "/inside").run().orThrow()
        let inside = Session(mountpoint: point + "/inside", allowOthers: true)
        try inside.serve(MemoryFileSystem(), ended: { _ in })
        #expect(try mountLine(point + "/inside") != nil)
        inside.stop()
    }

    @Test func `mountpoint must be a folder`() throws {
        try requireFUSE()
        let scratch = try Scratch()
        let file = try scratch.file("file")
        #expect(throws: SessionError.mountpoint(file, .notFolder)) {
            try Session(mountpoint: file, allowOthers: true).serve(MemoryFileSystem(), ended: { _ in })
        }
        #expect(throws: SessionError.mountpoint(file + "-none", .noEntry)) {
            try Session(mountpoint: file + "-none", allowOthers: true).serve(MemoryFileSystem(), ended: { _ in })
        }
    }

    /// A link to a folder is followed, and a relative path resolved, once and for all.
    @Test func `path is resolved`() throws {
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt")
        try Command("ln", "-s", "mnt", scratch.path + "/link").run().orThrow()
        let session = Session(
            mountpoint: scratch.path + "/../" + URL(filePath: scratch.path).lastPathComponent + "/link", allowOthers: true)
        try session.serve(MemoryFileSystem(), ended: { _ in })
        try Command("rm", scratch.path + "/link").run().orThrow()
        #expect(try mountLine(point) != nil)
        session.stop()
        #expect(try mountLine(point) == nil)
    }

    /// As an ordinary user: through fusermount3, for that user alone. It must be one that has a name: fusermount3 wants it.
    @Test func `as user`() async throws {
        try requireFUSE()
        // As udev would have it, which a container may lack.
        try Command("chmod", "666", "/dev/fuse").run().orThrow()
        await #expect(processExitsWith: .success) {
            let scratch = try Scratch()
            let point = try scratch.folder("mnt", owner: nobody)
            try #require(become(nobody))
            let files = MemoryFileSystem()
            files.add("f", "contents")
            let session = Session(mountpoint: point, allowOthers: false)
            try session.serve(files, ended: { _ in })
            let line = try #require(try mountLine(point))
            #expect(line.contains(" rw,nosuid,nodev,noexec"))
            #expect(line.contains(" - fuse.tacit tacit rw,user_id=\(nobody),group_id=\(nobody),default_permissions"))
            #expect(!line.contains("allow_other"))
            #expect(try Command("cat", point + "/f").run().orThrow().text == "contents")
            session.stop()
            #expect(try mountLine(point) == nil)
            // Closed, it can be mounted on again.
            #expect(try FileDescriptor.status(of: point).permissions == 0)
            let next = Session(mountpoint: point, allowOthers: false)
            try next.serve(files, ended: { _ in })
            #expect(try Command("cat", point + "/f").run().orThrow().text == "contents")
            next.stop()
            #expect(try FileDescriptor.status(of: point).permissions == 0)
        }
    }

    @Test func `table is read`() throws {
        let table = Array(
            """
            21 27 0:19 / /sys rw,nosuid - sysfs sysfs rw
            36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue
            47 27 0:4711 / /a\\040b\\134\\011\\012c rw - fuse.tacit tacit rw

            """.utf8)
        let mount = try #require(Mount(id: 47, on: "/a b\\\t\nc", in: table))
        #expect(mount.id == 47 && mount.minor == 4711 && mount.type == "fuse.tacit" && mount.path == "/a b\\\t\nc")
        #expect(Mount(id: 36, on: "/mnt2", in: table)?.type == "ext3")
        // Of another mount, or inside of it.
        #expect(Mount(id: 47, on: "/mnt2", in: table) == nil)
        #expect(Mount(id: 36, on: "/mnt2/folder", in: table) == nil)
        #expect(Mount(id: 99, on: "/mnt2", in: table) == nil)
        for length in 0..<table.count { _ = Mount(id: 47, on: "/", in: Array(table.prefix(length))) }
    }
}

/// Leaves what a crashed server leaves: a mount whose connection is gone.
func leaveRemains(on point: String) throws {
    let device = try FileDescriptor.open("/dev/fuse", .readWrite)
    let options = "fd=\(device.rawValue),rootmode=40000,user_id=0,group_id=0"
    let result = unsafe mount("tacit", point, "fuse.tacit", 0, options)
    try #require(result == 0)
    try device.close()
}

private let nobody: UInt32 = 65_534

/// Gives up being root.
private func become(_ user: UInt32) -> Bool {
    setgroups(0, nil) == 0 && setgid(user) == 0 && setuid(user) == 0
}
