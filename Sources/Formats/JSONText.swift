internal import Linux
internal import Secrets

/// Writes variables as one object of strings, a line each (RFC 8259).
enum JSONText {
    static func write(_ items: [Item], _ values: RawSpan, to text: inout LockedBuffer) throws(FormatError) {
        try text.add("{")
        for (index, item) in items.enumerated() {
            let value = values.extracting(item.value)
            guard ValueTraits(value).isUTF8 else {
                throw .cannotHold(
                    item: item.name, format: .json, reason: "its value is no UTF-8, and JSON is text",
                    instead: "--format k8s holds any bytes, as base64")
            }
            try text.add(index == 0 ? "\n  " : ",\n  ")
            // A variable's name needs no escapes.
            try text.add("\"")
            try text.add(item.name)
            try text.add("\": ")
            try write(string: value, to: &text)
        }
        try text.add(items.isEmpty ? "}\n" : "\n}\n")
    }

    /// Writes a string, which is UTF-8, with its quotes.
    static func write(string: RawSpan, to text: inout LockedBuffer) throws(FormatError) {
        try text.add("\"")
        for offset in 0..<string.byteCount {
            if let byte = string.byte(at: offset) { try write(byte, to: &text) }
        }
        try text.add("\"")
    }

    /// "All Unicode characters may be placed within the quotation marks, except for the characters that MUST be escaped: quotation
    /// mark, reverse solidus, and the control characters (U+0000 through U+001F)" (RFC 8259, 7).
    private static func write(_ byte: UInt8, to text: inout LockedBuffer) throws(FormatError) {
        switch byte {
        case UInt8(ascii: "\""): try text.add("\\\"")
        case UInt8(ascii: "\\"): try text.add("\\\\")
        case UInt8(ascii: "\n"): try text.add("\\n")
        case UInt8(ascii: "\r"): try text.add("\\r")
        case UInt8(ascii: "\t"): try text.add("\\t")
        case 0x00...0x1F:
            try text.add(byte < 0x10 ? "\\u000" : "\\u001")
            let digit = byte & 15
            try text.add(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        default: try text.add(byte)
        }
    }
}
