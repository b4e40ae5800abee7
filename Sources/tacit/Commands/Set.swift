// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

extension Command {
    static let set = Command(
        "set", operands: [Operand("REF", .reference), Operand("[VAR[=VALUE]]…", .assignment)], summary: "store values in a secret",
        details: """
            Of a secret, variables: tacit set acme/web/db PASSWORD asks for one. Of an item,
            the value: tacit set acme/web/db/files/ca.pem @ca.pem. A secret whose only item
            has its name takes a value too, as with tacit add. Several values are stored at
            once, or none is. A secret that does not exist is made only with --create.
            \(ValueReader.explanation)
            """,
        options: Gathering.options + [DeclaredOption("create", "make the secret if there is none")] + ValueReader.options + [.json]
    ) { invocation throws(Failure) in
        let place = try invocation.secretPlace()
        let words = Array(invocation.arguments.operands.dropFirst())
        let mode: ApplyRequest.Mode = invocation.arguments.has("create") ? .either : .update
        var gathering = Gathering(try ValueReader(invocation))
        let hasOptions = invocation.arguments.has("env") || invocation.arguments.has("file")
        if let item = place.item {
            guard words.count <= 1, !hasOptions else { throw .usage("an item takes one value", of: invocation.command) }
            return try store(invocation, place, item, words.first, mode: mode)
        }
        let assignment = try words.first.map { word throws(Failure) in try gathering.assignment(word) } ?? nil
        if !hasOptions, words.count <= 1, try takesOneValue(place, assignment, makes: mode == .either) {
            return try store(invocation, place, SecretPlace.onlyItem(of: place.name), words.first, mode: mode)
        }
        try gathering.add(optionsOf: invocation)
        for word in words {
            guard let assignment = try gathering.assignment(word) else {
                throw Failure(
                    .usage, "a word after \(text(place.reference)) is neither VAR nor VAR=VALUE",
                    hint: "tacit add \(text(place.reference)) stores a single value")
            }
            // `VAR VALUE` would make a name of the value.
            guard words.count == 1 || assignment.start != nil else {
                throw Failure(
                    .usage, "of several words after \(text(place.reference)), each must be VAR=VALUE",
                    hint: "a variable and its value are one word, with = between; -e VAR asks for one")
            }
            try gathering.add(assignment)
        }
        guard !gathering.items.isEmpty else { throw .usage("which variable is to be set?", of: invocation.command) }
        let secret = ApplyRequest.Secret(ref: place.secretReference, mode: mode, items: gathering.items)
        let answer = try hinting(mode) { () throws(Failure) in
            try Daemon.apply([secret], gathering.values, verbatim: gathering.isVerbatim)
        }
        invocation.tellStored(place)
        if invocation.wantsJSON { try answer.print() }
    }

    static let add = Command(
        "add", operands: [Operand("REF", .reference), Operand("[VALUE]", .value)],
        summary: "store a single value, and make its secret if there is none",
        details: """
            The value becomes the item of the same name in the secret: a variable where the
            name can be a variable's, else a file. KEY alone is one of the project that is used
            here (tacit use tells), or of your own.
            \(ValueReader.explanation)
            """,
        options: ValueReader.options + [.json]
    ) { invocation throws(Failure) in
        let place = try invocation.secretPlace()
        let item = place.item ?? SecretPlace.onlyItem(of: place.name)
        if let word = invocation.operand(1), try Gathering(try ValueReader(invocation)).assignment(word)?.hasValue == true {
            throw Failure(
                .usage, "a word of the form VAR=VALUE stands where the value alone belongs",
                hint: "the value alone, as in tacit add NAME VALUE; - takes one with = in it from standard input")
        }
        let others = try others(beside: place, with: item)
        try store(invocation, place, item, invocation.operand(1), mode: .either)
        guard let other = others.first else { return }
        complain("tacit: warning: \(text(other)) has \(text(item)) too, and a job that could have both does not start")
        complain(
            "hint: tacit set \(text(other))/\(text(item)) stores its next value; tacit rm \(text(place.secretReference)) removes this one")
    }

    /// The other secrets of the same folder with an item of that name, if it is a new one in this.
    private static func others(beside place: SecretPlace, with item: [UInt8]) throws(Failure) -> [Reference] {
        let folder = Reference(components: place.secretReference.components.dropLast())
        var others: [Reference] = []
        var isNew = true
        do throws(Failure) {
            try TreeWalk.visit(below: folder.bytes) { entry throws(Failure) in
                guard let other = SecretPlace(entry.ref), other.item == item else { return }
                if other.secretReference == place.secretReference { isNew = false } else { others.append(other.secretReference) }
            }
        } catch {
            // A caller who may write need not be able to look.
            guard error.exitCode == .denied || error.exitCode == .notFound else { throw error }
        }
        return isNew ? others : []
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
            answer = try hinting(mode) { () throws(Failure) in
                try Daemon.apply([secret], gathering.values, verbatim: gathering.isVerbatim)
            }
        }
        invocation.tellStored(place, item: item)
        if invocation.wantsJSON { try answer.print() }
    }

    /// Whether the word after the secret is its value, and not a variable. For a secret that does not exist, where it is to be made, the
    /// word tells: one that may be a variable's name and may be a value is refused.
    private static func takesOneValue(_ place: SecretPlace, _ word: Assignment?, makes: Bool) throws(Failure) -> Bool {
        do {
            let request = DaemonRequest("GET", Endpoint.secret, query: [("ref", place.reference)])
            let items = try Daemon.ask(request).decoded(as: SecretReply.self).items
            return items.count == 1 && items[0].bytes == SecretPlace.onlyItem(of: place.name)
        } catch {
            if error.exitCode == .notFound {
                guard makes else { throw error.hinting(makesSecret) }
                guard let word else { return true }
                guard word.start == nil else { return false }
                throw Failure(
                    .usage, "a word after \(text(place.reference)), which does not exist, may be a variable or a value",
                    hint: "VAR=VALUE or -e VAR makes a secret of variables, and tacit add one of a single value")
            }
            // A caller who may write need not be able to look: the names are variables then.
            guard error.exitCode == .denied else { throw error }
            return false
        }
    }

    private static let makesSecret = "--create makes the secret, and tacit add one of a single value"

    /// Calls `store`, and says what makes a secret where there is none.
    private static func hinting<Answer>(
        _ mode: ApplyRequest.Mode, _ store: () throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        do { return try store() } catch { throw error.exitCode == .notFound && mode == .update ? error.hinting(makesSecret) : error }
    }
}

extension SecretReply.Item {
    /// The name, exactly.
    var bytes: [UInt8] { OctetText.name(name, encoded: encoded) ?? Array(name.utf8) }
}
