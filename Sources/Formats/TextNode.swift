// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux
internal import Secrets

/// A node of a document, of YAML or of JSON. Scalars lie in a buffer beside, and are strings whatever they look like.
struct TextNode: Sendable {
    enum Content: Sendable {
        /// `isPlain`: not in quotes, and not as a block.
        case scalar(Range<Int>, isPlain: Bool)
        case sequence([TextNode])
        case mapping([TextField])
    }

    let content: Content
    /// Where it begins.
    let place: TextPlace
    /// Of a scalar of YAML without quotes: whether ` #`, which begins a comment, ended it.
    var isCut = false
}

/// A key of a mapping, a scalar, and what it has.
struct TextField: Sendable {
    let key: Range<Int>
    let place: TextPlace
    let value: TextNode
}

/// The keys of a mapping, to see that none is there twice. A key that no item can have as its name is compared where it lies.
struct TextKeys {
    private var short: Set<[UInt8]> = []
    private var long: [Range<Int>] = []

    /// False for one that was there before.
    mutating func insert(_ key: Range<Int>, _ scalars: borrowing LockedBuffer) -> Bool {
        guard key.count > Name.maximumLength else { return short.insert(scalars.withBytes { $0.publicBytes(key) }).inserted }
        let isKnown = scalars.withBytes { bytes in
            long.contains { other in other.count == key.count && zip(other, key).allSatisfy { bytes.byte(at: $0) == bytes.byte(at: $1) } }
        }
        long.append(key)
        return !isKnown
    }
}

/// How many characters of UTF-8 are before an offset, which only goes forward.
struct CharacterPosition {
    private(set) var offset = 0
    private var characters = 0

    mutating func move(to target: Int, in text: UnsafeRawBufferPointer) {
        while characters < target, offset < text.count {
            offset += 1
            while offset < text.count, unsafe text[offset] & 0xC0 == 0x80 { offset += 1 }
            characters += 1
        }
    }
}
