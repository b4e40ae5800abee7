// SPDX-License-Identifier: MIT

import Foundation
import Linux
import TestSupport
import Testing

@testable import Masking

@Suite struct LongValueTests {
    private func random(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = Seeded(seed)
        return (0..<count).map { _ in UInt8(random.below(256)) }
    }

    private func chunks(_ text: [UInt8], _ size: Int) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: text.count, by: size).map { text[$0..<min($0 + size, text.count)] }
    }

    @Test(arguments: [16_384, 16_385, 20_000, 20_032])
    func `at the limit`(length: Int) throws {
        let value = random(length, seed: UInt64(length)).map { $0 | 0x80 }
        let values = try masked([value, bytes("s3cret")])
        #expect(values.long.map(string) == (length > 16_384 ? ["V0"] : []))
        let text = bytes("<s3cret ") + value + bytes(" s3cret>") + value.dropLast() + bytes("\n")
        let whole = try values.output(text)
        #expect(whole.starts(with: bytes("<*** *** ***>")))
        #expect(whole.count < 13 + (length > 16_384 ? 80 : length + 1))
        for size in [1000, 8192, 9001] { #expect(try values.output(chunks(text, size)) == whole) }
    }

    @Test func `in all forms`() throws {
        let value = random(17_000, seed: 41)
        let values = try masked([value])
        let percent = value.flatMap { bytes("%" + ($0 < 16 ? "0" : "") + String($0, radix: 16)) }
        #expect(try values.output(bytes("<") + percent + bytes(">")) == bytes("<***>"))
        let octal = value.flatMap { bytes("\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16)) }
        #expect(try values.output(bytes("<") + octal + bytes(">")) == bytes("<***>"))
        let wrapped = bytes(Data(value).base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed]))
        // A line end between two blocks is in neither.
        let output = try values.output(wrapped)
        #expect(output.allSatisfy { bytes("*\n=").contains($0) } && output.count < 50)
        #expect(try values.output(chunks(wrapped, 777)) == output)
    }

    @Test func `parts of it`() throws {
        let lines = (0..<400).map { Data(random(48, seed: UInt64($0))).base64EncodedString() }
        let value = bytes(lines.joined(separator: "\n") + "\n")
        let values = try masked([value])
        #expect(values.long.count == 1)
        #expect(try values.output("a " + lines[7] + "\r\nb " + lines[399] + "\n") == "a ***\r\nb ***\n")
        #expect(try values.output(lines.joined(separator: "\r\n")) == "***")
        #expect(try values.output(Array(value[640..<703])) == Array(value[640..<703]))
        #expect(try values.output(Array(value[640..<704])) == bytes("***"))
    }

    @Test func `same bytes`() throws {
        let values = try masked([[UInt8](repeating: 0, count: 20_000), [UInt8](repeating: 7, count: 16_000)])
        #expect(try values.output([UInt8](repeating: 0, count: 70_000)) == bytes("***"))
        #expect(try values.output([UInt8](repeating: 7, count: 40_000)) == bytes("***"))
        #expect(try values.output([UInt8](repeating: 0, count: 63)) == [UInt8](repeating: 0, count: 63))
    }

    /// Where there is much to mask, the longest are found by blocks, and memory stays in bounds.
    @Test func `many values`() throws {
        let all = (0..<60).map { random(3000 + $0, seed: UInt64($0)) }
        let values = try masked(all + [bytes("s3cret")])
        #expect(values.long.count > 10 && values.long.count < 60)
        #expect(values.long.last.map(string) == "V59")
        #expect(values.memory < 4 << 20)
        let text = all.flatMap { $0 + bytes(" ") }
        #expect(string(try values.output(text)) == String(repeating: "*** ", count: 60))
    }

    @Test func `a mebibyte takes little`() throws {
        let values = try masked([random(1 << 20, seed: 42)])
        #expect(values.memory < 2 << 20)
    }
}
