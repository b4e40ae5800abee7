// SPDX-License-Identifier: MIT

internal import Bytes

/// Reading a value that lies in a span.
struct RawSpanReader {
    let range: Range<Int>

    init(_ range: Range<Int>) { self.range = range }

    /// Whether it has no control characters but white space.
    func isText(_ bytes: RawSpan) -> Bool {
        range.allSatisfy { index in
            let byte = bytes.octet(index)
            return byte >= 0x20 && byte != 0x7F || byte.isSpace
        }
    }

    /// Without white space around it.
    func trimmed(_ part: Range<Int>, _ bytes: RawSpan) -> Range<Int> {
        var part = part
        while let first = part.first, bytes.octet(first).isSpace { part = first + 1..<part.upperBound }
        while let last = part.last, bytes.octet(last).isSpace { part = part.lowerBound..<last }
        return part
    }

    /// The text between the quote at an offset and the next one that has no `\` before it, or the end.
    func quoted(from quote: Int, escapes: Bool, _ bytes: RawSpan) -> Range<Int> {
        var index = quote + 1
        while index < range.upperBound, bytes.octet(index) != bytes.octet(quote) {
            index += escapes && bytes.octet(index) == UInt8(ascii: "\\") ? 2 : 1
        }
        return quote + 1..<max(quote + 1, min(index, range.upperBound))
    }

    /// Without quotes around it.
    func unquoted(_ part: Range<Int>, _ bytes: RawSpan) -> Range<Int> {
        guard part.count > 1, bytes.octet(part.lowerBound) == UInt8(ascii: "\""), bytes.octet(part.upperBound - 1) == UInt8(ascii: "\"")
        else { return part }
        return part.lowerBound + 1..<part.upperBound - 1
    }

    /// Where a text in lower case stands, in whatever case; nil if nowhere.
    func find(_ word: StaticString, _ part: Range<Int>, _ bytes: RawSpan) -> Int? {
        let count = word.utf8CodeUnitCount
        guard part.count >= count else { return nil }
        return (part.lowerBound...part.upperBound - count).first { begins(word, $0..<part.upperBound, bytes) }
    }

    func contains(_ word: StaticString, _ part: Range<Int>, _ bytes: RawSpan) -> Bool { find(word, part, bytes) != nil }

    func equals(_ word: StaticString, _ part: Range<Int>, _ bytes: RawSpan) -> Bool {
        part.count == word.utf8CodeUnitCount && begins(word, part, bytes)
    }

    func begins(_ word: StaticString, _ part: Range<Int>, _ bytes: RawSpan) -> Bool {
        guard part.count >= word.utf8CodeUnitCount else { return false }
        let word = unsafe RawSpan(_unsafeStart: word.utf8Start, byteCount: word.utf8CodeUnitCount)
        return (0..<word.byteCount).allSatisfy { bytes.octet(part.lowerBound + $0).lowercased == word.octet($0) }
    }

    /// Whether a name is one that people give to secrets.
    func isSecretName(_ name: Range<Int>, _ bytes: RawSpan) -> Bool {
        let words: [StaticString] = [
            "pass", "pwd", "secret", "token", "key", "auth", "cred", "private", "signature", "cookie", "session", "phrase", "mnemonic",
            "seed", "salt",
            "jwt", "bearer", "webhook",
        ]
        // `token_uri` and `key_file` say where something is, `secretName` and `auth_type` what it is called and how it is made.
        let others: [StaticString] = [
            "uri", "url", "host", "path", "file", "name", "type", "mode", "size", "length", "version", "region", "algorithm",
        ]
        guard name.count <= 255,
            !others.contains(where: { begins($0, max(name.lowerBound, name.upperBound - $0.utf8CodeUnitCount)..<name.upperBound, bytes) })
        else { return false }
        return equals("sig", name, bytes) || words.contains { contains($0, name, bytes) }
    }

    /// Whether a part is what is in everybody's output: words, numbers, names of hosts and files, with no sign of chance in them.
    func isOrdinary(_ part: Range<Int>, _ bytes: RawSpan) -> Bool {
        var start = part.lowerBound
        while start < part.upperBound {
            let end = (start..<part.upperBound).first { !bytes.octet($0).isLetterOrDigit } ?? part.upperBound
            if end > start, !isWord(start..<end, bytes) { return false }
            start = end + 1
        }
        return true
    }

    /// Whether it is such a word although its name says that it is secret.
    func isPlaceholder(_ part: Range<Int>, _ bytes: RawSpan) -> Bool {
        let words: [StaticString] = ["password", "localhost", "changeme", "undefined", "required", "disabled", "optional"]
        return words.contains { equals($0, part, bytes) }
    }

    /// Letters in a case that a word has, or a short number, or a word with a short number after it (`utf8`, `sha256`, `x86`).
    private func isWord(_ part: Range<Int>, _ bytes: RawSpan) -> Bool {
        var letters = 0
        while letters < part.count, bytes.octet(part.lowerBound + letters).isLetter { letters += 1 }
        let digits = part.count - letters
        guard (part.lowerBound + letters..<part.upperBound).allSatisfy({ bytes.octet($0).isDigit }) else { return false }
        guard letters <= 20, letters == 0 ? digits <= 8 : digits <= 4 else { return false }
        // `word`, `WORD`, `Word`, `camelCase`: a capital after a small letter has two small ones after it.
        var run = 0
        var capitals = 0
        for offset in 0..<letters {
            let isCapital = bytes.octet(part.lowerBound + offset).isCapital
            if isCapital, run == 1, capitals < offset { return false }
            run = isCapital ? 0 : run + 1
            capitals += isCapital ? 1 : 0
        }
        return capitals == letters ? letters <= 12 : capitals <= 4
    }
}

extension UInt8 {
    /// White space in ASCII.
    var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    var isCapital: Bool { (0x41...0x5A).contains(self) }
    var lowercased: UInt8 { isCapital ? self | 0x20 : self }
}
