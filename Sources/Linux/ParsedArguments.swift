internal import CLinux
internal import Synchronization

/// One option that a program takes: for `getopt_long(3)`, and for the help that is printed from the same table.
package struct CommandOption: Equatable, Sendable {
    /// The long form without its dashes.
    package let name: String
    /// The short form without its dash, an ASCII letter.
    package let letter: Character?
    /// What stands for its argument in the help; nil for an option that takes none.
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

/// What `getopt_long(3)` objects to, with the option as it was written.
package enum CommandOptionError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknown(String), ambiguous(String), needsArgument(String), takesNoArgument(String), outOfMemory

    package var description: String {
        switch self {
        case .unknown(let option): "unknown option \(option)"
        case .ambiguous(let option): "option \(option) is ambiguous"
        case .needsArgument(let option): "option \(option) needs an argument"
        case .takesNoArgument(let option): "option \(option) takes no argument"
        case .outOfMemory: "out of memory"
        }
    }
}

/// The words of a command line taken apart, as `getopt_long(3)` does.
package struct ParsedArguments: Sendable {
    /// An option as it was given; `argument` is empty where it takes none.
    package struct Given: Equatable, Sendable {
        package let name: String
        package let argument: [UInt8]
    }

    /// The options in their order.
    package private(set) var options: [Given] = []
    /// The words that are neither options nor arguments of options, in their order.
    package private(set) var operands: [[UInt8]] = []

    /// Takes apart `words`, which don't start with the program's name. Options and operands may come in any order, and `--` ends
    /// the options; with `untilOperand`, the first operand does too.
    package init(_ words: [[UInt8]], options table: [CommandOption], untilOperand: Bool = false) throws(CommandOptionError) {
        self = try scanning.withLock { _ throws(CommandOptionError) in
            try ParsedArguments(scanning: words, table, mode: untilOperand ? "+:" : ":")
        }
    }

    /// Takes apart words of which the operand at `index` and all that come after it are another program's: options are before it only.
    package init(_ words: [[UInt8]], options table: [CommandOption], untilOperand index: Int) throws(CommandOptionError) {
        try self.init(words, options: table, untilOperand: true)
        for taken in stride(from: 1, through: index, by: 1) where operands.count > taken {
            let rest = try ParsedArguments(Array(operands[taken...]), options: table, untilOperand: true)
            options += rest.options
            operands = operands.prefix(taken) + rest.operands
        }
    }

    /// Whether the option was given.
    package func has(_ name: String) -> Bool {
        options.contains { $0.name == name }
    }

    /// The argument of the option; of the last one, if it was given more than once.
    package func argument(_ name: String) -> [UInt8]? {
        options.last { $0.name == name }?.argument
    }
}

/// Held during a scan: `getopt_long(3)` has its place in globals.
private let scanning = Mutex<Void>(())

/// What `getopt_long(3)` answers for the first long option of the table; above all letters.
private let firstLong: Int32 = 256

extension ParsedArguments {
    private init(scanning words: [[UInt8]], _ table: [CommandOption], mode: String) throws(CommandOptionError) {
        guard let argv = try? ArgumentVector([[]] + words), let names = try? ArgumentVector(table.map { Array($0.name.utf8) })
        else { throw .outOfMemory }
        var longs = unsafe table.indices.map { index in
            unsafe option(
                name: names[index], has_arg: table[index].argument == nil ? no_argument : required_argument, flag: nil,
                val: firstLong + Int32(index))
        }
        unsafe longs.append(option())
        let letters = table.map { entry in entry.letter.map { "\($0)" + (entry.argument == nil ? "" : ":") } ?? "" }

        tacit_getopt_restart()
        while true {
            let answer = unsafe getopt_long(Int32(argv.count), argv.start, mode + letters.joined(), longs, nil)
            if answer == -1 { break }
            guard let entry = table.first(answering: answer) else {
                throw ParsedArguments.objection(answer, table, word: argv.word(Int(tacit_getopt_index()) - 1))
            }
            options.append(Given(name: entry.name, argument: unsafe bytes(of: tacit_getopt_argument())))
        }
        operands = (Int(tacit_getopt_index())..<argv.count).map { argv.word($0) }
    }

    /// What `?` and `:` mean: the option is in `optopt`, or, if that is 0, a long one that the table doesn't have, in the word
    /// just passed.
    private static func objection(_ answer: Int32, _ table: [CommandOption], word: [UInt8]) -> CommandOptionError {
        let culprit = tacit_getopt_letter()
        if let entry = table.first(answering: culprit) {
            let written = culprit < firstLong ? "-\(entry.letter ?? "?")" : "--\(entry.name)"
            return answer == Int32(UInt8(ascii: ":")) ? .needsArgument(written) : .takesNoArgument(written)
        }
        guard culprit == 0 else { return .unknown("-" + String(decoding: [UInt8(truncatingIfNeeded: culprit)], as: UTF8.self)) }
        let written = String(decoding: word.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
        let fitting = table.filter { "--\($0.name)".hasPrefix(written) }
        return fitting.count > 1 ? .ambiguous(written) : .unknown(written)
    }
}

extension [CommandOption] {
    /// The option that an answer of `getopt_long(3)` stands for.
    fileprivate func first(answering answer: Int32) -> CommandOption? {
        let index = Int(answer - firstLong)
        if indices.contains(index) { return self[index] }
        return first { $0.letter?.asciiValue.map(Int32.init) == answer }
    }
}
