// SPDX-License-Identifier: MIT

/// The percent-encoding of RFC 3986, for bytes that are no text where only text can be: references in a query, names in JSON.
package enum Percent {
    /// Every byte but the unreserved characters of RFC 3986 and `/`, which a query may have as it is (section 3.4), as `%XX`.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            if byte.isLetterOrDigit || unreserved.contains(byte) {
                text.append(byte)
            } else {
                text.append(UInt8(ascii: "%"))
                // "For consistency, URI producers and normalizers should use uppercase hexadecimal digits" (section 2.1).
                for digit in [Hex.digit(byte >> 4), Hex.digit(byte)] { text.append(digit.isLetter ? digit - 0x20 : digit) }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that `encode` was given, also if it had left other characters as they were; nil for a `%` without two digits.
    package static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let pair = rest.prefix(2)
            guard pair.count == 2, let decoded = Hex.bytes(pair) else { return nil }
            bytes += decoded
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    private static let unreserved = Array("-._~/".utf8)
}
