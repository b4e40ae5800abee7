// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

extension Command {
    static let set = Command(
        "set", operands: [Operand("REF", .reference), Operand("[VAR[=VALUE]]…", .assignment)], summary: "store values in a secret",
        details: """
            Of a secret, variables: tacit set acme/web/db PASSWORD asks for one. Of an item,
            the value: tacit set acme/web/db/files/ca.pem @ca.pem. A secret that does not
            exist, or whose only item has its name, takes a value too, as with tacit add.
            Several values are stored at once, or none is.
            \(ValueReader.explanation)
            """,
        options: Gathering.options + ValueReader.options + [.json]
    ) { invocation throws(Failure) in
        let place = try invocation.secretPlace()
        let words = Array(invocation.arguments.operands.dropFirst())
        var gathering = Gathering(try ValueReader(invocation))
        let hasOptions = invocation.arguments.has("env") || invocation.arguments.has("file")
        if let item = place.item {
            guard words.count <= 1, !hasOptions else { throw .usage("an item takes one value", of: invocation.command) }
            return try store(invocation, place, item, words.first, mode: .update)
        }
        let names = try words.first.map { word throws(Failure) in try gathering.assignment(word) } ?? nil
        if !hasOptions, words.count <= 1, try takesOneValue(place, isAssignment: names?.start != nil) {
            return try store(invocation, place, SecretPlace.onlyItem(of: place.name), words.first, mode: .either)
        }
        try gathering.add(optionsOf: invocation)
        for word in words {
            guard let assignment = try gathering.assignment(word) else {
                throw Failure(
                    .usage, "a word after \(text(place.reference)) is neither VAR nor VAR=VALUE",
                    hint: "tacit add \(text(place.reference)) stores a single value")
            }
            try gathering.add(assignment)
        }
        guard !gathering.items.isEmpty else { throw .usage("which variable is to be set?", of: invocation.command) }
        let secret = ApplyRequest.Secret(ref: place.secretReference, mode: .update, items: gathering.items)
        let answer = try Daemon.apply([secret], gathering.values, verbatim: gathering.isVerbatim)
        if invocation.wantsJSON { try answer.print() }
    }

    static let add = Command(
        "add", operands: [Operand("REF", .reference), Operand("[VALUE]", .value)],
        summary: "store a single value, and make its secret if there is none",
        details: """
            The value becomes the item of the same name in the secret: a variable where the
            name can be a variable's, else a file. KEY alone is user/KEY, a secret of your own.
            \(ValueReader.explanation)
            """,
        options: ValueReader.options + [.json]
    ) { invocation throws(Failure) in
        let place = try invocation.secretPlace()
        let item = place.item ?? SecretPlace.onlyItem(of: place.name)
        try store(invocation, place, item, invocation.operand(1), mode: .either)
    }

    private static func store(
        _ invocation: Invocation, _ place: SecretPlace, _ item: [UInt8], _ word: [UInt8]?, mode: ApplyRequest.Mode
    ) throws(Failure) {
        var gathering = Gathering(try ValueReader(invocation))
        try gathering.add(item, word: word)
        let answer: DaemonAnswer
        if item == TreeName.env {
            // All variables at once, as a write of the file env.
            let query = [(name: "ref", value: place.reference + [UInt8(ascii: "/")] + TreeName.env)]
            let verbatim = gathering.isVerbatim ? [(name: "verbatim", value: Array("true".utf8))] : []
            answer = try Daemon.put(DaemonRequest("PUT", Endpoint.value, query: query + verbatim), sending: gathering.values[0])
        } else {
            let secret = ApplyRequest.Secret(ref: place.secretReference, mode: mode, items: gathering.items)
            answer = try Daemon.apply([secret], gathering.values, verbatim: gathering.isVerbatim)
        }
        if invocation.wantsJSON { try answer.print() }
    }

    /// Whether the word after the secret is its value, and not the name of a variable. What the word is like has a say only where
    /// there is no secret: `VAR=VALUE` is for one that exists, and it may be a slip that it doesn't.
    private static func takesOneValue(_ place: SecretPlace, isAssignment: Bool) throws(Failure) -> Bool {
        do {
            let request = DaemonRequest("GET", Endpoint.secret, query: [("ref", place.reference)])
            let items = try Daemon.ask(request).decoded(as: SecretReply.self).items
            return items.count == 1 && items[0].bytes == SecretPlace.onlyItem(of: place.name)
        } catch {
            if error.exitCode == .notFound {
                guard !isAssignment else { throw error.hinting("tacit create makes a secret, tacit add one of a single value") }
                return true
            }
            // A caller who may write need not be able to look: the names are variables then.
            guard error.exitCode == .denied else { throw error }
            return false
        }
    }
}

extension SecretReply.Item {
    /// The name, exactly.
    var bytes: [UInt8] { OctetText.name(name, encoded: encoded) ?? Array(name.utf8) }
}
