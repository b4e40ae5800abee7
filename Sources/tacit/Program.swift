import ControlAPI
import Linux

/// From the words of the command line to the exit status.
enum Program {
    static func run(_ words: [[UInt8]]) -> ExitCode {
        do {
            try dispatch(words)
            return .done
        } catch {
            complain("tacit: \(error.message)")
            if let hint = error.hint { complain("hint: \(hint)") }
            return error.exitCode
        }
    }

    private static func dispatch(_ words: [[UInt8]]) throws(Failure) {
        let arguments: ParsedArguments
        do {
            arguments = try ParsedArguments(words, options: [.help, .version], untilOperand: true)
        } catch {
            throw .usage("\(error)")
        }
        if arguments.has(CommandOption.version.name) { return try put("tacit \(release)\n") }
        if arguments.has(CommandOption.help.name) { return try put(Help.all) }
        guard let word = arguments.operands.first else { throw .usage("a command is missing") }
        let name = text(word)
        guard let command = commands.first(where: { $0.name == name }) else { throw .usage("no command is called '\(name)'") }
        let invocation = try Invocation(command, Array(arguments.operands.dropFirst()))
        if invocation.asksForHelp { return try put(Help.of(command)) }
        try command.run(invocation)
    }
}
