// SPDX-License-Identifier: MIT

import Bytes
import Formats
import Glibc
import Linux
import Secrets

/// Gets values from where the command line says they are: from itself, from a file, from standard input, or from whoever is at
/// the terminal.
struct ValueReader {
    static let trim = DeclaredOption("trim", "take white space at the start and the end of values away")
    static let verbatim = DeclaredOption("verbatim", "say nothing about white space at the start and the end")

    /// The options that go with it.
    static let options = [
        Self.trim, Self.verbatim,
        DeclaredOption("empty", "store empty values too, and ask for none"),
    ]

    /// For the help of commands that take values.
    static let explanation = """
        VALUE is - for standard input, @PATH for what is in a file, or the value itself,
        which others may see in the list of processes until tacit has started, and which
        shells keep in their history. A variable without a value is asked for without
        echo.
        """

    private let trims: Bool
    /// Whether white space around values is worth no warning of the daemon's.
    let isVerbatim: Bool
    private let takesEmpty: Bool
    private let concealed: ConcealedValues?
    private var hasReadInput = false

    init(_ invocation: Invocation) throws(Failure) {
        trims = invocation.arguments.has("trim")
        isVerbatim = invocation.arguments.has("verbatim")
        takesEmpty = invocation.arguments.has("empty")
        concealed = invocation.concealed
        if trims, isVerbatim { throw .usage("--trim and --verbatim exclude each other", of: invocation.command) }
    }

    /// Where the values of a text's items are, of variables without white space around them if the command line says so.
    func ranges(of items: borrowing Items) -> [Range<Int>] {
        let list = items.items
        guard trims else { return list.map(\.value) }
        return items.values.withBytes { bytes in
            list.map { item in
                let inner = item.kind == .file ? 0..<item.value.count : Value.trimmed(bytes.extracting(item.value))
                return item.value.lowerBound + inner.lowerBound..<item.value.lowerBound + inner.upperBound
            }
        }
    }

    /// `VAR` or `VAR=VALUE`, nil if the word is neither.
    func assignment(_ word: [UInt8]) throws(Failure) -> Assignment? {
        try lend(word) { bytes throws(Failure) in Assignment(bytes, word: word) }
    }

    /// The value that an assignment has, or asks for.
    mutating func value(of assignment: Assignment) throws(Failure) -> Value {
        let name = text(assignment.name)
        guard let start = assignment.start else { return try takesEmpty ? empty(name) : ask(name) }
        return try value(name, assignment.word, from: start)
    }

    /// The value that a word is, or asks for if there is none.
    mutating func value(_ name: String, _ word: [UInt8]?) throws(Failure) -> Value {
        guard let word else { return try takesEmpty ? empty(name) : ask(name) }
        return try value(name, word, from: 0)
    }

    /// The contents of a file; `-` is standard input.
    mutating func contents(of path: [UInt8], for name: String) throws(Failure) -> Value {
        let isInput = path == [UInt8(ascii: "-")]
        if isInput, hasReadInput { throw Failure(.usage, "standard input can be only one value") }
        if isInput { hasReadInput = true }
        let shown = isInput ? "standard input" : text(path)
        do {
            let file =
                isInput
                ? FileDescriptor(owning: dup(STDIN_FILENO))
                : try FileDescriptor.open(String(decoding: path, as: UTF8.self), .readOnly)
            var bytes: LockedBuffer
            do { bytes = try LockedBuffer(capacity: 4096) } catch { throw Failure.noLockedMemory(error) }
            try bytes.append(readingAllOf: file, limit: Value.longest)
            return try checked(Value(bytes, trimmed: trims), name)
        } catch let error as Errno {
            if error == .again || error == .outOfMemory { throw Failure.noLockedMemory(error) }
            let reason = error == .fileTooLarge ? "it is longer than any value" : "\(error)"
            throw Failure(.failed, "can't read \(shown): \(reason)")
        } catch {
            throw (error as? Failure) ?? Failure(.failed, "can't read \(shown)")
        }
    }

    private mutating func value(_ name: String, _ word: [UInt8], from start: Int) throws(Failure) -> Value {
        // A path is no secret.
        let path: [UInt8]? = try lend(word) { bytes throws(Failure) in
            let bytes = bytes.extracting(droppingFirst: start)
            if bytes.byteCount == 1, bytes.byte(at: 0) == UInt8(ascii: "-") { return [UInt8(ascii: "-")] }
            return bytes.byte(at: 0) == UInt8(ascii: "@") ? bytes.publicBytes(1..<bytes.byteCount) : nil
        }
        if let path { return try contents(of: path, for: name) }
        let value = try lend(word) { bytes throws(Failure) in try Value(copying: bytes.extracting(droppingFirst: start)) }
        return try checked(trims ? try value.trimmed() : value, name)
    }

    private func ask(_ name: String) throws(Failure) -> Value {
        do {
            let typed = try Prompt.silently("\(name): ", limit: Self.longestTyped)
            let again = try Prompt.silently("\(name), again: ", limit: Self.longestTyped)
            guard typed.equals(again) else { throw Failure(.failed, "the two values of \(name) are not the same") }
            return try checked(Value(typed), name)
        } catch let error as Prompt.Failure {
            switch error {
            case .noTerminal:
                // The name is not told: it may be a value that was given where a name belongs.
                throw Failure(
                    .usage, "no value is given, and there is no terminal to ask on",
                    hint: "- takes it from standard input, @PATH from a file")
            case .tooLong(let limit): throw Failure(.failed, "the value is longer than \(limit) bytes", hint: "@PATH takes it from a file")
            case .interrupted: throw Failure(.interrupted, "interrupted")
            case .system(let error): throw Failure(.failed, "can't ask for \(name): \(error)")
            }
        } catch {
            throw (error as? Failure) ?? Failure(.failed, "can't ask for \(name)")
        }
    }

    private func empty(_ name: String) throws(Failure) -> Value {
        do { return Value(try LockedBuffer(capacity: 1)) } catch { throw .noLockedMemory(error) }
    }

    private func checked(_ value: Value, _ name: String) throws(Failure) -> Value {
        guard value.count > 0 || takesEmpty else {
            throw Failure(.input, "the value of \(name) is empty", hint: "--empty stores an empty value")
        }
        return value
    }

    /// Lends what a word of the command line stands for.
    private func lend<Result>(_ word: [UInt8], _ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result {
        guard let concealed else { throw Failure(.usage, "a value is missing") }
        return try concealed.withValue(word, body)
    }

    /// Most bytes that are taken from a terminal.
    private static let longestTyped = 65536
}

/// `VAR` or `VAR=VALUE` on the command line.
struct Assignment {
    /// The variable's name.
    let name: [UInt8]
    /// The word, as it may be seen.
    let word: [UInt8]
    /// Where in it the value starts; nil without one.
    let start: Int?
    /// Whether there is more than `=` after the name: base64 ends in these.
    let hasValue: Bool

    /// Nil unless there is a variable's name in front of the first `=`, or that is all.
    init?(_ bytes: RawSpan, word: [UInt8]) {
        let end = (0..<bytes.byteCount).first { bytes.byte(at: $0) == UInt8(ascii: "=") }
        guard end ?? bytes.byteCount <= Name.maximumLength else { return nil }
        let name = bytes.publicBytes(0..<(end ?? bytes.byteCount))
        guard (try? Name.check(name, as: .variable)) != nil else { return nil }
        self.name = name
        self.word = word
        start = end.map { $0 + 1 }
        hasValue = ((end ?? bytes.byteCount)..<bytes.byteCount).contains { bytes.byte(at: $0) != UInt8(ascii: "=") }
    }
}
