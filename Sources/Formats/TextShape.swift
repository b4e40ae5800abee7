// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux
internal import Secrets

/// Taking a document apart by what its fields must be. Fields are told by their names in the source, and never by what the text says,
/// which may be a value that slipped.
struct TextShape: ~Copyable {
    var scalars: LockedBuffer

    init(_ scalars: consuming LockedBuffer) {
        self.scalars = scalars
    }

    func fields(of node: TextNode, _ what: String) throws(FormatError) -> [TextField] {
        guard case .mapping(let fields) = node.content else { throw .malformed(node.place, "\(what) must have named fields") }
        return fields
    }

    /// The elements of a list; of an empty value, none.
    func elements(of node: TextNode, _ what: String) throws(FormatError) -> [TextNode] {
        if isNothing(node) { return [] }
        guard case .sequence(let elements) = node.content else { throw .malformed(node.place, "\(what) must be a list") }
        return elements
    }

    func scalar(of node: TextNode, _ what: String) throws(FormatError) -> Range<Int> {
        guard case .scalar(let range, _) = node.content else { throw .malformed(node.place, "\(what) must be a string") }
        guard !isNothing(node) else {
            throw .malformed(node.place, "\(what) is missing: \"\" is the empty string")
        }
        return range
    }

    /// The bytes of a scalar that is no value, such as a name, of at most `limit` bytes.
    func name(of node: TextNode, _ what: String, limit: Int = 4096) throws(FormatError) -> [UInt8] {
        let range = try scalar(of: node, what)
        guard range.count <= limit else { throw .malformed(node.place, "\(what) is longer than \(limit) bytes") }
        return scalars.withBytes { $0.publicBytes(range) }
    }

    /// Whether the field has this name.
    func isNamed(_ field: TextField, _ name: String) -> Bool { holds(field.key, name) }

    func holds(_ range: Range<Int>, _ text: String) -> Bool {
        guard range.count == text.utf8.count else { return false }
        return scalars.withBytes { bytes in zip(range, text.utf8).allSatisfy { bytes.byte(at: $0) == $1 } }
    }

    /// Whether it is what YAML writes for nothing: `~`, `null`, or no text at all.
    func isNothing(_ node: TextNode) -> Bool {
        guard case .scalar(let range, true) = node.content else { return false }
        return range.isEmpty || ["~", "null", "Null", "NULL"].contains { holds(range, $0) }
    }

    /// Adds what the base64 of a scalar stands for.
    mutating func decode(_ range: Range<Int>, at place: TextPlace, _ what: String, to values: inout LockedBuffer) throws(FormatError)
        -> Range<Int>
    {
        let start = values.count
        let isBase64 = try scalars.withBytes { bytes throws(FormatError) in
            try Base64.decode(bytes.extracting(range)) { byte throws(FormatError) in try values.add(byte) }
        }
        guard isBase64 else { throw .malformed(place, "\(what) is no base64") }
        return start..<values.count
    }

    /// Adds a scalar as it is.
    mutating func copy(_ range: Range<Int>, to values: inout LockedBuffer) throws(FormatError) -> Range<Int> {
        let start = values.count
        try scalars.withBytes { bytes throws(FormatError) in try values.add(bytes.extracting(range)) }
        return start..<values.count
    }

    /// The notices about values that ` #` ended.
    static func notices(cut names: [[UInt8]]) -> [Notice] {
        guard !names.isEmpty else { return [] }
        return [
            Notice(
                "in YAML # after a blank begins a comment, and what follows it is no part of the value of \(Notice.list(names))",
                hint: "a value in quotes has it all")
        ]
    }
}
