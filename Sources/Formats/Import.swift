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

/// Reads items. Each name comes once.
package enum Import {
    /// The most items that are taken at once.
    package static let maximumItems = 4096

    /// Reads all of a text. Throws `malformed`, `unfit`, `tooLarge` and `memory`.
    package static func read(_ text: borrowing LockedBuffer, as format: ImportFormat) throws(FormatError) -> Items {
        switch format {
        case .dotenv: try text.withBytes { text throws(FormatError) in try assignments(text) }
        case .json: try text.withBytes { text throws(FormatError) in try object(text) }
        case .k8s: try KubernetesSecret.read(text)
        }
    }

    /// Of assignments to the same variable, the last one counts, as for a shell.
    private static func assignments(_ text: RawSpan) throws(FormatError) -> Items {
        let parsed: EnvText.Parsed
        do {
            parsed = try EnvText.parse(text, final: true)
        } catch {
            // Its words begin with the line.
            throw .unfit("\(error)")
        }
        var last: [[UInt8]: Int] = [:]
        for (index, assignment) in parsed.assignments.enumerated() { last[EnvText.name(of: assignment, in: text)] = index }
        guard last.count <= maximumItems else { throw tooMany }
        var values = try LockedBuffer.make()
        var items: [Item] = []
        for (index, assignment) in parsed.assignments.enumerated() {
            let name = EnvText.name(of: assignment, in: text)
            guard last[name] == index else { continue }
            let start = values.count
            try values.add(assignment.length) { value in EnvText.decode(assignment, from: text, into: &value) }
            items.append(Item(.variable, name, start..<values.count))
        }
        return Items(items, values)
    }

    private static func object(_ text: RawSpan) throws(FormatError) -> Items {
        let members: [JSONObject.Member]
        do { members = try JSONObject.parse(text) } catch { throw .malformed(line: error.line, problem: error.problem.rawValue) }
        var values = try LockedBuffer.make()
        var items: [Item] = []
        for member in members {
            guard (try? Name.check(member.name, as: .variable)) != nil else {
                throw .unfit("member \(items.count + 1) has a name that no variable can have: a name has \(NameRule.variable.text)")
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
