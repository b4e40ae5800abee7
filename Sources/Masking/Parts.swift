// SPDX-License-Identifier: MIT

internal import Bytes

/// A part of a value that is secret by itself, and may be printed without the rest: a piece of it, and how it is written there.
struct Part {
    enum Encoding {
        case none
        /// With the escapes of JSON, or of a shell's double quotes.
        case backslash
        case percent
        /// Base64 of `user:password`, as in `Authorization: Basic` and in a configuration of docker.
        case credentials
    }

    let range: Range<Int>
    let encoding: Encoding
    /// Whether what stands before it says that it is secret. If not, it is one unless it looks like words.
    let isNamed: Bool

    init(_ range: Range<Int>, _ encoding: Encoding = .none, isNamed: Bool = true) {
        self.range = range
        self.encoding = encoding
        self.isNamed = isNamed
    }
}

/// Finds the parts of a value: the strings of JSON; what is assigned in dotenv, INI, AWS, YAML and connection strings; the last field of
/// pgpass, what follows `password` in netrc; passwords and tokens in URLs, and those of `Authorization`.
struct PartFinder {
    private let text: RawSpanReader
    private(set) var parts: [Part] = []
    /// How many bytes of parts are still taken: parts overlap, and with a limit the time is linear, whatever a value is made of.
    private var room: Int

    /// `range` is where the value is in `text`.
    static func parts(of range: Range<Int>, in text: RawSpan) -> [Part] {
        var finder = PartFinder(text: RawSpanReader(range))
        finder.find(text)
        return finder.parts
    }

    private init(text: RawSpanReader) {
        self.text = text
        room = 8 * text.range.count + 4096
    }

    private mutating func add(_ part: Part) {
        guard room > 0 else { return }
        room -= part.range.count
        parts.append(part)
    }

    private mutating func find(_ bytes: RawSpan) {
        let range = text.range
        let isJSON = text.trimmed(range, bytes).first.map { [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(bytes.octet($0)) } ?? false
        if isJSON { findStrings(bytes) }
        // `[default]` begins an INI file, too.
        findLines(isJSON, bytes)
        findAssignments(bytes)
        findURLs(bytes)
        findAuthorizations(bytes)
        if text.contains("password", range, bytes), text.contains("login", range, bytes) || text.contains("machine", range, bytes) {
            findNetrc(bytes)
        }
        if range.contains(where: { bytes.octet($0) == UInt8(ascii: "%") }) { add(Part(range, .percent)) }
    }

    /// Strings of JSON that are no names of members, with the name before them.
    private mutating func findStrings(_ bytes: RawSpan) {
        var name = 0..<0
        var index = text.range.lowerBound
        while index < text.range.upperBound {
            guard bytes.octet(index) == UInt8(ascii: "\"") else {
                index += 1
                continue
            }
            let string = text.quoted(from: index, escapes: true, bytes)
            index = min(string.upperBound + 1, text.range.upperBound)
            var next = index
            while next < text.range.upperBound, bytes.octet(next).isSpace { next += 1 }
            if next < text.range.upperBound, bytes.octet(next) == UInt8(ascii: ":") {
                name = string
                addNumber(after: next + 1, named: name, bytes)
            } else {
                add(Part(string, .backslash, isNamed: text.isSecretName(name, bytes)))
                if text.equals("auth", name, bytes) { add(Part(string, .credentials)) }
            }
        }
    }

    /// A number of JSON whose name says that it is secret.
    private mutating func addNumber(after start: Int, named name: Range<Int>, _ bytes: RawSpan) {
        guard text.isSecretName(name, bytes) else { return }
        var start = start
        while start < text.range.upperBound, bytes.octet(start).isSpace { start += 1 }
        add(Part(start..<end(of: start, bytes) { !$0.isLetterOrDigit }))
    }

    /// `NAME=value` and `name: value`, a line each; elements of lists of YAML, and fields of CSV; the last field of a line of pgpass.
    private mutating func findLines(_ isJSON: Bool, _ bytes: RawSpan) {
        var start = text.range.lowerBound
        while start < text.range.upperBound {
            let end = (start..<text.range.upperBound).first { bytes.octet($0) == lineFeed } ?? text.range.upperBound
            findLine(start..<end, isJSON, bytes)
            start = end + 1
        }
    }

    private mutating func findLine(_ line: Range<Int>, _ isJSON: Bool, _ bytes: RawSpan) {
        let content = text.trimmed(line, bytes)
        var colons: [Int] = []
        for index in content
        where bytes.octet(index) == UInt8(ascii: ":") && (index == content.lowerBound || bytes.octet(index - 1) != UInt8(ascii: "\\")) {
            colons.append(index)
        }
        // host:port:database:user:password.
        if colons.count >= 4 {
            let port = colons[0] + 1..<colons[1]
            let isPort = port.allSatisfy { bytes.octet($0).isDigit } || port.count == 1 && bytes.octet(port.lowerBound) == UInt8(ascii: "*")
            if !port.isEmpty, isPort { add(Part(colons[3] + 1..<content.upperBound, .backslash)) }
        }
        if !isJSON { addFields(of: content, bytes) }
        var index = content.lowerBound
        for prefix: StaticString in ["export ", "- "] where text.begins(prefix, index..<content.upperBound, bytes) {
            index += prefix.utf8CodeUnitCount
        }
        let nameStart = index
        while index < content.upperBound, bytes.octet(index).isNamePart { index += 1 }
        let name = nameStart..<index
        while index < content.upperBound, bytes.octet(index).isSpace { index += 1 }
        if nameStart > content.lowerBound, bytes.octet(content.lowerBound) == UInt8(ascii: "-") {
            add(Part(text.unquoted(nameStart..<content.upperBound, bytes), isNamed: false))
        }
        guard !name.isEmpty, index < content.upperBound else { return }
        let sign = bytes.octet(index)
        index += 1
        // A colon without a blank after it is one of a URL or a time.
        guard sign == UInt8(ascii: "=") || sign == UInt8(ascii: ":") && index < content.upperBound && bytes.octet(index).isSpace else {
            return
        }
        while index < content.upperBound, bytes.octet(index).isSpace { index += 1 }
        guard index < content.upperBound else { return }
        let isNamed = text.isSecretName(name, bytes)
        switch bytes.octet(index) {
        case UInt8(ascii: "\""): add(Part(text.quoted(from: index, escapes: true, bytes), .backslash, isNamed: isNamed))
        case UInt8(ascii: "'"): add(Part(text.quoted(from: index, escapes: false, bytes), isNamed: isNamed))
        default:
            let end = (index..<content.upperBound).first {
                $0 > index && bytes.octet($0) == UInt8(ascii: "#") && bytes.octet($0 - 1).isSpace
            }
            let value = text.trimmed(index..<(end ?? content.upperBound), bytes)
            add(Part(value, isNamed: isNamed))
            // The credentials after the scheme, whatever that is called.
            if text.contains("authorization", name, bytes), let blank = value.first(where: { bytes.octet($0).isSpace }) {
                add(Part(text.trimmed(blank..<value.upperBound, bytes)))
            }
        }
    }

    /// Adds the fields between commas.
    private mutating func addFields(of line: Range<Int>, _ bytes: RawSpan) {
        var start = line.lowerBound
        while let comma = (start..<line.upperBound).first(where: { bytes.octet($0) == UInt8(ascii: ",") }) {
            add(Part(text.unquoted(text.trimmed(start..<comma, bytes), bytes), isNamed: false))
            start = comma + 1
        }
        if start > line.lowerBound { add(Part(text.unquoted(text.trimmed(start..<line.upperBound, bytes), bytes), isNamed: false)) }
    }

    /// `name=value` and `name: value` anywhere, where the name is that of a secret: in connection strings, in what follows `?` in a URL, in
    /// mappings of YAML in a line.
    private mutating func findAssignments(_ bytes: RawSpan) {
        for index in text.range where room > 0 && isAssignment(index, bytes) {
            var nameStart = index
            while nameStart > text.range.lowerBound, bytes.octet(nameStart - 1).isNamePart { nameStart -= 1 }
            guard text.isSecretName(nameStart..<index, bytes), index + 1 < text.range.upperBound else { continue }
            let start = bytes.octet(index) == UInt8(ascii: ":") ? min(index + 2, text.range.upperBound - 1) : index + 1
            let first = bytes.octet(start)
            if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") {
                add(Part(text.quoted(from: start, escapes: true, bytes), .backslash))
                continue
            }
            let value = start..<end(of: start, bytes) { $0.endsAssigned }
            add(Part(value))
            add(Part(value, .percent))
            // In a configuration of npm.
            if text.equals("_auth", nameStart..<index, bytes) { add(Part(value, .credentials)) }
        }
    }

    private func isAssignment(_ index: Int, _ bytes: RawSpan) -> Bool {
        switch bytes.octet(index) {
        case UInt8(ascii: "="): true
        case UInt8(ascii: ":"): index + 1 < text.range.upperBound && bytes.octet(index + 1) == UInt8(ascii: " ")
        default: false
        }
    }

    /// The password and the user in front of `@` in `scheme://user:password@host/path`, either of which may be a token, and what of the
    /// path may be one; and those of `user:password@tcp(host)`.
    private mutating func findURLs(_ bytes: RawSpan) {
        var start = text.range.lowerBound
        while let place = text.find("://", start..<text.range.upperBound, bytes) {
            start = place + 3
            let end = end(of: start, bytes) { $0.endsAuthority }
            let word = self.end(of: start, bytes) { $0.endsURL }
            if let at = (start..<end).last(where: { bytes.octet($0) == UInt8(ascii: "@") }) ?? at(start..<word, bytes) {
                addUser(start..<at, bytes)
            }
            var segment = end
            while segment < word {
                let next =
                    (segment + 1..<word).first { bytes.octet($0) == UInt8(ascii: "/") || bytes.octet($0) == UInt8(ascii: "?") } ?? word
                add(Part(segment + 1..<next, isNamed: false))
                if next < word, bytes.octet(next) == UInt8(ascii: "?") { break }
                segment = next
            }
        }
        for form: StaticString in ["@tcp(", "@unix("] {
            guard let at = text.find(form, text.range, bytes) else { continue }
            var user = at
            while user > text.range.lowerBound, at - user < Self.longestWord, !bytes.octet(user - 1).isSpace,
                bytes.octet(user - 1) != UInt8(ascii: "\"")
            { user -= 1 }
            addUser(user..<at, bytes)
        }
    }

    /// Where the `@` is behind a password that has `/`, `?` or `#` as they are: what stands between the first colon and them is no port.
    private func at(_ word: Range<Int>, _ bytes: RawSpan) -> Int? {
        guard let colon = word.first(where: { bytes.octet($0) == UInt8(ascii: ":") || bytes.octet($0).endsAuthority }),
            bytes.octet(colon) == UInt8(ascii: ":"),
            let sign = (colon + 1..<word.upperBound).first(where: { bytes.octet($0).endsAuthority }),
            !(colon + 1..<sign).allSatisfy({ bytes.octet($0).isDigit })
        else { return nil }
        return word.last { bytes.octet($0) == UInt8(ascii: "@") }
    }

    /// The most bytes of what stands in a line of others.
    private static let longestWord = 2048

    /// Where a word ends that begins at an offset.
    private func end(of start: Int, _ bytes: RawSpan, _ isEnd: (UInt8) -> Bool) -> Int {
        let limit = min(text.range.upperBound, start + Self.longestWord)
        return (start..<max(start, limit)).first { isEnd(bytes.octet($0)) } ?? limit
    }

    private mutating func addUser(_ user: Range<Int>, _ bytes: RawSpan) {
        let colon = user.first { bytes.octet($0) == UInt8(ascii: ":") }
        let name = user.lowerBound..<(colon ?? user.upperBound)
        add(Part(name, isNamed: false))
        add(Part(name, .percent, isNamed: false))
        guard let colon else { return }
        add(Part(colon + 1..<user.upperBound))
        add(Part(colon + 1..<user.upperBound, .percent))
    }

    /// Adds the credentials after `Bearer`, `Basic` or `Token`.
    private mutating func findAuthorizations(_ bytes: RawSpan) {
        for scheme: StaticString in ["bearer ", "basic ", "token "] {
            var start = text.range.lowerBound
            while let place = text.find(scheme, start..<text.range.upperBound, bytes) {
                let isFirst = place == text.range.lowerBound || !bytes.octet(place - 1).isLetterOrDigit
                start = place + scheme.utf8CodeUnitCount
                let end = end(of: start, bytes) { $0.endsURL }
                guard isFirst, end > start else { continue }
                add(Part(start..<end))
                add(Part(start..<end, .credentials))
            }
        }
    }

    private mutating func findNetrc(_ bytes: RawSpan) {
        var start = text.range.lowerBound
        while let place = text.find("password", start..<text.range.upperBound, bytes) {
            start = place + 8
            var word = start
            while word < text.range.upperBound, bytes.octet(word).isSpace { word += 1 }
            guard word > start else { continue }
            let end = end(of: word, bytes) { $0.isSpace }
            add(Part(text.unquoted(word..<end, bytes)))
        }
    }
}

extension UInt8 {
    fileprivate var isNamePart: Bool { isLetterOrDigit || [0x5F, 0x2D, 0x2E].contains(self) }

    /// Whether a value without quotes ends with it, in a connection string or a URL.
    fileprivate var endsAssigned: Bool { isSpace || [0x26, 0x3B, 0x2C, 0x22, 0x27, 0x29, 0x7D].contains(self) }

    /// Whether a URL in a text ends with it.
    fileprivate var endsURL: Bool { isSpace || [0x22, 0x27, 0x3C, 0x3E].contains(self) }

    /// Whether what stands between `://` and a path ends with it.
    fileprivate var endsAuthority: Bool { isSpace || [0x2F, 0x3F, 0x23, 0x22, 0x27, 0x3C, 0x3E].contains(self) }
}
