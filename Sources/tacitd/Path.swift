// SPDX-License-Identifier: MIT

import CLinux
import Glibc
import Linux

/// Paths from the command line.
enum Path {
    /// `path` with the working folder in front if it is relative: the daemon leaves that folder.
    static func whole(_ path: String, in workingFolder: String) -> String {
        if path.hasPrefix("/") { return path }
        return (workingFolder == "/" ? "" : workingFolder) + "/" + path
    }

    /// The file of `usual`'s sibling `file`, beside another store: what belongs to a store lies with it.
    static func beside(_ store: String, _ file: String, usual: String) -> String {
        if store == usual { return file }
        let folder = FileDescriptor.folder(of: store)
        return (folder == "/" ? "" : folder) + "/" + name(file)
    }

    /// All behind the last slash.
    static func name(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// The mountpoint without links and dots on the way to it. Its own name is left as it is, if it can be: a mount that a crash
    /// left there answers to nothing. Throws if a folder on the way is missing.
    static func mountpoint(_ path: String) throws(StartError) -> String {
        let slashless = String(path.reversed().drop { $0 == "/" }.reversed())
        let last = name(slashless)
        if last.isEmpty || last == "." || last == ".." { return try real(path) }
        let folder = try real(FileDescriptor.folder(of: slashless))
        return (folder == "/" ? "" : folder) + "/" + last
    }

    private static func real(_ path: String) throws(StartError) -> String {
        guard let resolved = unsafe realpath(path, nil) else { throw StartError("\(path): \(Errno.current)") }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// Makes the folder that `path` will lie in, with those on the way, with these permissions whatever the umask says. What exists
    /// is left as it is.
    static func makeFolder(for path: String, permissions: UInt32 = 0o700) throws(StartError) {
        let folder = FileDescriptor.folder(of: path)
        guard !FileDescriptor.exists(folder) else { return }
        try makeFolder(for: folder, permissions: permissions)
        guard unsafe mkdir(folder, 0o700) == 0, unsafe chmod(folder, permissions) == 0 else {
            throw StartError("can't make \(folder): \(Errno.current)")
        }
        do { try FileDescriptor.syncFolder(FileDescriptor.folder(of: folder)) } catch { throw StartError("\(folder): \(error)") }
    }
}
