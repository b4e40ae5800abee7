// SPDX-License-Identifier: MIT

import Linux

extension Command {
    static let initialize = Command(
        "init", summary: "make a store, its root key and its node key",
        details: """
            tacitd makes them on your behalf, and touches nothing that exists. Root's store is
            in /var/lib/tacit with its root key in /etc/tacit/root.key; a user's is in
            $XDG_DATA_HOME/tacit with its key in $XDG_CONFIG_HOME/tacit/root.key.
            A passphrase is asked for without echo, or read from standard input if that is
            not a terminal.
            """,
        options: [
            DeclaredOption("store", argument: "FILE", kind: .file, "make the store there"),
            DeclaredOption("key-file", argument: "FILE", kind: .file, "write the root key there"),
            DeclaredOption("node-key", argument: "FILE", kind: .file, "write the node key there instead of beside the store"),
            DeclaredOption("passphrase", "derive the root key from a passphrase, and write none"),
            .json,
        ]
    ) { invocation throws(Failure) in
        let options = invocation.arguments.options.flatMap { given in
            let takesArgument = invocation.command.options.contains { $0.name == given.name && $0.argument != nil }
            return [Array("--\(given.name)".utf8)] + (takesArgument ? [given.argument] : [])
        }
        try DaemonProgram.execute([Array("--init".utf8)] + options)
    }
}
