// SPDX-License-Identifier: MIT

import Linux
import Masking
import TestSupport

/// Values by number, as tests have them: nothing here is a secret.
func masked(_ values: [[UInt8]]) throws -> MaskedValues {
    var ranges: [MaskedValue] = []
    var all: [UInt8] = []
    for (number, value) in values.enumerated() {
        ranges.append(MaskedValue(name: bytes("V\(number)"), range: all.count..<all.count + value.count))
        all += value
    }
    return try MaskedValues(ranges, in: unsafe all.span.bytes)
}

func masked(_ values: String...) throws -> MaskedValues { try masked(values.map(bytes)) }

extension MaskedValues {
    /// What comes out of a stream that comes in these chunks.
    func output(_ chunks: [ArraySlice<UInt8>], releasing: Bool = false) throws -> [UInt8] {
        var masker = try Masker(self)
        var output: [UInt8] = []
        for chunk in chunks {
            let chunk = Array(chunk)
            masker.take(unsafe chunk.span.bytes) { output += copy($0) }
            if releasing { masker.release { output += copy($0) } }
        }
        masker.finish { output += copy($0) }
        return output
    }

    func output(_ text: [UInt8]) throws -> [UInt8] { try output([text[...]]) }

    func output(_ text: String) throws -> String { string(try output(bytes(text))) }
}

func copy(_ bytes: RawSpan) -> [UInt8] { unsafe bytes.withUnsafeBytes { unsafe Array($0) } }

extension [UInt8] {
    func has(_ other: [UInt8]) -> Bool {
        guard let first = other.first, count >= other.count else { return other.isEmpty }
        return (0...count - other.count).contains { self[$0] == first && self[$0..<$0 + other.count].elementsEqual(other) }
    }
}
