// SPDX-License-Identifier: MIT

/// The bytes of a row that are sealed or signed: a label, then every field with its length in front,
/// so that no two different rows have the same bytes.
///
/// Integers are 8 bytes, little-endian; byte strings have an 8-byte length in front; an absent string has length 2^64-1.
struct CanonicalBytes {
    private(set) var bytes: [UInt8]

    init(label: StaticString, capacity: Int = 192) {
        bytes = []
        bytes.reserveCapacity(capacity)
        let text = String(describing: label)
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
    }

    mutating func add(_ value: Int64) {
        var rest = UInt64(bitPattern: value)
        for _ in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    mutating func add(_ field: [UInt8]?) {
        guard let field else { return add(-1) }
        add(Int64(field.count))
        bytes.append(contentsOf: field)
    }
}
