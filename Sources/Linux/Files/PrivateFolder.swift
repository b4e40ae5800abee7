// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// A file system in memory that only this process and those it starts can see.
package enum PrivateFolder {
    /// Takes this process to a mount namespace of its own, for users without privileges in a user namespace of its own, and mounts an
    /// empty tmpfs(5) of at most `size` bytes on the folder at `path`, which must exist. It is gone with the last process in there.
    ///
    /// Returns whether its pages may be swapped: `noswap` (Linux 6.4) is only taken from root. Throws what unshare(2) and mount(2) do,
    /// and EINVAL for a process with threads; the process may be in the new namespaces then.
    package static func mount(on path: String, size: Int) throws(Errno) -> Bool {
        if geteuid() == 0 {
            try unshare(TACIT_CLONE_NEWNS)
        } else {
            try enterUserNamespace()
        }
        // A mount that is made here must not come up outside.
        _ = try retrying { unsafe Glibc.mount("none", "/", nil, UInt(MS_REC) | UInt(MS_PRIVATE), nil) }
        let options = "mode=0700,size=\(size)"
        let flags = UInt(MS_NOSUID) | UInt(MS_NODEV) | UInt(MS_NOEXEC)
        if unsafe Glibc.mount("tacit", path, "tmpfs", flags, options + ",noswap") == 0 { return false }
        _ = try retrying { unsafe Glibc.mount("tacit", path, "tmpfs", flags, options) }
        return true
    }

    /// Whether this machine has memory on a disk at all.
    package static var isSwapping: Bool {
        // The first line has titles.
        guard let table = try? FileDescriptor.open("/proc/swaps", .readOnly).readToEnd(limit: 65536) else { return true }
        return table.count { $0 == UInt8(ascii: "\n") } > 1
    }

    /// A user namespace in which the caller is who they are outside. The kernel lets a process write its maps only while others of
    /// its user may look at it; locked buffers are not in a forked child, so there is nothing to see.
    private static func enterUserNamespace() throws(Errno) {
        let uid = geteuid()
        let gid = getegid()
        _ = try retrying { tacit_set_dumpable(1) }
        defer { _ = tacit_set_dumpable(0) }
        try unshare(TACIT_CLONE_NEWUSER | TACIT_CLONE_NEWNS)
        for (file, map) in [("setgroups", "deny"), ("uid_map", "\(uid) \(uid) 1"), ("gid_map", "\(gid) \(gid) 1")] {
            try FileDescriptor.open("/proc/self/" + file, .writeOnly).writeAll(Array(map.utf8))
        }
    }

    private static func unshare(_ flags: Int32) throws(Errno) {
        _ = try retrying { tacit_unshare(flags) }
    }

    /// Makes a folder with a name of its own in `parent` (mkdtemp(3)), for this user alone. Returns its path.
    package static func make(in parent: String) throws(Errno) -> String {
        var template = Array((parent + "/tacit-XXXXXX").utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw .current }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Removes an empty folder (rmdir(2)).
    package static func remove(_ path: String) {
        _ = unsafe rmdir(path)
    }
}

extension FileDescriptor {
    /// A file in memory without a name (memfd_create(2)), which programs that are executed keep.
    package static func inMemory(_ name: String) throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try retrying { unsafe tacit_memfd(name) })
    }
}
