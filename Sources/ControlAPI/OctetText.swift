// SPDX-License-Identifier: MIT

internal import Bytes

/// Names of any bytes in JSON, which has only text: as they are where they are UTF-8, else percent-encoded beside.
package enum OctetText {
    /// The text of a name; bytes that are no UTF-8 are shown as U+FFFD.
    package static func shown(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }

    /// The field `encoded`: nil where the text is exact.
    package static func encoded(_ name: [UInt8]) -> String? {
        Array(shown(name).utf8) == name ? nil : Percent.encode(name)
    }

    /// The name that the fields `name` and `encoded` say; nil if `encoded` is malformed.
    package static func name(_ text: String, encoded: String?) -> [UInt8]? {
        guard let encoded else { return Array(text.utf8) }
        return Percent.decode(encoded)
    }
}
