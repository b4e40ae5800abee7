// SPDX-License-Identifier: MIT

import Glibc
import Linux

/// The `.gitignore` of a folder (gitignore(5)).
enum GitIgnore {
    /// Has git leave out files of a folder that is in a repository: adds the lines that the folder's `.gitignore` lacks. Does nothing
    /// outside of a repository.
    static func add(_ names: [[UInt8]], in folder: [UInt8]) throws(Failure) {
        guard isInRepository(folder) else { return }
        let path = ReferenceArgument.whole(Array(".gitignore".utf8), from: folder)
        do throws(Errno) {
            // Somebody else's link, or pipe, would have this process write elsewhere, or wait.
            let file = try FileDescriptor.open(
                string(path), [.readWrite, .create, .append, .noControl, .noFollow, .nonBlocking], permissions: 0o666)
            let status = try file.status()
            guard status.isRegularFile, status.links == 1, status.uid == ThisProcess.uid || status.uid == 0 else { throw .notPermitted }
            let text = try file.readToEnd(limit: 1 << 20)
            let newline = UInt8(ascii: "\n")
            let lines = Set(text.split(separator: newline).map(Array.init))
            let missing = names.map { [UInt8(ascii: "/")] + $0 }.filter { !lines.contains($0) && !lines.contains(Array($0.dropFirst())) }
            guard !missing.isEmpty else { return }
            let start = text.isEmpty || text.last == newline ? [] : [newline]
            try file.writeAll(start + Array(missing.joined(separator: [newline])) + [newline])
        } catch { throw Failure(.failed, "can't write \(text(path)): \(error)") }
    }

    private static func isInRepository(_ folder: [UInt8]) -> Bool {
        var folder = folder
        while true {
            let git = ReferenceArgument.whole(Array(".git".utf8), from: folder)
            if (try? FileDescriptor.status(of: string(git))) != nil { return true }
            guard folder.count > 1 else { return false }
            folder = ReferenceArgument.whole(Array("..".utf8), from: folder)
        }
    }
}
