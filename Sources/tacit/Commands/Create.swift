// SPDX-License-Identifier: MIT

import ControlAPI
import Linux

extension Command {
    static let create = Command(
        "create", operands: [Operand("REF", .reference)], summary: "make a secret, with its variables and files",
        details: """
            All of it is stored at once, or nothing is. A secret of that name must not exist.
            A PLACEMENT is where a job finds the file, such as .ssh/id_rsa.
            \(ValueReader.explanation)
            """,
        options: Gathering.options + [DeclaredOption("description", letter: "d", argument: "TEXT", kind: .text, "say what it is for")]
            + PolicyArguments.options + ValueReader.options + [.json]
    ) { invocation throws(Failure) in
        let place = try invocation.secretPlace()
        guard place.below.isEmpty else {
            throw .usage("create makes a secret, and \(text(try invocation.reference())) is in one", of: invocation.command)
        }
        let policy = try PolicyArguments.parse(invocation, of: place.secretReference)
        var gathering = Gathering(try ValueReader(invocation))
        try gathering.add(optionsOf: invocation)
        let secret = ApplyRequest.Secret(
            ref: place.secretReference, mode: .create, description: invocation.arguments.argument("description").map { string($0) },
            policy: policy.isEmpty ? nil : policy, items: gathering.items)
        let answer = try Daemon.apply([secret], gathering.values, verbatim: gathering.isVerbatim)
        if invocation.wantsJSON { try answer.print() }
    }
}

/// Text of the command line for a request.
func string(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
