// SPDX-License-Identifier: MIT

import ControlAPI
import Glibc
import Linux
import Secrets

extension Command {
    static let finding = Command(
        "find", operands: [Operand("NAME", .text), Operand("[REF]", .reference)],
        summary: "list what has a name",
        details: """
            NAME is a part of a name, or a pattern for the whole of it with *, ? and [...];
            upper and lower case are the same. With REF, only what is below it is listed.
              tacit find password
              tacit find '*_URL' acme
            """
    ) { invocation throws(Failure) in
        let name = invocation.operand(0) ?? []
        let hasNUL = name.contains(0)
        guard !name.isEmpty, !hasNUL else { throw .usage("NAME is empty", of: invocation.command) }
        let pattern = NamePattern(name)
        var found: [EntriesReply.Entry] = []
        let scope = invocation.operand(1) == nil && invocation.project != nil ? try NameScope(invocation).folder.bytes : nil
        let reference = invocation.operand(1) == nil ? scope : try invocation.placeReference(1)
        try TreeWalk.visit(below: reference) { entry throws(Failure) in
            if let last = entry.ref.components.last, pattern.matches(last) { found.append(entry) }
        }
        if invocation.wantsJSON { return try DaemonAnswer(encoding: EntriesReply(entries: found, next: nil)).print() }
        guard !found.isEmpty else { throw Failure(.notFound, "nothing that you may list has such a name") }
        try put(found.map { text($0.ref) + "\n" }.joined())
    }
}

/// A pattern as `tacit find` takes it.
private struct NamePattern {
    private let pattern: [CChar]

    init(_ name: [UInt8]) {
        let isPattern = name.contains { [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "[")].contains($0) }
        let star = [UInt8(ascii: "*")]
        // A backslash escapes in a pattern, and is itself in a part of a name.
        let literal = name.flatMap { $0 == UInt8(ascii: "\\") ? [$0, $0] : [$0] }
        pattern = Self.lowerCase(isPattern ? name : star + literal + star)
    }

    /// Whether the whole name fits: fnmatch(3).
    func matches(_ name: [UInt8]) -> Bool {
        unsafe fnmatch(pattern, Self.lowerCase(name), 0) == 0
    }

    /// A C string, with the letters of ASCII in lower case.
    private static func lowerCase(_ name: [UInt8]) -> [CChar] {
        name.map { CChar(bitPattern: (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0) } + [0]
    }
}
