// SPDX-License-Identifier: MIT

import Linux

/// The help, from the table of commands.
enum Help {
    /// `tacit --help`.
    static var all: String {
        """
        usage: tacit COMMAND …

        \(columns(commands.map { ($0.name, $0.summary) }))

        tacit COMMAND --help explains each. A REF names a part of the tree, such as
        acme/web/db, or is a path below the mountpoint. A name without a slash is a secret
        of the project that -p, TACIT_PROJECT or a .tacit file names, or else your own.
        TACIT_SOCKET tells of another socket than the daemon's usual one.

        """
    }

    /// `tacit COMMAND --help`.
    static func of(_ command: Command) -> String {
        // Options after a program's name are the program's.
        let usage = command.programOperand == nil ? [command.usage, "[OPTION]…"] : ["[OPTION]…", command.usage]
        let words = (["usage: tacit", command.name] + usage).filter { !$0.isEmpty }
        let sentence = command.summary.prefix(1).uppercased() + command.summary.dropFirst() + "."
        let aliases = command.aliases.isEmpty ? "" : "Also called \(command.aliases.joined(separator: ", "))."
        let paragraph = [command.details, aliases].filter { !$0.isEmpty }.joined(separator: "\n")
        let details = paragraph.isEmpty ? "" : paragraph + "\n\n"
        return """
            \(words.joined(separator: " "))

            \(sentence)

            \(details)\(columns(command.options.map { ($0.form, $0.summary) }))

            """
    }

    /// `tacit org --help`.
    static func of(_ family: [Command], called name: String) -> String {
        """
        usage: tacit \(name) COMMAND …

        \(columns(family.map { ($0.name, $0.summary) }))

        """
    }

    /// Two columns, the second aligned.
    static func columns(_ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { left, right in
            "  " + left + String(repeating: " ", count: width - left.count + 2) + right
        }.joined(separator: "\n")
    }
}

extension DeclaredOption {
    /// `-k, --key-file FILE`, as the help shows it.
    var form: String {
        (letter.map { "-\($0), " } ?? "    ") + "--" + name + (argument.map { " " + $0 } ?? "")
    }
}
