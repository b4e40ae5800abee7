// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

extension Command {
    static let generate = Command(
        "generate", operands: [Operand("REF", .reference), Operand("[VAR]…", .variable)],
        summary: "store random values that nobody has seen",
        details: """
            Each VAR of the secret gets a value of its own. REF may be an item instead:
              tacit generate acme/web/db PASSWORD
              tacit generate acme/web/db/files/passphrase --words 6
            A value has 32 letters and digits unless an option says otherwise. It is not
            printed: jobs and tacit get read it.
            """,
        options: [
            DeclaredOption("length", argument: "N", kind: .text, "make a value of N characters"),
            DeclaredOption("chars", argument: "SET", kind: .text, "take the characters from SET, such as 'A-Za-z0-9_-'"),
            DeclaredOption("words", argument: "N", kind: .text, "make a value of N words of BIP-39's list"),
            DeclaredOption("create", "make the secret if there is none"), .json,
        ]
    ) { invocation throws(Failure) in
        let generator = try Generator(invocation)
        let place = try invocation.secretPlace()
        let items = try items(of: place, invocation)
        var values: [Value] = []
        for _ in items { values.append(try generator.value()) }
        let changes = zip(items, values).map { ApplyRequest.Item(name: $0, length: $1.count) }
        let mode: ApplyRequest.Mode = invocation.arguments.has("create") ? .either : .update
        do throws(Failure) {
            let answer = try Daemon.apply([ApplyRequest.Secret(ref: place.secretReference, mode: mode, items: changes)], values)
            if invocation.wantsJSON { try answer.print() }
        } catch {
            throw error.exitCode == .notFound && mode == .update ? error.hinting("--create makes the secret") : error
        }
    }

    /// The items that get a value: what REF is, or the variables that the words name.
    private static func items(of place: SecretPlace, _ invocation: Invocation) throws(Failure) -> [[UInt8]] {
        let words = invocation.arguments.operands.dropFirst()
        if let item = place.item {
            guard words.isEmpty else { throw .usage("\(text(place.whole)) is an item, which has no variables", of: .generate) }
            guard item != TreeName.env else { throw .usage("env is all variables at once: name them", of: .generate) }
            return [item]
        }
        guard !words.isEmpty else { throw .usage("name the variables that are to get a value", of: .generate) }
        for word in words where (try? Name.check(word, as: .variable)) == nil {
            throw Failure(
                .usage, "a word after \(text(place.reference)) is no variable's name", hint: "such a name has \(NameRule.variable.text)")
        }
        guard Set(words).count == words.count else { throw .usage("a variable is named twice", of: .generate) }
        return words.map { TreeName.inVars + $0 }
    }
}
