// SPDX-License-Identifier: MIT

internal import Bytes

/// Why a reference was refused.
package struct ReferenceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The rule that a text breaks.
    package enum Problem: Equatable, Sendable {
        case empty
        case tooLong
        case nul
        /// A component longer than a file name can be.
        case componentTooLong
        /// A component `.` or `..`: a reference has one meaning wherever it is used.
        case dots
    }

    package let problem: Problem
    /// Where in the text, in bytes from its start.
    package let offset: Int

    package var description: String {
        switch problem {
        case .empty: "a reference can't be empty"
        case .tooLong: "the reference is longer than \(Reference.maximumLength) bytes"
        case .nul: "the reference has a NUL byte at offset \(offset)"
        case .componentTooLong:
            "the reference has a name longer than \(Name.maximumLength) bytes at offset \(offset)"
        case .dots: "the reference has a '.' or '..' at offset \(offset)"
        }
    }
}

/// A path in the tree as people write it: `secret:acme/web/db/vars/PASSWORD`, `acme/web`, `/user/mail`, `/`.
///
/// As in any path, slashes at the start, at the end or doubled mean nothing. Whether the names fit the places where
/// they stand is for the tree to say; `user` is kept as it is, since whose home it means depends on the caller.
package struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// The longest reference, in bytes (`PATH_MAX`).
    package static let maximumLength = 4096

    /// The names on the way from the root, none empty. No component: the root itself.
    package let components: [[UInt8]]

    /// A reference to what is at the end of these names, which are taken as they are.
    package init(components: [[UInt8]]) { self.components = components }

    /// Reads a reference, with or without `secret:` or `tacit://` in front.
    package static func parse(_ text: RawSpan) throws(ReferenceError) -> Reference {
        if text.byteCount > maximumLength { throw ReferenceError(problem: .tooLong, offset: maximumLength) }
        let path = schemeLength(text)..<text.byteCount
        if path.isEmpty { throw ReferenceError(problem: .empty, offset: path.lowerBound) }
        var components: [[UInt8]] = []
        var start = path.lowerBound
        for offset in path.lowerBound...path.upperBound {
            let byte = text.byte(at: offset)
            if byte == 0 { throw ReferenceError(problem: .nul, offset: offset) }
            guard byte == nil || byte == UInt8(ascii: "/") else { continue }
            if offset > start {
                let component = text.publicBytes(start..<offset)
                if component.count > Name.maximumLength {
                    throw ReferenceError(problem: .componentTooLong, offset: start)
                }
                if Name.isDots(component) { throw ReferenceError(problem: .dots, offset: start) }
                components.append(component)
            }
            start = offset + 1
        }
        return Reference(components: components)
    }

    /// Reads a reference, with or without `secret:` or `tacit://` in front.
    package static func parse(_ text: [UInt8]) throws(ReferenceError) -> Reference {
        // Safe: bytes have no padding.
        try parse(unsafe text.span.bytes)
    }

    /// Reads a reference, with or without `secret:` or `tacit://` in front.
    package static func parse(_ text: String) throws(ReferenceError) -> Reference {
        try parse(Array(text.utf8))
    }

    /// The path without prefix and needless slashes, exactly; `/` for the root. With `secret:` in front it is read as the
    /// same reference; without, too, unless its first name begins with a scheme, as that of no organization does.
    package var bytes: [UInt8] {
        components.isEmpty ? [UInt8(ascii: "/")] : Array(components.joined(separator: [UInt8(ascii: "/")]))
    }

    /// The path for messages. Bytes that are not UTF-8 are shown as U+FFFD: use `bytes` where it must be exact.
    package var description: String { String(decoding: bytes, as: UTF8.self) }

    private static let schemes = [Array("secret:".utf8), Array("tacit://".utf8)]

    /// The length of the scheme that a text begins with: 0 for none.
    private static func schemeLength(_ text: RawSpan) -> Int {
        schemes.first { scheme in scheme.indices.allSatisfy { text.byte(at: $0) == scheme[$0] } }?.count ?? 0
    }

    /// The same of a word; one with a scheme names the same from everywhere.
    package static func schemeLength(_ text: [UInt8]) -> Int { schemes.first { text.starts(with: $0) }?.count ?? 0 }
}
