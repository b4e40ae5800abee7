import Linux

/// One command: what the table, the help, and later completions and the manual know of it.
struct Command: Sendable {
    let name: String
    /// Its operands as the usage line shows them, such as `REF WHO RIGHTS`; empty for none.
    let operands: String
    /// How many operands it takes.
    let operandCount: ClosedRange<Int>
    /// One line for the list of commands: starts lower case, no full stop.
    let summary: String
    /// What `--help` says beyond the summary, in lines of at most 80 columns.
    let details: String
    /// Its own options; `--help` is every command's.
    let options: [CommandOption]
    let run: @Sendable (Invocation) throws(Failure) -> Void

    init(
        _ name: String, operands: String = "", operandCount: ClosedRange<Int> = 0...0, summary: String, details: String = "",
        options: [CommandOption] = [.json], run: @escaping @Sendable (Invocation) throws(Failure) -> Void
    ) {
        self.name = name
        self.operands = operands
        self.operandCount = operandCount
        self.summary = summary
        self.details = details
        self.options = options + [.help]
        self.run = run
    }
}

/// A command as it was called.
struct Invocation: Sendable {
    let command: Command
    let arguments: ParsedArguments

    /// Throws a usage failure for options that the command doesn't have and for too few or too many operands.
    init(_ command: Command, _ words: [[UInt8]]) throws(Failure) {
        self.command = command
        do {
            arguments = try ParsedArguments(words, options: command.options)
        } catch {
            throw .usage("\(error)", of: command)
        }
        guard !asksForHelp else { return }
        let count = arguments.operands.count
        if count < command.operandCount.lowerBound { throw .usage("\(command.name) needs \(command.operands)", of: command) }
        if count > command.operandCount.upperBound {
            let surplus = text(arguments.operands[command.operandCount.upperBound])
            throw .usage("\(command.name) takes no '\(surplus)'", of: command)
        }
    }

    var asksForHelp: Bool { arguments.has(CommandOption.help.name) }
    var wantsJSON: Bool { arguments.has(CommandOption.json.name) }

    /// The operand at `index`, nil if there are not that many.
    func operand(_ index: Int) -> [UInt8]? {
        arguments.operands.indices.contains(index) ? arguments.operands[index] : nil
    }
}

extension CommandOption {
    static let help = CommandOption("help", letter: "h", "print this help")
    static let version = CommandOption("version", letter: "V", "print the version")
    static let json = CommandOption("json", "print the answer as JSON")
}
