// SPDX-License-Identifier: MIT

import Linux

/// The kind of a word on the command line. Completions offer what fits, and words that hold values are kept out of sight.
enum WordKind: Equatable, Sendable {
    /// A part of the tree; the daemon knows which there are.
    case reference
    /// A part of the tree that secrets are in: an organization, a project, a target.
    case scope
    /// A user or a group, and a user alone.
    case who, user
    /// The name of a secret of the project; a target of it.
    case secretName, target
    /// The number of a version of the first operand; something that was deleted.
    case version, deleted
    /// Rights with commas between.
    case rights
    /// A path outside of the tree.
    case file
    /// The id of a job; the daemon knows which there are.
    case job
    /// A program to run. It and all that comes after it are not tacit's.
    case program
    /// One of these words.
    case choice([String])
    /// A variable of the first operand, alone, or with `=` and a value.
    case variable, assignment
    /// A value.
    case value
    /// Anything else.
    case text

    /// Whether a value may be in the word.
    var holdsValue: Bool { self == .assignment || self == .value }
}

/// One operand of a command, or several of a kind.
struct Operand: Sendable {
    /// As the usage line shows it: `REF`, `[REF]` for one that may be left out, `REF…` for one or more, `[VAR[=VALUE]]…`.
    let usage: String
    /// The word for it, such as `REF`.
    let name: String
    let kind: WordKind
    let isOptional: Bool
    /// Whether there may be more of it; only of the last operand.
    let isRepeated: Bool

    /// Without a `kind`, it is taken for a value, and concealed.
    init(_ usage: String, _ kind: WordKind = .value) {
        self.usage = usage
        self.kind = kind
        isRepeated = usage.hasSuffix("…")
        let name = isRepeated ? String(usage.dropLast()) : usage
        isOptional = name.hasPrefix("[")
        self.name = isOptional ? String(name.dropFirst().dropLast()) : name
    }
}

/// An option of a command, and what its argument stands for.
struct DeclaredOption: Sendable {
    let option: CommandOption
    /// Nil for an option that takes no argument.
    let kind: WordKind?

    var name: String { option.name }
    var letter: Character? { option.letter }
    var argument: String? { option.argument }
    var summary: String { option.summary }

    /// One that takes no argument.
    init(_ name: String, letter: Character? = nil, _ summary: String) {
        option = CommandOption(name, letter: letter, summary)
        kind = nil
    }

    /// One that takes an argument. Without a `kind`, that is taken for a value, and concealed.
    init(_ name: String, letter: Character? = nil, argument: String, kind: WordKind = .value, _ summary: String) {
        option = CommandOption(name, letter: letter, argument: argument, summary)
        self.kind = kind
    }
}
