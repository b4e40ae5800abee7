// SPDX-License-Identifier: MIT

/// A fault in an option, which is named as it was written.
package enum CommandOptionError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknown(String), ambiguous(String), needsArgument(String), takesNoArgument(String)

    package var description: String {
        switch self {
        case .unknown(let option): "unknown option \(option)"
        case .ambiguous(let option): "option \(option) is ambiguous"
        case .needsArgument(let option): "option \(option) needs an argument"
        case .takesNoArgument(let option): "option \(option) takes no argument"
        }
    }
}

/// The words of a command line taken apart, as `OptionScan` reads them.
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
    /// the options; so does the operand of the number `program`, which is another program's with all words behind it.
    package init(_ words: [[UInt8]], options table: [CommandOption], untilOperand program: Int? = nil) throws(CommandOptionError) {
        var scan = OptionScan(table, program: program)
        for word in words {
            // Safe: bytes have no padding.
            let read = unsafe scan.next(word.span.bytes)
            let text = { (end: Int) in String(decoding: word.prefix(end), as: UTF8.self) }
            switch read {
            case .operand: operands.append(word)
            case .end: break
            case .argument(let option): options.append(Given(name: table[option].name, argument: word))
            case .options(let given, let start):
                for option in given where option != scan.awaited {
                    let argument = table[option].argument == nil ? [] : word.dropFirst(start ?? word.count)
                    options.append(Given(name: table[option].name, argument: Array(argument)))
                }
            case .unknown(let end): throw .unknown(text(end))
            case .ambiguous(_, let end): throw .ambiguous(text(end))
            case .needless(let option, _): throw .takesNoArgument("--\(table[option].name)")
            case .unknownLetter(let offset): throw .unknown("-" + String(decoding: [word[offset]], as: UTF8.self))
            }
        }
        guard let option = scan.awaited.map({ table[$0] }) else { return }
        let isLong = words.last?.starts(with: "--".utf8) == true
        throw .needsArgument(isLong ? "--\(option.name)" : "-\(option.letter ?? "?")")
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
