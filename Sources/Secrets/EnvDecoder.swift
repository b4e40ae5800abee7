// SPDX-License-Identifier: MIT

/// Takes the quotes off a value, byte by byte.
struct EnvDecoder: Sendable {
    private enum State: Sendable {
        case bare, between, escaped, single, double, doubleEscaped
    }

    private var state: State

    init(_ quoting: EnvText.Quoting) { state = quoting == .bare ? .bare : .between }

    /// After a quoted part: the value may end here.
    var isBetween: Bool { state == .between }
    /// After a `\` outside of quotes.
    var isEscaped: Bool { state == .escaped }
    var isSingle: Bool { state == .single }
    var isDouble: Bool { state == .double }
    /// After a `\` in double quotes.
    var isDoubleEscaped: Bool { state == .doubleEscaped }
    var isInQuotes: Bool { isSingle || isDouble || isDoubleEscaped }

    /// The bytes that the next byte stands for: none, one or two.
    mutating func decode(_ byte: UInt8) -> (first: UInt8?, second: UInt8?) {
        switch state {
        case .bare: return (byte, nil)
        case .between:
            switch byte {
            case UInt8(ascii: "'"): state = .single
            case UInt8(ascii: "\""): state = .double
            default: state = .escaped
            }
            return (nil, nil)
        case .escaped:
            state = .between
            return (byte, nil)
        case .single:
            if byte == UInt8(ascii: "'") {
                state = .between
                return (nil, nil)
            }
            return (byte, nil)
        case .double:
            switch byte {
            case UInt8(ascii: "\""): state = .between
            case UInt8(ascii: "\\"): state = .doubleEscaped
            default: return (byte, nil)
            }
            return (nil, nil)
        case .doubleEscaped:
            state = .double
            switch byte {
            case UInt8(ascii: "$"), UInt8(ascii: "`"), UInt8(ascii: "\""), UInt8(ascii: "\\"): return (byte, nil)
            case UInt8(ascii: "\n"): return (nil, nil)
            default: return (UInt8(ascii: "\\"), byte)
            }
        }
    }
}
