// SPDX-License-Identifier: MIT

internal import Bytes

/// A notice for the user who brings a text: something in it is kept as it stands and would be something else to another reader, or to a
/// shell. One sentence for all variables that it is about, whichever way the text comes in.
package struct Notice: Hashable, Sendable {
    /// Lower case, no full stop; names variables, and holds nothing of their values.
    package let text: String
    /// The next step, if there is one.
    package let hint: String?

    package init(_ text: String, hint: String? = nil) {
        self.text = text
        self.hint = hint
    }

    /// The names in a sentence: all of them, or the first and how many more.
    package static func list(_ names: [[UInt8]]) -> String {
        let shown = names.prefix(mostNames).map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
        return names.count > mostNames ? "\(shown) and \(names.count - mostNames) more" : shown
    }

    private static let mostNames = 8
}

extension EnvText {
    /// The notices about the assignments of a text, but for those traits that were not kept.
    package static func notices(
        _ assignments: [Assignment], in text: RawSpan, except changed: Traits = []
    ) -> [Notice] {
        var notices: [Notice] = []
        for (trait, about) in sentences where !changed.contains(trait) {
            var names: [[UInt8]] = []
            for assignment in assignments where assignment.traits.contains(trait) {
                let name = name(of: assignment, in: text)
                if !names.contains(name) { names.append(name) }
            }
            if !names.isEmpty { notices.append(Notice("\(about.text) \(Notice.list(names))", hint: about.hint)) }
        }
        return notices
    }

    private static let sentences: [(Traits, (text: String, hint: String?))] = [
        (
            .escape,
            (
                "a \\ in double quotes, as in \\n, stays as it is, as for a shell, in",
                "--escapes reads \\n, \\r, \\t and the like as dotenv does"
            )
        ),
        (.reference, ("$NAME stands for no other variable, and stays as it is in", "--expand puts in the values that the same file has")),
        (.command, ("$(…) is never run, and stays as it is in", nil)),
        (.hash, ("a # with no blank before it is part of the value in", "other readers end the value there: quotes say what is meant")),
        (
            .comment,
            ("a # with nothing before it begins a comment, so that there is no value in", "older readers of Python take it for the value")
        ),
        (.backslash, ("a \\ outside of double quotes stays as it is in", "other readers take some away: check these values")),
        (
            .escapedQuote,
            ("a \\ before \", \\, $ or ` in double quotes is taken away, as by a shell, in", "node and dotenv of JavaScript keep it")
        ),
        (.backquotes, ("a backquote is part of the value, and no quote, in", nil)),
        (.returns, ("carriage returns in quotes stay, since not every line of the text ends with CR LF, in", nil)),
        (.pieces, ("several quoted parts are put together, as by a shell, in", nil)),
        (
            .blanks,
            ("white space is at the start or the end of the value of", "--trim takes it away, --verbatim keeps it without this warning")
        ),
    ]
}

extension Notice {
    /// The notices about values that begin or end with white space, which is often a slip in text, and so in variables.
    package static func whiteSpace(_ names: [[UInt8]]) -> [Notice] {
        guard !names.isEmpty else { return [] }
        return [
            Notice(
                "white space is at the start or the end of the value of \(list(names))",
                hint: "--trim takes it away, --verbatim keeps it without this warning")
        ]
    }

    /// Whether a value begins or ends with white space: space, tab, line feed, vertical tab, form feed or carriage return.
    package static func isSurroundedByWhiteSpace(_ value: RawSpan) -> Bool {
        value.byteCount > 0 && [0, value.byteCount - 1].contains { value.byte(at: $0)?.isWhiteSpace ?? false }
    }
}

extension UInt8 {
    /// In ASCII, as isspace(3) has it.
    package var isWhiteSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}

extension ShellNames {
    /// The notices about variables with these names.
    package static func notices(_ names: [[UInt8]]) -> [Notice] {
        let kept = names.filter(isKept)
        guard !kept.isEmpty else { return [] }
        return [
            Notice(
                "a shell keeps these names for itself, so that env has a comment in their places: \(Notice.list(kept))",
                hint: "vars has their values, and tacit run sets them")
        ]
    }
}
