// SPDX-License-Identifier: MIT

package import Secrets

/// The fields of a JSON object, each read by its name and as what it must be.
package struct JSONFields {
    /// How a message names the object: empty, or `secrets[2].`.
    private let path: String
    private let offset: Int
    private let fields: [(name: String, value: JSONNode)]

    /// Throws if `node` is no object, and for a field that is not among `known`.
    package init(_ node: JSONNode, path: String = "", known: [String]) throws(JSONError) {
        guard case .object(let fields) = node.content else {
            throw JSONError(path.isEmpty ? "the JSON is no object" : "field \(path.dropLast()) is no object", at: node.offset)
        }
        for field in fields where !known.contains(field.name) {
            let place = path.isEmpty ? "the JSON" : "\(path.dropLast())"
            throw JSONError("\(place) has an unknown field (known are \(known.joined(separator: ", ")))", at: field.value.offset)
        }
        self.path = path
        offset = node.offset
        self.fields = fields
    }

    /// A field; nil if it is not there. One that is null is there, and nothing that is taken.
    private func node(_ name: String) -> JSONNode? { fields.first { $0.name == name }?.value }

    /// A field that must be there.
    package func required<Value>(_ name: String, _ read: (String) throws(JSONError) -> Value?) throws(JSONError) -> Value {
        guard let value = try read(name) else { throw JSONError("field \(path)\(name) is missing", at: offset) }
        return value
    }

    package func string(_ name: String) throws(JSONError) -> String? {
        guard let node = node(name) else { return nil }
        guard case .string(let string) = node.content else { throw wrong(name, "no string", node) }
        return string
    }

    package func reference(_ name: String) throws(JSONError) -> Reference? {
        guard let text = try string(name) else { return nil }
        do { return try Reference.parse(text) } catch { throw wrong(name, "no reference: \(error)") }
    }

    /// A user or a group.
    package func principal(_ name: String) throws(JSONError) -> Principal? {
        guard let text = try string(name) else { return nil }
        guard let principal = Principal(notation: text) else {
            throw wrong(name, "neither a user, such as uid:1001, nor a group, such as gid:100")
        }
        return principal
    }

    package func rights(_ name: String) throws(JSONError) -> Rights? {
        guard let text = try string(name) else { return nil }
        guard let rights = Rights(notation: text) else {
            throw wrong(name, "neither none nor some of \(Rights.words.map(\.word).joined(separator: ", ")), with commas between")
        }
        return rights
    }

    package func flag(_ name: String) throws(JSONError) -> Bool? {
        guard let node = node(name) else { return nil }
        guard case .flag(let flag) = node.content else { throw wrong(name, "neither true nor false", node) }
        return flag
    }

    /// A number from 0 to `greatest`.
    package func number(_ name: String, to greatest: Int64) throws(JSONError) -> Int64? {
        guard let node = node(name) else { return nil }
        guard case .integer(let number?) = node.content, 0 <= number, number <= greatest else {
            throw wrong(name, "no number from 0 to \(greatest)", node)
        }
        return number
    }

    /// One of the words of `Word`.
    package func word<Word: RawRepresentable & CaseIterable>(
        _ name: String, as type: Word.Type
    ) throws(JSONError) -> Word? where Word.RawValue == String {
        guard let node = node(name) else { return nil }
        guard case .string(let string) = node.content, let word = Word(rawValue: string) else {
            throw wrong(name, "none of \(Word.allCases.map(\.rawValue).joined(separator: ", "))", node)
        }
        return word
    }

    /// The elements of an array, each with how a message names it.
    package func elements(_ name: String) throws(JSONError) -> [(path: String, node: JSONNode)]? {
        guard let node = node(name) else { return nil }
        guard case .array(let elements) = node.content else { throw wrong(name, "no array", node) }
        return elements.enumerated().map { ("\(path)\(name)[\($0.offset)].", $0.element) }
    }

    /// The result of `read` on a field.
    package func value<Value>(
        _ name: String, _ read: (JSONNode, _ path: String) throws(JSONError) -> Value
    ) throws(JSONError) -> Value? {
        guard let node = node(name) else { return nil }
        return try read(node, "\(path)\(name).")
    }

    /// The error that says that a field is not what it must be.
    package func wrong(_ name: String, _ problem: String) -> JSONError {
        wrong(name, problem, node(name) ?? JSONNode(content: .null, offset: offset))
    }

    private func wrong(_ name: String, _ problem: String, _ node: JSONNode) -> JSONError {
        JSONError("field \(path)\(name) is \(problem)", at: node.offset)
    }
}
