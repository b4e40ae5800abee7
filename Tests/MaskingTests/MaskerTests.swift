// SPDX-License-Identifier: MIT

import Masking
import TestSupport
import Testing

@Suite struct MaskerTests {
    @Test(arguments: [
        ("the s3cret is s3cret.", "the *** is ***."), ("s3crets3cret", "***"), ("s3cre", "s3cre"), ("s3cres3cret", "s3cre***"), ("", ""),
        ("s3cret", "***"), ("ss3cret3cret", "s***3cret"), ("s3cret\n", "***\n"),
        ("\u{1b}[1;32ms3cret\u{1b}[0m$ ", "\u{1b}[1;32m***\u{1b}[0m$ "),
        ("50 %\r51 %\r", "50 %\r51 %\r"), ("100%", "100%"), ("a\\", "a\\"), ("it's '", "it's '"), ("\r\r\r\n\r", "\r\r\r\n\r"),
    ])
    func `as it is`(text: String, expected: String) throws {
        #expect(try masked("s3cret").output(text) == expected)
    }

    @Test(arguments: [
        // One a beginning, an end or a part of another.
        (["abcd", "abcdefgh"], "abcd abcdefg abcdefgh", "*** ***efg ***"), (["efgh", "abcdefgh"], "abcdefgh efgh defgh", "*** *** d***"),
        (["cdef", "abcdefgh"], "abcdefgx abcdefgh", "ab***gx ***"),
        // What overlaps is masked as one, and so is what touches.
        (["abcdef", "defghi"], "xabcdefghiy", "x***y"), (["abcd", "efgh"], "xabcdefghy", "x***y"),
        (["abcdexyz", "bcde"], "abcdexy abcdexyz", "a***xy ***"), (["abcabcabd"], "abcabcabcabd", "abc***"),
        // One byte again and again.
        (["aaaa"], "aaa aaaa aaaaaaaaa", "aaa *** ***"), (["aaaaaa", "aaaab"], "aaaaab aaaaaaab aaab", "a*** *** aaab"),
        (["    "], "a    b   ", "a    b   "), ([" \t \n  "], "a \t \n  b", "a \t \n  b"),
    ])
    func `several values`(values: [String], text: String, expected: String) throws {
        #expect(try masked(values.map(bytes)).output(text) == expected)
    }

    @Test func `short values are left out`() throws {
        let values = try masked("abc", "abcd", "", "a\r\nb", "ab\n\n", "\n\n\n\n\n")
        #expect(values.tooShort.map(string) == ["V0", "V2", "V3", "V4", "V5"])
        #expect(try values.output("abc abcd") == "abc ***")
        #expect(try masked([]).output("anything") == "anything")
    }

    @Test func `line ends are alike`() throws {
        for value in ["one and\ntwo\n", "one and\r\ntwo", "one and\r\ntwo\r\n", "one and\r\r\ntwo\r"] {
            let values = try masked(value)
            for end in ["\n", "\r\n", "\r\r\n"] { #expect(try values.output("<one and\(end)two\(end)>") == "<***\(end)>") }
            #expect(try values.output("one and\rtwo") == "***\rtwo")
        }
        #expect(try masked("one\rtwo").output("one\rtwo\r\n") == "***\r\n")
    }

    @Test func `lines of a value`() throws {
        let key = "-----BEGIN KEY-----\nMIIBVgIBADANBgkq\n  indented line\t\r\n\n}\n  },\n----\n====\nabc\nlast\n-----END KEY-----\n"
        let values = try masked(key)
        #expect(try values.output("x" + key + "x") == "x***\nx")
        #expect(try values.output("MIIBVgIBADANBgkq") == "***")
        #expect(try values.output("    indented line!") == "    ***!")
        #expect(try values.output("last") == "***")
        for line in ["-----BEGIN KEY-----", "}", "},", "  },", "----", "====", "abc", "-----END KEY-----"] {
            #expect(try values.output(line + "\n") == line + "\n")
        }
        // A value of one line counts whatever it is.
        #expect(try masked("----", "-----BEGIN KEY-----", "{[]}").output("---- {[]} -----BEGIN KEY-----") == "*** *** ***")
        // Without blanks and line ends of the beginning, too.
        #expect(try masked("\n\n  word\n").output("word") == "***")
    }

    @Test func `binary values`() throws {
        let value: [UInt8] = [0, 0xFF, 0x80, 0, 0x0D, 0x1B, 0xC3, 0]
        let values = try masked([value])
        #expect(try values.output([0, 0] + value + [0xC3]) == [0] + bytes("\u{0}***") + [0xC3])
        #expect(try values.output(Array(value.dropLast())) == value.dropLast())
        let all = (0...255).map { UInt8($0) }
        #expect(try masked([all]).output([7] + all + all + [7]) == [7] + bytes("***") + [7])
        #expect(try values.output(all) == all)
    }

    /// Values that are made of two letters, so that they overlap in all ways, against a search that tries every place.
    @Test func `agrees with trying all`() throws {
        var random = Seeded(11)
        for _ in 0..<300 {
            let letters = random.chance(50) ? bytes("ab") : bytes("abc")
            let words = (0..<1 + random.below(6)).map { _ in
                (0..<4 + random.below(random.chance(20) ? 20 : 5)).map { _ in random.pick(letters) }
            }
            let text = (0..<random.below(200)).map { _ in random.pick(letters) }
            var covered = [Bool](repeating: false, count: text.count)
            for word in words where text.count >= word.count {
                for start in 0...text.count - word.count where text[start..<start + word.count].elementsEqual(word) {
                    for index in start..<start + word.count { covered[index] = true }
                }
            }
            var expected: [UInt8] = []
            for index in text.indices {
                if !covered[index] { expected.append(text[index]) } else if index == 0 || !covered[index - 1] { expected += bytes("***") }
            }
            let values = try masked(words)
            #expect(try values.output(text) == expected)
            #expect(try values.output(text.map { [$0] }) == expected)
        }
    }

    /// Text in which no value is stays byte for byte.
    @Test func `other text stays`() throws {
        var random = Seeded(12)
        let values = try masked((0..<50).map { _ in (0..<12).map { _ in UInt8(random.below(256)) } })
        let texts = NastyValues.text + NastyValues.binary + NastyValues.random(300, seed: 13, binary: true)
        for text in texts { #expect(try values.output(text) == text) }
        #expect(try values.output(texts.map { $0[...] }) == texts.flatMap { $0 })
    }

    @Test func `values after one another`() throws {
        let all = NastyValues.text.filter { $0.count > 4 && $0.count < 200 && $0.last != 0x0A && $0.last != 0x0D }
        let values = try masked(all)
        for value in all { #expect(try values.output(bytes("\u{1}") + value + bytes("\u{2}")) == bytes("\u{1}***\u{2}"), "\(value)") }
        let output = try values.output(all.flatMap { $0 + [1] })
        for value in all { #expect(!output.has(value), "\(value)") }
    }

    @Test func `too much is refused`() throws {
        let large = [UInt8](repeating: 7, count: MaskedValues.mostMemory)
        #expect(throws: MaskError.tooLarge(MaskedValues.mostMemory)) { try masked([large]) }
        // So many values that are too short for blocks.
        var random = Seeded(14)
        let many = (0..<12_000).map { _ in (0..<200).map { _ in UInt8(random.below(256)) } }
        #expect {
            try masked(many)
        } throws: {
            if case .tooLarge(let needed)? = $0 as? MaskError { needed > MaskedValues.mostMemory } else { false }
        }
    }
}
