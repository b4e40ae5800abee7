// SPDX-License-Identifier: MIT

import ControlAPI
import Linux

/// From the words of the command line to the exit status.
enum Tacit {
    /// With the words of this process.
    static func run() -> ExitCode {
        ending { () throws(Failure) in
            let taken = try CommandWords.take()
            try dispatch(taken.words, taken.values)
        }
    }

    private static func ending(_ body: () throws(Failure) -> Void) -> ExitCode {
        do {
            try body()
            return .done
        } catch {
            complain("tacit: \(error.message)")
            if let hint = error.hint { complain("hint: \(hint)") }
            return error.exitCode
        }
    }

    private static func dispatch(_ words: [[UInt8]], _ values: ConcealedValues?) throws(Failure) {
        let arguments: ParsedArguments
        do {
            arguments = try ParsedArguments(words, options: [DeclaredOption.help.option, DeclaredOption.version.option], untilOperand: 0)
        } catch {
            throw .option(error)
        }
        if arguments.has(DeclaredOption.version.name) { return try put("tacit \(release)\n") }
        if arguments.has(DeclaredOption.help.name) { return try explain(arguments.operands) }
        guard let (command, rest) = Command.find(arguments.operands) else { return try refuse(arguments.operands) }
        do throws(Failure) {
            let invocation = try Invocation(command, rest, concealed: values)
            if invocation.asksForHelp { return try put(Help.of(command)) }
            // A project that is none is told, whether or not it is needed.
            if invocation.project != nil { _ = try NameScope(invocation) }
            try command.run(invocation)
        } catch { throw command.endsAsProgram ? error.ofRunning : command.answersByStatus ? error.ofAsking : error }
    }

    /// Prints the help of the command, or of the family of commands, that words name; of all without one.
    static func explain(_ words: [[UInt8]]) throws(Failure) {
        guard let word = words.first else { return try put(Help.all) }
        if let (command, rest) = Command.find(words), rest.isEmpty { return try put(Help.of(command)) }
        let family = Command.below(text(word))
        guard !family.isEmpty, words.count == 1 else { return try refuse(words) }
        try put(Help.of(family, called: text(word)))
    }

    /// The failure for words that name no command.
    private static func refuse(_ words: [[UInt8]]) throws(Failure) {
        guard let word = words.first else { throw .usage("a command is missing") }
        let name = text(word)
        let family = Command.below(name)
        guard !family.isEmpty else {
            let hint = Suggestion.hint(for: name, among: commands.flatMap(\.names))
            throw Failure(.usage, "no command is called '\(name)'", hint: hint ?? "tacit --help lists them")
        }
        guard words.count > 1, ["-h", "--help"].contains(text(words[1])) else {
            let choices = family.map { $0.name.dropFirst(name.count + 1) }.joined(separator: ", ")
            throw Failure(.usage, "\(name) needs one of \(choices)", hint: "tacit \(name) --help explains them")
        }
        try put(Help.of(family, called: name))
    }
}
