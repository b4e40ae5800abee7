// SPDX-License-Identifier: MIT

import Bytes
import Formats
import Glibc
import Linux
import Secrets

/// The user's editor, on a text that lies in memory and on no disk.
///
/// The editor runs in a child with a mount namespace of its own, where an empty folder is covered by a file system in memory: editors
/// may write new files there and rename them, and nobody outside sees any of them. Where none can be mounted, the text is a file in
/// memory without a name, which does for editors that write in place.
enum Editor {
    /// Most bytes of all files that the editor makes beside.
    private static let roomForFiles = 256 << 20

    /// Opens `text` in the editor, as a file of that name, and returns what the editor leaves. Both are in locked memory.
    static func edit(_ text: borrowing LockedBuffer, named name: String) throws(Failure) -> LockedBuffer {
        let folder = try makeFolder()
        defer { PrivateFolder.remove(folder) }
        do {
            let there = try PipeEnds()
            let back = try PipeEnds()
            let quiet = QuietSignals()
            let child = try ForkedChild {
                EditorChild(folder, name).run(there.reader, closing: there.writer, back.writer, closing: back.reader)
            }
            let result = try exchange(text, there, back)
            let status = try child.wait()
            _ = consume quiet
            return try answer(result, status)
        } catch {
            throw (error as? Failure) ?? Failure(.failed, "can't start the editor: \((error as? Errno).map { "\($0)" } ?? "unknown")")
        }
    }

    /// Gives the text to the child, and takes what it has to say when the editor is done.
    private static func exchange(
        _ text: borrowing LockedBuffer, _ there: consuming PipeEnds, _ back: consuming PipeEnds
    ) throws(Errno) -> LockedBuffer {
        // Ours of the ends that are the child's must be closed, or the ends never come.
        let output = there.intoWriter()
        let input = back.intoReader()
        // A child that has ended already says why.
        text.withBytes { bytes in try? output.writeAll(bytes) }
        try output.close()
        var answer = try LockedBuffer(capacity: 65536)
        try answer.append(readingAllOf: input, limit: LockedBuffer.longestText)
        return answer
    }

    /// The child's first byte says what follows.
    private static func answer(_ said: borrowing LockedBuffer, _ status: Int32) throws(Failure) -> LockedBuffer {
        guard let kind = said.withBytes({ $0.byte(at: 0) }).flatMap(EditorChild.Answer.init) else {
            throw Failure(.failed, "the editor could not be watched: status \(status)")
        }
        guard kind == .text else {
            throw Failure(.failed, said.withBytes { string($0.publicBytes(1..<$0.byteCount)) })
        }
        do {
            var text = try LockedBuffer(capacity: max(1, said.count))
            _ = said.withBytes { text.append(copying: $0.extracting(droppingFirst: 1)) }
            return text
        } catch {
            throw .noLockedMemory(error)
        }
    }

    /// An empty folder to mount on, where this user may make one.
    private static func makeFolder() throws(Failure) -> String {
        let parents = [environment("XDG_RUNTIME_DIR"), environment("TMPDIR"), "/tmp"].compactMap { $0 }.filter { $0.hasPrefix("/") }
        for parent in parents {
            if let folder = try? PrivateFolder.make(in: parent) { return folder }
        }
        throw Failure(.failed, "can't make a folder in \(text(parents.last ?? "/tmp"))")
    }

    /// A variable of the environment, nil if it is empty too.
    static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Mounts the folder's own file system; false where that can't be, having said what follows from it.
    static func mount(on folder: String) -> Bool {
        do {
            if try PrivateFolder.mount(on: folder, size: roomForFiles), PrivateFolder.isSwapping {
                complain("tacit: warning: what you type may be swapped to a disk: only root can keep a file from that (tmpfs noswap)")
            }
            return true
        } catch {
            complain("tacit: warning: no private file system can be mounted (\(error))")
            complain("hint: the text is a file in memory instead, which editors that rename files can't write")
            return false
        }
    }
}
