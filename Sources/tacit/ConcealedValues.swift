// SPDX-License-Identifier: MIT

import Bytes
import Linux
import Secrets

/// The values that stood among the words of a command line: in locked memory, each known by its number. Where a value was, the
/// words have that number.
final class ConcealedValues: Sendable {
    private let bytes: LockedBuffer
    private let ranges: [Range<Int>]

    /// `ranges` are parts of `bytes`.
    init(_ bytes: consuming LockedBuffer, _ ranges: [Range<Int>]) {
        self.bytes = bytes
        self.ranges = ranges
    }

    /// Lends the value whose number stands in `word`.
    func withValue<Result>(_ word: [UInt8], _ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result {
        guard let number = Int(String(decoding: word, as: UTF8.self)), ranges.indices.contains(number) else {
            throw Failure(.usage, "a value is missing")
        }
        return try bytes.withBytes { bytes throws(Failure) in try body(bytes.extracting(ranges[number])) }
    }
}

/// The words of the command line after the program's name, without the values.
struct CommandWords {
    var words: [[UInt8]]
    var values: ConcealedValues?

    /// Takes them. Where the command is one that takes values, those go to locked memory and what the kernel shows of the command
    /// line is overwritten, before anything else is done. Of a command that doesn't exist no more is taken than its name.
    static func take() throws(Failure) -> CommandWords {
        let count = ArgumentVector.countOfThisProcess
        guard count > 1 else { return CommandWords(words: []) }
        let first = ArgumentVector.wordOfThisProcess(1)
        let name = text(first)
        guard let command = commands.first(where: { $0.names.contains(name) }) else {
            // Behind `--` alone a command with values could stand, which are not to be seen: it is no command, and they are not taken.
            let isFamily = first.first == UInt8(ascii: "-") && name != "--" || !Command.below(name).isEmpty
            return CommandWords(words: isFamily ? Array(ArgumentVector.ofThisProcess.dropFirst()) : [first])
        }
        guard command.takesValues else { return CommandWords(words: Array(ArgumentVector.ofThisProcess.dropFirst())) }
        // It may start the program again, which needs the words.
        do { try Hardening.forbidDumps() } catch { throw Failure(.failed, "\(error)") }
        let taken = try take(command, 2..<count)
        ArgumentVector.overwriteThisProcess()
        return CommandWords(words: [first] + taken.words, values: taken.values)
    }

    private static func take(_ command: Command, _ indices: Range<Int>) throws(Failure) -> CommandWords {
        var scan = WordScan(command)
        let visible = indices.map { index in ArgumentVector.withWordOfThisProcess(index) { scan.next($0) } }
        var words: [[UInt8]] = []
        var ranges: [Range<Int>] = []
        do {
            let lengths = indices.map { index in ArgumentVector.withWordOfThisProcess(index) { $0.byteCount } }
            var bytes = try LockedBuffer(capacity: max(1, lengths.reduce(0, +)))
            for (index, visible) in zip(indices, visible) {
                words.append(ArgumentVector.withWordOfThisProcess(index) { take($0, visible, to: &bytes, &ranges) })
            }
            return CommandWords(words: words, values: ConcealedValues(bytes, ranges))
        } catch {
            throw Failure.noLockedMemory(error)
        }
    }

    /// The word as it may be seen. `bytes` has room for all words.
    static func take(
        _ word: RawSpan, _ visible: WordScan.Visible, to bytes: inout LockedBuffer, _ ranges: inout [Range<Int>]
    ) -> [UInt8] {
        switch visible {
        case .all: return copy(word)
        case .nothing: return WordScan.strange
        case .upTo(let end):
            let start = bytes.count
            _ = bytes.append(copying: word.extracting(droppingFirst: end))
            ranges.append(start..<bytes.count)
            return copy(word.extracting(first: end)) + Array("\(ranges.count - 1)".utf8)
        }
    }

    private static func copy(_ bytes: RawSpan) -> [UInt8] {
        unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    }
}

/// Tells of the words of a command, one after the other, how much of each may be seen: all that its table declares to be no value. Where
/// it can't tell, nothing may be seen.
struct WordScan {
    enum Visible: Equatable {
        case all
        /// The first bytes; the rest is a value.
        case upTo(Int)
        /// Not an option, nor anything else that it could be.
        case nothing
    }

    /// The stand-in for a word of which nothing may be seen: an option that no command has.
    static let strange = Array("--?".utf8)

    private let command: Command
    private var scan: OptionScan

    init(_ command: Command) {
        self.command = command
        scan = OptionScan(command.optionTable, program: command.programOperand)
    }

    mutating func next(_ word: RawSpan) -> Visible {
        let holdsValue = { [options = command.options] in options[$0].kind?.holdsValue == true }
        switch scan.next(word) {
        // A word too many may be a value as well.
        case .operand(let number): return command.kind(ofOperand: number)?.holdsValue == false ? .all : .upTo(0)
        case .end: return .all
        case .argument(let option): return holdsValue(option) ? .upTo(0) : .all
        case .options(let options, let start?): return options.last.map(holdsValue) == true ? .upTo(start) : .all
        case .options: return .all
        // A word that is no option of the command may be a value, and what is behind `=` too.
        case .unknown(let end), .ambiguous(_, let end), .needless(_, let end):
            guard end - 2 <= Self.longestName, (2..<end).allSatisfy({ Self.isNameByte(word.octet($0)) }) else { return .nothing }
            return end == word.byteCount ? .all : .upTo(end + 1)
        case .unknownLetter: return word.byteCount == 2 ? .all : .nothing
        }
    }

    /// A name that a person meant for an option is no longer, and has only such bytes: a key in PEM's form has others.
    private static let longestName = 24

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}
