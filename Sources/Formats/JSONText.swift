// SPDX-License-Identifier: MIT

internal import Bytes
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
            try JSONEscape.write(string.octet(offset), .short) { byte throws(FormatError) in try text.add(byte) }
        }
        try text.add("\"")
    }
}
