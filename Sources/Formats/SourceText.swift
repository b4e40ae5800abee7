// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux
internal import Secrets

/// A text of any format, before a reader looks at it.
enum SourceText {
    /// Where the text begins: after a byte order mark, which some editors write and which means nothing, since only UTF-8 is taken. Throws
    /// `unfit` for UTF-16, with a mark or without one.
    static func start(of text: RawSpan) throws(FormatError) -> Int {
        let first = text.byte(at: 0)
        let second = text.byte(at: 1)
        // Neither byte is in UTF-8; a character of ASCII in UTF-16 is a byte and NUL.
        if (first, second) == (0xFF, 0xFE) || (first, second) == (0xFE, 0xFF) || first == 0 || second == 0 {
            throw .unfit("it is UTF-16, and UTF-8 is taken: iconv -f UTF-16 -t UTF-8 makes it that")
        }
        return first == 0xEF && second == 0xBB && text.byte(at: 2) == 0xBF ? 3 : 0
    }

    /// Whether it is JSON: its first byte that is no white space is `{`.
    static func isJSON(_ text: RawSpan) -> Bool {
        let first = (0..<text.byteCount).first { index in
            switch text.byte(at: index) {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): false
            default: true
            }
        }
        return first.flatMap { text.byte(at: $0) } == UInt8(ascii: "{")
    }

    /// The documents of a text in YAML or JSON. Scalars are added to `scalars`.
    static func documents(_ text: borrowing LockedBuffer, _ scalars: inout LockedBuffer) throws(FormatError) -> [TextNode] {
        try text.withBytes { text throws(FormatError) in
            let text = text.extracting(droppingFirst: try start(of: text))
            return isJSON(text) ? [try JSONDocument.read(text, &scalars)] : try YAML.documents(text, &scalars)
        }
    }
}

/// The forms of encrypted values of other programs.
enum Ciphertext {
    /// Which program has encrypted a value, and what to do; nil for a value like any other.
    static func error(for value: RawSpan) -> FormatError? {
        if begins(value, "ENC[AES256_GCM,data:") { return sops }
        // dotenvx: a public key of secp256k1 and what is encrypted to it, in base64.
        if begins(value, "encrypted:"), value.byteCount >= 100 {
            return .ciphertext("dotenvx", instead: "dotenvx decrypt --stdout prints the file as it was")
        }
        return nil
    }

    static let sops = FormatError.ciphertext("SOPS", instead: "sops --decrypt prints the file as it was")

    private static func begins(_ value: RawSpan, _ prefix: StaticString) -> Bool {
        let prefix = unsafe RawSpan(_unsafeStart: prefix.utf8Start, byteCount: prefix.utf8CodeUnitCount)
        return value.byteCount >= prefix.byteCount && (0..<prefix.byteCount).allSatisfy { value.byte(at: $0) == prefix.byte(at: $0) }
    }
}
