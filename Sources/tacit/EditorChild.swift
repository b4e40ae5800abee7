// SPDX-License-Identifier: MIT

import Formats
import Glibc
import Linux

/// The forked child that runs the editor: the namespaces, the file, the editor, and the way back.
struct EditorChild {
    /// The answer that the child sends: a byte, and a text or words for a person.
    enum Answer: UInt8 {
        case text = 0x54
        case failure = 0x46
    }

    private let folder: String
    private let name: String

    init(_ folder: String, _ name: String) {
        self.folder = folder
        self.name = name
    }

    /// The child's work, with its ends of the pipes; those of its parent are closed. Returns its exit status.
    func run(
        _ input: borrowing FileDescriptor, closing first: borrowing FileDescriptor, _ output: borrowing FileDescriptor,
        closing second: borrowing FileDescriptor
    ) -> Int32 {
        // Copies that only this process has. Their owners don't close them: the child ends without.
        close(first.rawValue)
        close(second.rawValue)
        do {
            var text = try LockedBuffer(capacity: 65536)
            try text.append(readingAllOf: input, limit: LockedBuffer.longestText)
            let edited = Editor.mount(on: folder) ? try editFile(text) : try editMemory(text)
            try output.writeAll([Answer.text.rawValue])
            try edited.withBytes { bytes throws(Errno) in try output.writeAll(bytes) }
            return 0
        } catch {
            let words = (error as? Failure)?.message ?? "can't edit the text: \((error as? Errno).map { "\($0)" } ?? "unknown")"
            try? output.writeAll([Answer.failure.rawValue] + Array(words.utf8))
            return 1
        }
    }

    private func editFile(_ text: borrowing LockedBuffer) throws -> LockedBuffer {
        let path = folder + "/" + name
        let file = try FileDescriptor.open(path, [.writeOnly, .create, .exclusive], permissions: 0o600)
        try text.withBytes { bytes throws(Errno) in try file.writeAll(bytes) }
        try file.close()
        // Files that the editor puts aside for a while stay in memory too.
        unsafe setenv("TMPDIR", folder, 1)
        try runEditor(on: path)
        let edited = try FileDescriptor.open(path, [.readOnly, .noFollow])
        return try contents(of: edited)
    }

    private func editMemory(_ text: borrowing LockedBuffer) throws -> LockedBuffer {
        let file = try FileDescriptor.inMemory(name)
        try text.withBytes { bytes throws(Errno) in try file.writeAll(bytes) }
        try runEditor(on: "/proc/self/fd/\(file.rawValue)")
        // Opened anew, to be read from its start.
        return try contents(of: try FileDescriptor.open("/proc/self/fd/\(file.rawValue)", .readOnly))
    }

    private func contents(of file: borrowing FileDescriptor) throws -> LockedBuffer {
        var text = try LockedBuffer(capacity: 65536)
        try text.append(readingAllOf: file, limit: LockedBuffer.longestText)
        return text
    }

    private func runEditor(on path: String) throws {
        let editor = Editor.environment("VISUAL") ?? Editor.environment("EDITOR") ?? "vi"
        let words = ["/bin/sh", "-c", editor + " \"$@\"", editor] + EditorOptions.of(editor) + [path]
        let status = try Spawn.foreground(words)
        guard status == 0 else { throw Failure(.failed, "the editor '\(text(editor))' failed with status \(status): nothing is changed") }
    }
}

/// Options for editors that are known to keep copies of what they edit elsewhere.
enum EditorOptions {
    /// Vim keeps a swap file, backups, an undo file and registers, in folders that its settings name.
    private static let vim = ["-n", "-i", "NONE", "-c", "set nobackup nowritebackup noundofile"]

    static func of(_ editor: String) -> [String] {
        let program = editor.split(separator: " ").first.map(String.init) ?? ""
        return resolved(program).contains("vim") ? vim : []
    }

    /// The last component of what a program's name leads to: `vi` is often another name of vim.
    private static func resolved(_ program: String) -> String {
        let search = (Editor.environment("PATH") ?? "").split(separator: ":").map { $0 + "/" }
        let folders = program.contains("/") ? [""] : search
        for folder in folders {
            var room = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            guard unsafe realpath(folder + program, &room) != nil else { continue }
            let path = String(decoding: room.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            return path.split(separator: "/").last.map(String.init) ?? program
        }
        return program
    }
}
