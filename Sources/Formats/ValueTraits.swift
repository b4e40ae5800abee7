// SPDX-License-Identifier: MIT

internal import Bytes
internal import Secrets

/// The traits of a value that some reader can't take. They tell kinds of bytes, no bytes.
struct ValueTraits {
    let isUTF8: Bool
    let length: Int
    private let found: Set<Trait>

    private enum Trait {
        case lineFeed, carriageReturn, nul, singleQuote, dollar, backquote, doubleQuote, backslash
        case dollarBrace, doubleBackslash, endsWithBackslash, endsWithCarriageReturn
    }

    init(_ value: RawSpan) {
        var scan = UTF8Scan()
        var isUTF8 = true
        var found: Set<Trait> = []
        var before: UInt8?
        for index in 0..<value.byteCount {
            guard let byte = value.byte(at: index) else { break }
            if !scan.take(byte) { isUTF8 = false }
            switch byte {
            case UInt8(ascii: "\n"): found.insert(.lineFeed)
            case UInt8(ascii: "\r"): found.insert(.carriageReturn)
            case 0: found.insert(.nul)
            case UInt8(ascii: "'"): found.insert(.singleQuote)
            case UInt8(ascii: "$"): found.insert(.dollar)
            case UInt8(ascii: "`"): found.insert(.backquote)
            case UInt8(ascii: "\""): found.insert(.doubleQuote)
            case UInt8(ascii: "\\"):
                found.insert(.backslash)
                if before == byte { found.insert(.doubleBackslash) }
            case UInt8(ascii: "{") where before == UInt8(ascii: "$"): found.insert(.dollarBrace)
            default: break
            }
            before = byte
        }
        if before == UInt8(ascii: "\\") { found.insert(.endsWithBackslash) }
        if before == UInt8(ascii: "\r") { found.insert(.endsWithCarriageReturn) }
        self.isUTF8 = isUTF8 && scan.isBetween
        self.found = found
        length = value.byteCount
    }

    var hasNUL: Bool { found.contains(.nul) }
    var hasLineFeed: Bool { found.contains(.lineFeed) }
    var endsWithCarriageReturn: Bool { found.contains(.endsWithCarriageReturn) }

    /// Why readers of dotenv don't agree on the value as `EnvText` writes it; nil if python-dotenv, node and a shell read the same.
    var dotenvProblem: String? {
        if !isUTF8 { return "its value is no UTF-8" }
        if found.contains(.carriageReturn) { return "its value has a carriage return" }
        if found.contains(.dollarBrace) { return "its value has ${" }
        if found.contains(.singleQuote) {
            let others = found.intersection([.dollar, .backquote, .doubleQuote, .backslash])
            return others.isEmpty ? nil : "its value has ' together with $, `, \" or \\"
        }
        if found.contains(.doubleBackslash) { return "its value has \\\\" }
        if found.contains(.endsWithBackslash) { return "its value ends with \\" }
        return nil
    }
}
