// SPDX-License-Identifier: MIT

internal import Bytes

/// The id of something deleted: the UUID of its node, which keeps it when it is restored.
package struct DeletedID: Hashable, Sendable, CustomStringConvertible {
    /// 16 bytes.
    package let uuid: [UInt8]

    /// The id of a node. `uuid` is 16 bytes.
    package init(uuid: [UInt8]) { self.uuid = uuid }

    /// Reads the form of RFC 9562, section 4: 36 characters, hexadecimal digits in either case. Nil for any other text.
    package init?(_ text: [UInt8]) {
        let groups = text.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard groups.map(\.count) == [8, 4, 4, 4, 12], let uuid = Hex.bytes(groups.joined()) else { return nil }
        self.uuid = uuid
    }

    /// The same form, in small letters.
    package var description: String {
        var text: [UInt8] = []
        for (index, byte) in uuid.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text += Hex.text([byte])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
