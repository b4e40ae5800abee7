// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Calls on files by their paths.
extension FileDescriptor {
    /// Whether there is anything of that name, a dangling link included (lstat(2)).
    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// Whether there is a file at the end of all links (access(2)).
    package static func isReachable(_ path: [UInt8]) -> Bool {
        unsafe access((path + [0]).map(CChar.init(bitPattern:)), F_OK) == 0
    }

    /// Removes a name (unlink(2)).
    package static func unlink(_ path: String) throws(Errno) {
        _ = try retrying { unsafe Glibc.unlink(path) }
    }

    /// Gives a file another name, which nothing may have (renameat2(2)); throws `exists` then.
    package static func rename(_ path: String, toNew newPath: String) throws(Errno) {
        do throws(Errno) {
            _ = try retrying { unsafe tacit_rename_noreplace(path, newPath) }
        } catch {
            // A file system that can't promise it, such as NFS.
            guard error == .invalidArgument || error == .noSystemCall else { throw error }
            guard !exists(newPath) else { throw .exists }
            _ = try retrying { unsafe Glibc.rename(path, newPath) }
        }
    }

    /// The folder that a path names a file in: "." where it names none.
    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
