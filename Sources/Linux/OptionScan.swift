// SPDX-License-Identifier: MIT

internal import Bytes

/// One option that a program takes: for `OptionScan`, and for the help that is printed from the same table.
package struct CommandOption: Equatable, Sendable {
    /// The long form without its dashes.
    package let name: String
    /// The short form without its dash, an ASCII letter.
    package let letter: Character?
    /// The name of its argument in the help; nil for an option that takes none.
    package let argument: String?
    /// One line of help.
    package let summary: String

    package init(_ name: String, letter: Character? = nil, argument: String? = nil, _ summary: String) {
        self.name = name
        self.letter = letter
        self.argument = argument
        self.summary = summary
    }
}

/// Takes the words of a command line apart, one after the other, as `getopt_long(3)` does. It looks at words where they are and keeps none
/// of their bytes, so that it can also tell which of them are values, before anything else has seen them.
package struct OptionScan {
    /// The meaning of a word. Options are named by their places in the table.
    package enum Word: Equatable, Sendable {
        /// The operand of this number, from 0 on.
        case operand(Int)
        /// `--`: all words behind it are operands.
        case end
        /// The argument of the option in front of it.
        case argument(of: Int)
        /// Options. The last one's argument begins at this byte; where it takes one and has none, that is the next word.
        case options([Int], argumentAt: Int?)
        /// No option is called so, up to this byte: where the word ends, or a `=` is.
        case unknown(end: Int)
        /// Several options begin so.
        case ambiguous([Int], end: Int)
        /// The option takes no argument, and has one, behind the `=` at this byte.
        case needless(Int, end: Int)
        /// No option has the letter at this byte.
        case unknownLetter(at: Int)
    }

    private let table: [CommandOption]
    /// The operand that is another program's, with all behind it.
    private let program: Int?
    private var operands = 0
    private var hasEnded = false
    /// The option whose argument the next word is.
    package private(set) var awaited: Int?

    /// - Parameter program: the number of the operand that is another program's, with all words behind it; nil if options can be anywhere.
    package init(_ table: [CommandOption], program: Int? = nil) {
        self.table = table
        self.program = program
    }

    /// The meaning of the next word.
    package mutating func next(_ word: RawSpan) -> Word {
        let dash = UInt8(ascii: "-")
        if let option = awaited {
            awaited = nil
            return .argument(of: option)
        }
        guard !hasEnded, word.byteCount > 1, word.byte(at: 0) == dash else {
            defer { operands += 1 }
            if operands == program { hasEnded = true }
            return .operand(operands)
        }
        guard word.byte(at: 1) == dash else { return letters(word) }
        hasEnded = word.byteCount == 2
        return hasEnded ? .end : long(word)
    }

    /// `--name` or `--name=argument`, the name perhaps cut short.
    private mutating func long(_ word: RawSpan) -> Word {
        let end = (2..<word.byteCount).first { word.octet($0) == UInt8(ascii: "=") } ?? word.byteCount
        let fitting = table.indices.filter { index in
            let name = table[index].name.utf8
            return end - 2 <= name.count && zip(2..<end, name).allSatisfy { word.octet($0) == $1 }
        }
        let exact = fitting.filter { table[$0].name.utf8.count == end - 2 }
        guard let option = exact.first ?? fitting.first else { return .unknown(end: end) }
        guard exact.count == 1 || fitting.count == 1 else {
            if end == word.byteCount { awaited = fitting.first { table[$0].argument != nil } }
            return .ambiguous(fitting, end: end)
        }
        guard end < word.byteCount else {
            if table[option].argument != nil { awaited = option }
            return .options([option], argumentAt: nil)
        }
        return table[option].argument == nil ? .needless(option, end: end) : .options([option], argumentAt: end + 1)
    }

    /// `-x`, `-xyz`, `-xargument`.
    private mutating func letters(_ word: RawSpan) -> Word {
        var options: [Int] = []
        for offset in 1..<word.byteCount {
            guard let option = table.firstIndex(where: { $0.letter?.asciiValue == word.octet(offset) }) else {
                return .unknownLetter(at: offset)
            }
            options.append(option)
            guard table[option].argument != nil else { continue }
            guard offset + 1 == word.byteCount else { return .options(options, argumentAt: offset + 1) }
            awaited = option
        }
        return .options(options, argumentAt: nil)
    }
}
