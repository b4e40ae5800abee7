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
            let isFamily = first.first == UInt8(ascii: "-") || !Command.below(name).isEmpty
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

/// Tells of the words of a command, one after the other, how much of each may be seen. It reads options as `getopt_long(3)` does,
/// and where it can't tell, nothing may be seen.
struct WordScan {
    enum Visible: Equatable {
        case all
        /// The first bytes; the rest is a value.
        case upTo(Int)
        /// Not an option, nor anything else that it could be.
        case nothing
    }

    /// What stands for a word of which nothing may be seen: an option that no command has.
    static let strange = Array("--?".utf8)

    private let command: Command
    private var operands = 0
    private var hasEnded = false
    /// What the option before wants as its argument.
    private var wanted: WordKind?

    init(_ command: Command) {
        self.command = command
    }

    mutating func next(_ word: RawSpan) -> Visible {
        if let kind = wanted {
            wanted = nil
            return kind.holdsValue ? .upTo(0) : .all
        }
        let dash = UInt8(ascii: "-")
        guard !hasEnded, word.byteCount > 1, Self.byte(word, 0) == dash else { return nextOperand() }
        guard Self.byte(word, 1) == dash else { return nextLetters(word) }
        hasEnded = word.byteCount == 2
        return hasEnded ? .all : nextLong(word)
    }

    private mutating func nextOperand() -> Visible {
        defer { operands += 1 }
        return command.kind(ofOperand: operands)?.holdsValue == true ? .upTo(0) : .all
    }

    /// `--name` or `--name=argument`, the name perhaps cut short.
    private mutating func nextLong(_ word: RawSpan) -> Visible {
        let end = (2..<word.byteCount).first { Self.byte(word, $0) == UInt8(ascii: "=") } ?? word.byteCount
        guard end - 2 <= Self.longestName, (2..<end).allSatisfy({ Self.isNameByte(Self.byte(word, $0)) }) else { return .nothing }
        let name = String(decoding: (2..<end).map { Self.byte(word, $0) }, as: UTF8.self)
        let meant = command.options.filter { $0.name == name }
        let fitting = meant.isEmpty ? command.options.filter { $0.name.hasPrefix(name) } : meant
        let holdsValue = fitting.contains { $0.kind?.holdsValue == true }
        if end == word.byteCount {
            wanted = fitting.first?.kind
            return .all
        }
        return holdsValue || fitting.isEmpty ? .upTo(end + 1) : .all
    }

    /// `-x`, `-xyz`, `-xargument`.
    private mutating func nextLetters(_ word: RawSpan) -> Visible {
        for index in 1..<word.byteCount {
            let letter = Character(Unicode.Scalar(Self.byte(word, index)))
            guard let option = command.options.first(where: { $0.letter == letter }) else {
                return word.byteCount == 2 ? .all : .nothing
            }
            guard let kind = option.kind else { continue }
            if index + 1 == word.byteCount {
                wanted = kind
                return .all
            }
            return kind.holdsValue ? .upTo(index + 1) : .all
        }
        return .all
    }

    /// A name that a person meant for an option is no longer, and has only such bytes: a key in PEM's form has others.
    private static let longestName = 24

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    private static func byte(_ word: RawSpan, _ index: Int) -> UInt8 {
        word.byte(at: index) ?? 0
    }
}
