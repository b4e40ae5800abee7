// SPDX-License-Identifier: MIT

internal import Bytes
package import Linux
internal import Secrets

/// The formats that items are read from.
package enum ImportFormat: String, CaseIterable, Sendable {
    /// Assignments, as `EnvText` reads them.
    case dotenv
    /// One object of strings.
    case json
    /// A Secret of Kubernetes, as YAML or JSON.
    case k8s
}

/// The options of reading a dotenv text.
package struct DotenvOptions: Sendable {
    /// `\n`, `\r`, `\t` and the like in double quotes stand for what they do in dotenv.
    package var escapes = false
    /// `$NAME` and `${NAME}`, not in single quotes, stand for what the same text has assigned before.
    package var expands = false

    package init(escapes: Bool = false, expands: Bool = false) {
        self.escapes = escapes
        self.expands = expands
    }
}

/// Reads items. Each name comes once.
package enum Import {
    /// The most items that are taken at once.
    package static let maximumItems = 4096

    /// Reads all of a text. Throws `nothing` for a text without items, unless it `mayBeEmpty`, and `malformed`, `unfit`, `ciphertext`,
    /// `tooLarge` and `memory`.
    package static func read(
        _ text: borrowing LockedBuffer, as format: ImportFormat, _ options: DotenvOptions = DotenvOptions(), mayBeEmpty: Bool = false
    ) throws(FormatError) -> Items {
        let items =
            switch format {
            case .dotenv: try text.withBytes { text throws(FormatError) in try assignments(text, options) }
            case .json:
                try text.withBytes { text throws(FormatError) in try object(text.extracting(droppingFirst: try SourceText.start(of: text)))
                }
            case .k8s: try KubernetesSecret.read(text)
            }
        // It may be what a command that failed has printed: nothing is made of it, and nothing removed for it.
        guard !items.items.isEmpty || mayBeEmpty else { throw .nothing(format == .dotenv ? "assignment in it" : "data in it") }
        for item in items.items {
            if let error = items.values.withBytes({ Ciphertext.error(for: $0.extracting(item.value)) }) { throw error }
        }
        return items
    }

    /// Of assignments to the same variable, the last one counts, as for a shell.
    private static func assignments(_ text: RawSpan, _ options: DotenvOptions) throws(FormatError) -> Items {
        let parsed: EnvText.Parsed
        do {
            _ = try SourceText.start(of: text)
            parsed = try EnvText.parse(text, final: true)
        } catch {
            throw (error as? EnvTextError).map { .malformed(TextPlace(line: $0.line, column: $0.column), $0.text) }
                ?? (error as? FormatError) ?? .unfit("it can't be read")
        }
        var last: [[UInt8]: Int] = [:]
        for (index, assignment) in parsed.assignments.enumerated() { last[EnvText.name(of: assignment, in: text)] = index }
        guard last.count <= maximumItems else { throw tooMany }
        var values = DotenvValues(options, try LockedBuffer.make())
        var items: [Item] = []
        for (index, assignment) in parsed.assignments.enumerated() {
            let name = EnvText.name(of: assignment, in: text)
            let value = try values.add(assignment, named: name, from: text)
            if last[name] == index { items.append(Item(.variable, name, value)) }
        }
        // Of white space the daemon says it, for every way in.
        let notices = EnvText.notices(parsed.assignments, in: text, except: options.changed.union(.blanks))
        return Items(items, values.finish(), notices: notices)
    }

    private static func object(_ text: RawSpan) throws(FormatError) -> Items {
        let members: [JSONObject.Member]
        do { members = try JSONObject.parse(text) } catch {
            throw error.problem == .value && error.member == Array("sops".utf8) ? Ciphertext.sops : FormatError(error)
        }
        var values = try LockedBuffer.make()
        var items: [Item] = []
        for member in members {
            guard (try? Name.check(member.name, as: .variable)) != nil else {
                // The name may be a value that slipped.
                let place = TextPlace(of: member.value.lowerBound - 1, in: text)
                throw .malformed(place, "the name of this value can be no variable's: a name has \(NameRule.variable.text)")
            }
            let start = values.count
            try values.add(member.length) { value in JSONObject.decode(member, from: text, into: &value) }
            guard !values.holdsNUL(start..<values.count) else {
                throw .unfit("\(String(decoding: member.name, as: UTF8.self)) has a NUL byte, which no variable can have")
            }
            items.append(Item(.variable, member.name, start..<values.count))
        }
        return Items(items, values)
    }

    static let tooMany = FormatError.tooLarge("it has more than \(maximumItems) items")
}

extension LockedBuffer {
    /// Whether there is a NUL byte in a part.
    borrowing func holdsNUL(_ range: Range<Int>) -> Bool {
        withBytes { bytes in range.contains { bytes.byte(at: $0) == 0 } }
    }
}
