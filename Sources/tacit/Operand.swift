/// What a word on the command line stands for. Completions offer what fits, and words that hold values are kept out of sight.
enum WordKind: Equatable, Sendable {
    /// A part of the tree; the daemon knows which there are.
    case reference
    /// A user or a group, and a user alone.
    case who, user
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
    /// `VAR`, or `VAR=` and a value.
    case assignment
    /// A value.
    case value
    /// Anything else.
    case text

    /// What the help's word for it tells: the names are the same in every command.
    init(named name: String) {
        self =
            switch name {
            case "REF", "SOURCE", "DESTINATION", "PROJECT", "REF:PATH": .reference
            case "WHO": .who
            case "USER": .user
            case "RIGHTS": .rights
            case "FILE", "LOCAL:PLACEMENT", "IN:OUT", "ARGUMENT": .file
            case "JOB": .job
            case "COMMAND": .program
            case "VAR[=VALUE]": .assignment
            case "VALUE": .value
            case let words where words.contains("|"): .choice(words.split(separator: "|").map(String.init))
            default: .text
            }
    }

    /// Whether a value may be in the word.
    var holdsValue: Bool { self == .assignment || self == .value }
}

/// One operand of a command, or several of a kind, written as the usage line shows it: `REF`, `[REF]`, `REF…`, `[VAR[=VALUE]]…`.
struct Operand: Sendable, ExpressibleByStringLiteral {
    /// As the usage line shows it.
    let usage: String
    /// The word for it, such as `REF`.
    let name: String
    let kind: WordKind
    let isOptional: Bool
    /// Whether there may be more of it; only of the last operand.
    let isRepeated: Bool

    init(stringLiteral usage: String) {
        self.usage = usage
        isRepeated = usage.hasSuffix("…")
        var name = isRepeated ? String(usage.dropLast()) : usage
        isOptional = name.hasPrefix("[")
        if isOptional { name = String(name.dropFirst().dropLast()) }
        self.name = name
        kind = WordKind(named: name)
    }
}
