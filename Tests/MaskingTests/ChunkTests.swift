// SPDX-License-Identifier: MIT

import Foundation
import Masking
import TestSupport
import Testing

/// What comes out doesn't depend on the borders between chunks.
@Suite struct ChunkTests {
    static let values = [
        "s3cret", "s3cr", "correct horse battery", "it's \"q\" \\ $5/é🔑", "one line\nand two\r\nand three\n", "aaaaaaaa", "p%40ss+word",
        "\rodd\r\rone",
    ].map(bytes)

    /// Outputs with values in all forms.
    static var corpus: [[UInt8]] {
        let json = #"{"a":"it's \"q\" \\ $5\/\u00e9\ud83d\uDD11","b":"one line\nand two\r\nand three\n","c":"\u0073\x33cre\164"}"#
        let url =
            "GET /?a=correct+horse%20battery&b=it%27s+%22q%22%20%5c%20%245%2F%C3%A9%f0%9f%94%91&p%2540ss%2Bword&p%40ss+word%&s3cr%65t%7"
        let shell = "+ A='it'\\''s \"q\" \\ $5/é🔑' B='it'\"'\"'s \"q\" \\ $5/é🔑' C=correct\\ horse\\ battery ''\\''\n"
        let lines = "one line\r\nand two\r\r\nand three\r\n\r\rodd\r\rone\r one line\nand twx aaaaaaaaaaaaaaaaaaa aaaaaaa\r"
        let colours = "\u{1b}[31ms3cret\u{1b}[0m s3c\u{1b}[0mret s3crs3crets3cre > "
        let encoded = values.flatMap { value in
            (0..<3).map { Data(bytes(String("x: ".prefix($0))) + value + bytes("yz".prefix($0).description)).base64EncodedString() }
        }
        let wrapped = Data(bytes("a longer text with correct horse battery in the middle of it, and s3cret\n")).base64EncodedString()
            .enumerated().map { $0.offset % 20 == 19 ? "\($0.element)\r\n  " : "\($0.element)" }.joined()
        let escaped = encoded.map { $0.replacing("/", with: "\\/").replacing("+", with: "%2B").replacing("=", with: "%3D") }
        let address = encoded.map { $0.replacing("/", with: "_").replacing("+", with: "-").replacing("=", with: "") }
        return [
            json, url, shell, lines, colours, encoded.joined(separator: " "), wrapped, escaped.joined(separator: "&"),
            address.joined(separator: "."),
        ]
        .map(bytes)
    }

    @Test(arguments: corpus.indices)
    func `borders make no difference`(index: Int) throws {
        let values = try masked(Self.values)
        let text = Self.corpus[index]
        let whole = try values.output(text)
        #expect(whole.has(bytes("***")))
        for border in text.indices {
            let output = try values.output([text[..<border], text[border...]])
            #expect(output == whole, "at \(border)")
        }
        #expect(try values.output(text.indices.map { text[$0...$0] }) == whole)
        var random = Seeded(UInt64(index))
        for _ in 0..<50 {
            var chunks: [ArraySlice<UInt8>] = []
            var start = 0
            while start < text.count {
                let end = min(text.count, start + random.below(9))
                chunks.append(text[start..<end])
                start = end
            }
            #expect(try values.output(chunks) == whole)
        }
    }

    /// None of the values is in any of the outputs, as it is or encoded.
    @Test func `nothing is left`() throws {
        let output = try Self.corpus.flatMap { try masked(Self.values).output($0) }
        #expect(string(output).components(separatedBy: "***").count > 60)
        let parts = ["s3cret", "s3cr ", "horse", "battery", "\"q\"", "one line", "aaaaaaaa", "%40", "Cgk", "\\u0", "ud83d", "%22", "odd"]
        for part in parts { #expect(!output.has(bytes(part)), "\(part)") }
        // Of each value in base64, what is the same at each place among others.
        for value in Self.values {
            for place in 0..<3 {
                let encoded = bytes(Data(repeating: 0, count: place).base64EncodedString().dropLast(0).description)
                let whole = bytes((Data(repeating: 0, count: place) + Data(value)).base64EncodedString()).dropFirst(encoded.isEmpty ? 0 : 4)
                #expect(!output.has(Array(whole.prefix(5))), "\(string(value))")
            }
        }
    }

    @Test func `long streams`() throws {
        let values = try masked(Self.values)
        var random = Seeded(21)
        var text: [UInt8] = []
        while text.count < 60_000 {
            text += random.chance(30) ? random.pick(Self.corpus) : (0..<100).map { _ in UInt8(32 + random.below(95)) }
        }
        let whole = try values.output(text)
        for size in [1, 77, 4095, 8192, 8193, 20_000] {
            let chunks = stride(from: 0, to: text.count, by: size).map { text[$0..<min($0 + size, text.count)] }
            #expect(try values.output(chunks) == whole, "\(size)")
        }
    }

    @Test(arguments: ["Password: ", "$ ", "login as correct", "(y/N) ", "50%", "C:\\", "it's '", "sudo s3c", "a/b", "...\r", "> c"])
    func `prompts appear`(prompt: String) throws {
        var masker = try Masker(try masked("s3cret", "correct horse"))
        var output: [UInt8] = []
        masker.take(unsafe bytes(prompt).span.bytes) { output += copy($0) }
        masker.release { output += copy($0) }
        let shown = prompt.hasSuffix("correct") ? "login as " : prompt
        #expect(string(output) == shown)
        #expect(masker.isHolding == (shown != prompt))
        masker.finish { output += copy($0) }
        #expect(string(output) == prompt)
    }

    /// However slowly a value comes, no more than three bytes of it are shown, or as much of it as three bytes are in base64.
    @Test func `slow values`() throws {
        for value in Self.values {
            let values = try masked([value])
            let encoded = bytes(Data(value).base64EncodedString())
            for text in [value, encoded] {
                let output = try values.output([bytes("<")[...]] + text.map { [$0] } + [bytes(">")[...]], releasing: true)
                #expect(output.has(bytes("***")))
                #expect(!output.has(Array(text.prefix(text == value ? 4 : 6))), "\(string(output))")
                for border in text.indices {
                    let output = try values.output([bytes("<") + text[..<border], text[border...]].map { $0[...] }, releasing: true)
                    #expect(!output.has(Array(text.prefix(text == value ? 4 : 6))))
                }
            }
        }
    }

    @Test func `releasing in the middle`() throws {
        let values = try masked("s3cret")
        #expect(string(try values.output(["a s3c", "ret b"].map { bytes($0)[...] }, releasing: true)) == "a s3c*** b")
        #expect(string(try values.output(["a s3cr", "et b"].map { bytes($0)[...] }, releasing: true)) == "a *** b")
        #expect(string(try values.output(["a s3cr", "xt b"].map { bytes($0)[...] }, releasing: true)) == "a s3crxt b")
    }
}
