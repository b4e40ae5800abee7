// SPDX-License-Identifier: MIT

import Formats
import Glibc
import Linux

/// The text of a folder's `.tacit` file, whose keys can be set without a change of the lines around them.
struct ProjectFileText {
    private let path: [UInt8]
    private var lines: [[UInt8]]
    /// Those of the file that is replaced; less the umask, of a new one.
    private var permissions: UInt32 = 0o666
    private static let newline = UInt8(ascii: "\n")

    /// That of the file in a folder; an empty one if there is none. Throws a failure for a file that can't be read as one.
    init(in folder: [UInt8]) throws(Failure) {
        path = ProjectFolder.filePath(in: folder)
        lines = []
        guard let found = try ProjectFolder.read(in: folder) else { return }
        permissions = found.permissions
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = found.text.starts(with: mark) ? found.text.dropFirst(mark.count) : found.text[...]
        lines = text.split(separator: Self.newline, omittingEmptySubsequences: false).map(Array.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
    }

    private var text: [UInt8] { Array(lines.map { $0 + [Self.newline] }.joined()) }

    /// What the text says. Throws a failure for what can't be read again.
    private func parsed() throws(Failure) -> ProjectFile {
        do throws(FormatError) { return try ProjectFile(text) } catch { throw Failure(input: error, in: path) }
    }

    /// Sets a key before the first section, on its line or after the last of them; without words, takes it out.
    mutating func set(_ key: String, to words: [[UInt8]], asList: Bool) throws(Failure) {
        let list = Array(words.map(Self.written).joined(separator: Array(", ".utf8)))
        let value = asList ? [UInt8(ascii: "[")] + list + [UInt8(ascii: "]")] : list
        let line = words.isEmpty ? [] : [Array("\(key) = ".utf8) + value]
        let file = try parsed()
        if let place = file.lines[Array(key.utf8)] {
            lines.replaceSubrange(place.lowerBound - 1..<place.upperBound, with: line)
        } else {
            let last = file.lines.values.map(\.upperBound).max() ?? file.firstSection.map { $0 - 1 } ?? lines.count
            lines.insert(contentsOf: line, at: last)
        }
    }

    /// Replaces the file, so that nobody ever finds half of it.
    func write() throws(Failure) {
        // What was set can be read again, or the file stays as it was.
        _ = try parsed()
        let spare = string(path) + ".\(ThisProcess.id)"
        do throws(Errno) {
            let file = try FileDescriptor.open(spare, [.writeOnly, .create, .exclusive, .noFollow], permissions: permissions)
            do throws(Errno) {
                try file.writeAll(text)
                try file.fsync()
                guard unsafe Glibc.rename(spare, string(path)) == 0 else { throw .current }
            } catch {
                _ = unsafe unlink(spare)
                throw error
            }
        } catch { throw Failure(.failed, "can't write \(tacit.text(path)): \(error)") }
    }

    /// A word bare, or as a string where it must be one.
    private static func written(_ word: [UInt8]) -> [UInt8] {
        let special = Array(" \t\r\n\"#,=[]\\".utf8)
        guard word.isEmpty || word.contains(where: special.contains) else { return word }
        let escaped = word.flatMap { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), $0] : [$0] }
        return [UInt8(ascii: "\"")] + escaped + [UInt8(ascii: "\"")]
    }
}
