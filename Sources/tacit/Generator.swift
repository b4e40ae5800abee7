// SPDX-License-Identifier: MIT

import Linux

/// Makes random values: of characters, or of words.
struct Generator {
    private enum Form {
        case characters([UInt8], count: Int)
        case words(Int)
    }

    private let form: Form

    /// The most characters or words of a value.
    private static let most = 4096
    private static let letters = Array(UInt8(ascii: "A")...UInt8(ascii: "Z")) + Array(UInt8(ascii: "a")...UInt8(ascii: "z"))
    private static let digits = Array(UInt8(ascii: "0")...UInt8(ascii: "9"))

    /// As the options `--length`, `--chars` and `--words` say. Throws a usage failure where they do not fit.
    init(_ invocation: Invocation) throws(Failure) {
        let arguments = invocation.arguments
        let length = try Self.number(arguments.argument("length"), of: "length", invocation.command)
        if let words = try Self.number(arguments.argument("words"), of: "words", invocation.command) {
            guard length == nil, arguments.argument("chars") == nil else {
                throw .usage("--words excludes --length and --chars", of: invocation.command)
            }
            form = .words(words)
            return
        }
        let characters = try arguments.argument("chars").map { set throws(Failure) in try Self.characters(of: set, invocation.command) }
        form = .characters(characters ?? Self.letters + Self.digits, count: length ?? 32)
    }

    /// A new value, in locked memory. The numbers are the kernel's (getrandom(2)).
    func value() throws(Failure) -> Value {
        var source = SystemRandomNumberGenerator()
        do {
            switch form {
            case .characters(let characters, let count):
                var buffer = try LockedBuffer(capacity: count)
                for _ in 0..<count { _ = buffer.append(characters[Int.random(in: characters.indices, using: &source)]) }
                return Value(buffer)
            case .words(let count):
                var buffer = try LockedBuffer(capacity: count * (WordList.longest + 1))
                for number in 0..<count {
                    if number > 0 { _ = buffer.append(UInt8(ascii: "-")) }
                    WordList.append(Int.random(in: 0..<WordList.count, using: &source), to: &buffer)
                }
                return Value(buffer)
            }
        } catch { throw .noLockedMemory(error) }
    }

    private static func number(_ text: [UInt8]?, of option: String, _ command: Command) throws(Failure) -> Int? {
        guard let text else { return nil }
        guard let number = Int(String(decoding: text, as: UTF8.self)), (1...most).contains(number) else {
            throw .usage("--\(option) takes a number from 1 to \(most)", of: command)
        }
        return number
    }

    /// The characters that a set names: single ones, and ranges such as `A-Z`; a `-` at the end is itself. Each counts once.
    private static func characters(of set: [UInt8], _ command: Command) throws(Failure) -> [UInt8] {
        guard set.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .usage("--chars takes printable ASCII characters", of: command)
        }
        var found: Set<UInt8> = []
        var rest = set[...]
        while let first = rest.popFirst() {
            guard rest.count > 1, rest.first == UInt8(ascii: "-"), let last = rest.dropFirst().first else {
                found.insert(first)
                continue
            }
            guard first <= last else { throw .usage("--chars has a range whose end comes before its start", of: command) }
            found.formUnion(first...last)
            rest = rest.dropFirst(2)
        }
        guard found.count > 1 else { throw .usage("--chars takes two characters or more", of: command) }
        return found.sorted()
    }
}

extension WordList {
    /// The length of the longest word, in bytes.
    static let longest = 8

    /// Where each word begins and ends in `words`.
    private static let ranges: [Range<Int>] = words.withUTF8Buffer { bytes in
        let space = UInt8(ascii: " ")
        return unsafe bytes.split(separator: space).map { $0.startIndex..<$0.endIndex }
    }

    /// Appends the word of a number, from 0 on.
    static func append(_ number: Int, to buffer: inout LockedBuffer) {
        for index in ranges[number] { _ = buffer.append(words.octet(index)) }
    }
}

extension StaticString {
    fileprivate func octet(_ index: Int) -> UInt8 { withUTF8Buffer { unsafe $0[index] } }
}
