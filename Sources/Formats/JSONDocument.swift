// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux
internal import Secrets

/// Reads any JSON (RFC 8259) as the nodes that YAML gives, for formats that are written in both: YAML of any version has other escapes, and
/// other characters in its strings.
enum JSONDocument {
    /// The one value that is all of `text`. Strings are added to `scalars`.
    static func read(_ text: RawSpan, _ scalars: inout LockedBuffer) throws(FormatError) -> TextNode {
        var reader = JSONDocumentReader()
        return try reader.document(text, &scalars)
    }
}

private struct JSONDocumentReader {
    private var reader = JSONReader()
    private var nodes = 0

    mutating func document(_ text: RawSpan, _ scalars: inout LockedBuffer) throws(FormatError) -> TextNode {
        let node = try value(text, depth: 0, &scalars)
        reader.skip(text)
        guard reader.offset == text.byteCount else { throw .malformed(reader.place, "something after the value") }
        return node
    }

    private mutating func value(_ text: RawSpan, depth: Int, _ scalars: inout LockedBuffer) throws(FormatError) -> TextNode {
        nodes += 1
        guard nodes <= YAML.maximumNodes else { throw .tooLarge("it has more than \(YAML.maximumNodes) parts") }
        reader.skip(text)
        let place = reader.place
        guard depth < YAML.maximumDepth else { throw .malformed(place, "more than \(YAML.maximumDepth) levels") }
        switch text.byte(at: reader.offset) {
        case UInt8(ascii: "{"): return TextNode(content: .mapping(try object(text, depth, &scalars)), place: place)
        case UInt8(ascii: "["): return TextNode(content: .sequence(try array(text, depth, &scalars)), place: place)
        case UInt8(ascii: "\""): return TextNode(content: .scalar(try string(text, &scalars), isPlain: false), place: place)
        default: return TextNode(content: .scalar(try word(text, &scalars), isPlain: true), place: place)
        }
    }

    private mutating func object(_ text: RawSpan, _ depth: Int, _ scalars: inout LockedBuffer) throws(FormatError) -> [TextField] {
        var fields: [TextField] = []
        var keys = TextKeys()
        _ = reader.take("{", text)
        reader.skip(text)
        if reader.take("}", text) { return fields }
        repeat {
            reader.skip(text)
            let place = reader.place
            guard text.byte(at: reader.offset) == UInt8(ascii: "\"") else { throw .malformed(place, "no name in quotes where one must be") }
            let key = try string(text, &scalars)
            guard keys.insert(key, scalars) else { throw .malformed(place, "a key that was there before") }
            reader.skip(text)
            guard reader.take(":", text) else { throw .malformed(reader.place, "no ':' after a name") }
            fields.append(TextField(key: key, place: place, value: try value(text, depth: depth + 1, &scalars)))
            reader.skip(text)
        } while reader.take(",", text)
        guard reader.take("}", text) else { throw .malformed(reader.place, "neither ',' nor '}' after a value") }
        return fields
    }

    private mutating func array(_ text: RawSpan, _ depth: Int, _ scalars: inout LockedBuffer) throws(FormatError) -> [TextNode] {
        var elements: [TextNode] = []
        _ = reader.take("[", text)
        reader.skip(text)
        if reader.take("]", text) { return elements }
        repeat {
            elements.append(try value(text, depth: depth + 1, &scalars))
            reader.skip(text)
        } while reader.take(",", text)
        guard reader.take("]", text) else { throw .malformed(reader.place, "neither ',' nor ']' after a value") }
        return elements
    }

    private mutating func string(_ text: RawSpan, _ scalars: inout LockedBuffer) throws(FormatError) -> Range<Int> {
        let read: (Range<Int>, length: Int)
        do { read = try reader.string(text) } catch { throw FormatError(error) }
        let start = scalars.count
        try scalars.add(read.length) { _ = JSONObject.decode(read.0, from: text, into: &$0) }
        return start..<scalars.count
    }

    /// `true`, `false`, `null` or a number, which here need not be a right one: nothing takes a number.
    private mutating func word(_ text: RawSpan, _ scalars: inout LockedBuffer) throws(FormatError) -> Range<Int> {
        let start = scalars.count
        let place = reader.place
        while let byte = text.byte(at: reader.offset), byte.isLetter || byte.isDigit || [0x2B, 0x2D, 0x2E].contains(byte) {
            try scalars.add(byte)
            reader.pass()
        }
        guard scalars.count > start else { throw .malformed(place, "no value where one must be") }
        return start..<scalars.count
    }
}

extension JSONReader {
    /// Where the next byte is.
    fileprivate var place: TextPlace { TextPlace(line: line, column: column) }
}

extension FormatError {
    init(_ error: JSONObjectError) {
        self = .malformed(TextPlace(line: error.line, column: error.column), error.text)
    }
}
