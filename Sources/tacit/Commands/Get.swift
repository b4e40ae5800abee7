// SPDX-License-Identifier: MIT

import Bytes
import ControlAPI
import Glibc
import Linux
import Secrets

extension Command {
    static let get = Command(
        "get", operands: [Operand("REF", .reference)], summary: "print a value",
        details: """
            Its bytes and nothing else; on a terminal a newline follows if it ends without.
            A secret with one item stands for that item.
            PATH names an item of the secret: {.NAME} a variable, {.files.NAME} or
            {.files['.ssh/id']} a file.
            """,
        options: [
            DeclaredOption("path", argument: "PATH", kind: .text, "print that item of the secret"),
            DeclaredOption("base64", "print it as base64, on one line"),
        ]
    ) { invocation throws(Failure) in
        do { try Hardening.forbidDumps() } catch { throw Failure(.failed, "\(error)") }
        let query = [(name: "ref", value: try reference(invocation))]
        let value = Value(try Daemon.values(DaemonRequest("GET", Endpoint.value, query: query)))
        try value.print(asBase64: invocation.arguments.has("base64"))
    }

    private static func reference(_ invocation: Invocation) throws(Failure) -> [UInt8] {
        guard let path = invocation.path else { return try invocation.secretReference() }
        let place = try invocation.secretPlace()
        guard place.below.isEmpty else {
            throw .usage("--path takes a secret, and \(text(place.below.last ?? [])) is in one", of: invocation.command)
        }
        return Reference(components: place.secret + (try JSONPath.parse(path))).bytes
    }
}

extension Invocation {
    /// What `--path` names; `-p {.NAME}` says the same, as people know it from elsewhere.
    fileprivate var path: [UInt8]? {
        arguments.argument("path") ?? options(named: DeclaredOption.project.name).last(where: JSONPath.isOne)
    }
}

extension Value {
    /// Writes it to standard output.
    func print(asBase64: Bool) throws(Failure) {
        if asBase64 {
            try base64().withBytes { bytes throws(Failure) in try put(bytes) }
            return try put("\n")
        }
        let endsLine = try withBytes { bytes throws(Failure) in
            try put(bytes)
            return bytes.byte(at: bytes.byteCount - 1) == UInt8(ascii: "\n")
        }
        if !endsLine, isatty(STDOUT_FILENO) == 1 { try put("\n") }
    }
}
