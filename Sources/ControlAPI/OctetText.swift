/// Names of any bytes in JSON, which has only text: as they are where they are UTF-8, else percent-encoded beside.
package enum OctetText {
    /// The text of a name; bytes that are no UTF-8 are shown as U+FFFD.
    package static func shown(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }

    /// The field `encoded`: nil where the text is exact.
    package static func encoded(_ name: [UInt8]) -> String? {
        Array(shown(name).utf8) == name ? nil : encode(name)
    }

    /// The name that the fields `name` and `encoded` say; nil if `encoded` is malformed.
    package static func name(_ text: String, encoded: String?) -> [UInt8]? {
        guard let encoded else { return Array(text.utf8) }
        return decode(encoded)
    }

    /// Every byte but the unreserved characters of RFC 3986 and `/` as `%XX`.
    package static func encode(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            if isPlain(byte) {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// What `encode` was given, also if it had left other characters as they were; nil for a `%` without two digits.
    package static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
