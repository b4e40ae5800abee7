// SPDX-License-Identifier: MIT

import Linux

/// One command: what the table, the help, the completions and the manual's check know of it.
struct Command: Sendable {
    /// A word, or two: `grant`, `org create`.
    let name: String
    /// Other names for it, which people bring from elsewhere.
    let aliases: [String]
    let operands: [Operand]
    /// One line for the list of commands: starts lower case, no full stop.
    let summary: String
    /// The text of `--help` beyond the summary, in lines of at most 80 columns.
    let details: String
    /// Its own options; `--help` is every command's, and `-p` that of each whose operands are references.
    let options: [DeclaredOption]
    let run: @Sendable (Invocation) throws(Failure) -> Void

    init(
        _ name: String, aliases: [String] = [], operands: [Operand] = [], summary: String, details: String = "",
        options: [DeclaredOption] = [.json], run: @escaping @Sendable (Invocation) throws(Failure) -> Void
    ) {
        self.name = name
        self.aliases = aliases
        self.operands = operands
        self.summary = summary
        self.details = details
        self.options = options + (operands.contains { $0.kind == .reference } ? [.project] : []) + [.help]
        self.run = run
    }

    /// Its operands as the usage line shows them, such as `REF WHO RIGHTS`; empty for none.
    var usage: String { operands.map(\.usage).joined(separator: " ") }

    /// Which operand is a program to run; nil for none.
    var programOperand: Int? { operands.firstIndex { $0.kind == .program } }

    /// Whether its exit status is that of the program which it runs.
    var endsAsProgram: Bool { name == "run" }

    /// Whether its exit status 1 is an answer: something is missing, or due.
    var answersByStatus: Bool { name == "check" || name == "due" }

    /// How many operands it takes.
    var operandCount: ClosedRange<Int> {
        let least = operands.count { !$0.isOptional }
        return least...(operands.last?.isRepeated == true ? Int.max : operands.count)
    }

    /// The kind of word that the operand at an index is; nil where there is none.
    func kind(ofOperand index: Int) -> WordKind? {
        if operands.indices.contains(index) { return operands[index].kind }
        return operands.last.flatMap { $0.isRepeated ? $0.kind : nil }
    }

    /// Its options as they are read.
    var optionTable: [CommandOption] { options.map(\.option) }

    /// Whether a value can be among its words.
    var takesValues: Bool {
        operands.contains { $0.kind.holdsValue } || options.contains { $0.kind?.holdsValue == true }
    }

    /// The name and the other names.
    var names: [String] { [name] + aliases }

    /// The command that the first words of a command line name, and the words after; nil if none is called so. Of `acl` and
    /// `acl grant`, the longer.
    static func find(_ words: [[UInt8]]) -> (command: Command, rest: [[UInt8]])? {
        for count in [2, 1] where words.count >= count {
            let name = words.prefix(count).map { text($0) }.joined(separator: " ")
            if let command = commands.first(where: { $0.names.contains(name) }) { return (command, Array(words.dropFirst(count))) }
        }
        return nil
    }

    /// The commands whose name begins with `word` and has another word, such as those of `org`.
    static func below(_ word: String) -> [Command] {
        commands.filter { command in command.names.contains { $0.hasPrefix(word + " ") } }
    }
}

extension DeclaredOption {
    static let help = DeclaredOption("help", letter: "h", "print this help")
    static let version = DeclaredOption("version", letter: "V", "print the version")
    static let json = DeclaredOption("json", "print the answer as JSON")
}
