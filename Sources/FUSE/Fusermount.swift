// SPDX-License-Identifier: MIT

internal import CFuse
internal import CLinux
internal import Glibc
internal import Linux

/// fusermount3(1), which mounts for users, and unmounts what they have mounted.
enum Fusermount {
    /// Unmounts, lazily.
    static func unmount(_ path: String) throws(Errno) {
        guard try run(["-u", "-z", "-q", "--", path], environment: nil) == 0 else { throw .notPermitted }
    }

    /// Mounts, and returns the descriptor of `/dev/fuse`, which it sends through the socket that `_FUSE_COMMFD` names. Nil if it
    /// refused, which it has said on standard error.
    static func mount(_ path: String, options: String) throws(Errno) -> FileDescriptor? {
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw .current }
        let own = FileDescriptor(owning: ends[0])
        let other = FileDescriptor(owning: ends[1])
        // Only the other end is for the child.
        guard fcntl(own.rawValue, F_SETFD, FD_CLOEXEC) == 0 else { throw .current }
        let status = try run(["-o", options, "--", path], environment: "_FUSE_COMMFD=\(other.rawValue)")
        // Closed here too, or there would be no end of what is received.
        try? other.close()
        guard status == 0 else { return nil }
        let device = cfuse_receive_descriptor(own.rawValue)
        return device < 0 ? nil : FileDescriptor(owning: device)
    }

    /// - Parameter environment: a setting beside those of this process.
    /// - Returns: its status as waitpid(2) gives it.
    private static func run(_ arguments: [String], environment setting: String?) throws(Errno) -> Int32 {
        // A child with memory of its own would have a copy of this process's: posix_spawn(3) lends it instead, until exec.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let words: [UnsafeMutablePointer<CChar>?] = unsafe (["fusermount3"] + arguments).map { unsafe strdup($0) }
        // The environment that is passed on, with what is added to it.
        var settings = unsafe inherited()
        let added = unsafe setting.flatMap { unsafe strdup($0) }
        if let added = unsafe added { unsafe settings.append(added) }
        defer {
            unsafe words.forEach { unsafe free($0) }
            unsafe free(added)
        }
        var child: pid_t = 0
        let error = unsafe posix_spawnp(&child, "fusermount3", nil, &attributes, words + [nil], settings + [nil])
        guard error == 0 else { throw Errno(rawValue: error) }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 {
            guard Errno.current == .interrupted else { throw .current }
        }
        return status
    }

    /// This process's own environment, as C has it.
    private static func inherited() -> [UnsafeMutablePointer<CChar>?] {
        var settings: [UnsafeMutablePointer<CChar>?] = unsafe []
        var next = unsafe environ
        while let setting = unsafe next.pointee {
            unsafe settings.append(setting)
            unsafe next += 1
        }
        return unsafe settings
    }
}
