// SPDX-License-Identifier: MIT

/// What a `.tacit` file says: which project a folder belongs to, and what its programs use. It never holds a value, nor loosens a right.
///
/// Lines `KEY = VALUE`; a value is a bare word, a `"string"`, or a `[list]` of them; the sections `[env]`, `[files]` and `[templates]`
/// hold `NAME = VALUE`; `#` begins a comment.
package struct ProjectFile: Equatable, Sendable {
    /// How a job's values reach its programs.
    package enum Delivery: String, CaseIterable, Sendable {
        /// In the environment.
        case environment = "env"
        /// As files that the environment names.
        case files
    }

    /// A line of a section.
    package struct Entry: Equatable, Sendable {
        package let name: [UInt8]
        package let value: [UInt8]
        /// From 1.
        package let line: Int
    }

    /// `acme/web`, or `user`; nil where the file does not say it.
    package internal(set) var project: [UInt8]?
    package internal(set) var target: [UInt8]?
    /// The secrets that jobs use, by their names; nil for all.
    package internal(set) var secrets: [[UInt8]]?
    /// The variables and files that jobs must have, by their names.
    package internal(set) var required: [[UInt8]] = []
    /// The paths, from the file's folder on, that are to be links to the job's `env`.
    package internal(set) var links: [[UInt8]] = []
    package internal(set) var delivery: Delivery?
    /// Variables and the references of their values.
    package internal(set) var variables: [Entry] = []
    /// The places of files, and the references of their values.
    package internal(set) var files: [Entry] = []
    /// The places of files, and the paths of the templates that they are made of.
    package internal(set) var templates: [Entry] = []
    /// The lines that the keys before the first section are on, from 1.
    package internal(set) var lines: [[UInt8]: ClosedRange<Int>] = [:]
    /// The line that the first section begins on; nil if there is none.
    package internal(set) var firstSection: Int?

    package init() {}

    /// Most bytes of a file that is read.
    package static let longest = 64 << 10

    /// Reads the text of a file. Throws `malformed` with the place of the first fault.
    package init(_ text: [UInt8]) throws(FormatError) {
        var reader = ProjectFileReader(text)
        try reader.read(into: &self)
    }
}

/// Reads a `.tacit` file from its start to its end.
private struct ProjectFileReader {
    private let text: [UInt8]
    private var index = 0
    private var line = 1
    private var lineStart = 0
    private var section: Section?
    private var seen: Set<[UInt8]> = []

    private enum Section: String, CaseIterable {
        case env, files, templates
    }

    private enum Value {
        case one([UInt8])
        case many([[UInt8]])
    }

    init(_ text: [UInt8]) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        self.text = text.starts(with: mark) ? Array(text.dropFirst(mark.count)) : text
    }

    mutating func read(into file: inout ProjectFile) throws(FormatError) {
        guard text.count <= ProjectFile.longest else { throw .tooLarge("it is longer than \(ProjectFile.longest >> 10) KiB") }
        while true {
            try skipToWord()
            guard let byte = peek else { return }
            if byte == UInt8(ascii: "[") {
                if section == nil { file.firstSection = line }
                try readSection()
            } else {
                try readAssignment(into: &file)
            }
            try expectEndOfLine()
        }
    }

    private mutating func readSection() throws(FormatError) {
        index += 1
        skipBlanks()
        let name = try word(after: "[")
        skipBlanks()
        guard let found = Section(rawValue: String(decoding: name, as: UTF8.self)) else {
            throw fault("no section is called '\(shown(name))'; there are [env], [files] and [templates]")
        }
        guard peek == UInt8(ascii: "]") else { throw fault("a ] is missing after [\(found.rawValue)") }
        index += 1
        section = found
    }

    private mutating func readAssignment(into file: inout ProjectFile) throws(FormatError) {
        let start = line
        let name = try word(after: "the start of a line")
        skipBlanks()
        guard peek == UInt8(ascii: "=") else { throw fault("a = is missing after '\(shown(name))'") }
        index += 1
        guard seen.insert(Array((section?.rawValue ?? "").utf8) + [0] + name).inserted else {
            throw fault("'\(shown(name))' stands here twice")
        }
        if let section { return try add(to: section, name, line: start, &file) }
        defer { file.lines[name] = start...line }
        switch String(decoding: name, as: UTF8.self) {
        case "project": file.project = try one(name)
        case "target": file.target = try one(name)
        case "secrets": file.secrets = try many()
        case "required": file.required = try many()
        case "link": file.links = try many()
        case "deliver":
            let word = try one(name)
            guard let delivery = ProjectFile.Delivery(rawValue: String(decoding: word, as: UTF8.self)) else {
                throw fault("deliver is env or files")
            }
            file.delivery = delivery
        default:
            let keys = "project, target, secrets, required, link, deliver, and [env], [files] and [templates]"
            throw fault("no key is called '\(shown(name))'; there are \(keys)")
        }
    }

    private mutating func add(to section: Section, _ name: [UInt8], line: Int, _ file: inout ProjectFile) throws(FormatError) {
        let entry = ProjectFile.Entry(name: name, value: try one(name), line: line)
        switch section {
        case .env: file.variables.append(entry)
        case .files: file.files.append(entry)
        case .templates: file.templates.append(entry)
        }
    }

    // Values

    private mutating func one(_ name: [UInt8]) throws(FormatError) -> [UInt8] {
        guard case .one(let word) = try value() else { throw fault("'\(shown(name))' takes one word, not a list") }
        return word
    }

    /// A list; one word alone is a list of it.
    private mutating func many() throws(FormatError) -> [[UInt8]] {
        switch try value() {
        case .one(let word): [word]
        case .many(let words): words
        }
    }

    private mutating func value() throws(FormatError) -> Value {
        skipBlanks()
        guard peek == UInt8(ascii: "[") else { return .one(try word(after: "=")) }
        index += 1
        var words: [[UInt8]] = []
        while true {
            try skipToWord()
            if peek == UInt8(ascii: "]") { break }
            words.append(try word(after: "["))
            try skipToWord()
            guard peek == UInt8(ascii: ",") else { break }
            index += 1
        }
        guard peek == UInt8(ascii: "]") else { throw fault("a list needs a , between its words and a ] at its end") }
        index += 1
        return .many(words)
    }

    /// A bare word or a string. Neither is empty.
    private mutating func word(after place: String) throws(FormatError) -> [UInt8] {
        guard let byte = peek else { throw fault("a word is missing after \(place)") }
        let word = byte == UInt8(ascii: "\"") ? try string() : bareWord()
        guard !word.isEmpty else { throw fault("a word is missing after \(place)") }
        guard !word.contains(0) else { throw fault("a word has a NUL byte in it") }
        return word
    }

    private mutating func bareWord() -> [UInt8] {
        let ends = Array(" \t\r\n\"#,=[]".utf8)
        let end = text[index...].firstIndex { ends.contains($0) } ?? text.endIndex
        defer { index = end }
        return Array(text[index..<end])
    }

    /// Between double quotes, `\"` and `\\` stand for a quote and a backslash.
    private mutating func string() throws(FormatError) -> [UInt8] {
        index += 1
        var word: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "\n") {
            index += 1
            if byte == UInt8(ascii: "\"") { return word }
            guard byte == UInt8(ascii: "\\") else {
                word.append(byte)
                continue
            }
            guard let next = peek, next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") else {
                throw fault("after a backslash in a string stands a quote or another backslash")
            }
            word.append(next)
            index += 1
        }
        throw fault("a string has no quote at its end")
    }

    // Steps

    private var peek: UInt8? { index < text.count ? text[index] : nil }

    private mutating func skipBlanks() {
        while let byte = peek, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { index += 1 }
    }

    /// Passes blanks, line ends and comments.
    private mutating func skipToWord() throws(FormatError) {
        while let byte = peek {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): index += 1
            case UInt8(ascii: "\n"): nextLine()
            case UInt8(ascii: "#"): skipComment()
            default: return
            }
        }
    }

    private mutating func expectEndOfLine() throws(FormatError) {
        skipBlanks()
        if peek == UInt8(ascii: "\r") { index += 1 }
        if peek == UInt8(ascii: "#") { skipComment() }
        guard let byte = peek else { return }
        guard byte == UInt8(ascii: "\n") else { throw fault("a line goes on after its end; several words make a [list]") }
        nextLine()
    }

    private mutating func skipComment() {
        index = text[index...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
    }

    private mutating func nextLine() {
        index += 1
        line += 1
        lineStart = index
    }

    private func fault(_ problem: String) -> FormatError {
        .malformed(TextPlace(line: line, column: index - lineStart + 1), problem)
    }

    private func shown(_ name: [UInt8]) -> String { String(decoding: name.prefix(64), as: UTF8.self) }
}
