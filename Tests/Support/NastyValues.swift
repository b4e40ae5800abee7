// SPDX-License-Identifier: MIT

/// Values that have hurt somebody, and random ones made of the same pieces.
package enum NastyValues {
    /// Of valid UTF-8.
    package static let text: [[UInt8]] =
        [
            "", " ", "\t", "\n", "\r", "\r\n", "'", "\"", "`", "$", "\\", "#", "~", "=", "!", ";", "&", "|", "<", ">",
            "(", ")", "{", "}", "[", "]", "*", "?", "^", "%", "+", ",", "-", ".", "/", ":", "@", "_", "0", "a", "Z",
            "s3cret", "with space", " leading", "trailing ", "trailing\n", "trailing\r", "trailing\\", "two\nlines",
            "\n\nlines\n\n", "back\\slash", "back\\\\slash", "\\\n", "a\\\nb", "'a\\\nb", "\\n", "\\t", "'\\n", "\\'",
            "it's", "'quoted'", "\"quoted\"", "''", "\"\"", "'\"'\"'", "'\\''", "a'b\"c`d$e\\f", "'$", "'$HOME",
            "$HOME", "${HOME}", "'${HOME}", "$(id)", "'$(id)", "`id`", "'`id`", "$$", "$1", "$'a'", "\\$HOME",
            "~", "~root", "a:~root", "=ls", "a:=ls", "a=b", "==", "abc==", "a=:=", ":=", "#", "a#b", "a #b", "# b",
            "!", "!!", "it's!", "'!!", "!$", "<(id)", ">file", "a;b", "a&b", "a|b", "*", "/*", "/etc/*", "[a-z]",
            "{a,b}", "{1..9}", "a b c", "NAME=value", "export A=1", "a\nB=c", "'\nB=c\n", "-n", "-e", "--", "%s", "%n",
            "\\0", "\\x41", "\\u0041", "<<EOF", "EOF", "true", "null", "[]", "{\"a\": 1}", "{\"a\": \"it's\"}",
            "ü", "naïve", "日本語", "🔑", "'🔑", "\u{a0}", "\u{2028}", "\u{feff}", "\u{85}", "é'é", "\u{7f}", "\u{1b}[31m",
            "\u{1}", "'\u{1}", "\u{1}\u{1}", "\u{7f}'", "\u{8}", "\u{b}", "\u{c}", "'\r", "a\rb", "a\r\nb", "'a\r\nb",
            "-----BEGIN KEY-----\nMIIB+/==\n-----END KEY-----\n", "postgres://u:p%40ss@h:5432/d?x=1&y=2",
            "correct horse battery staple", "C:\\Users\\me", "C:\\new\\table", "ends with '", "ends with \"",
        ].map { Array($0.utf8) }
        + (1...127).map { [$0] } + (1...127).map { [UInt8(ascii: "'"), $0] }
        + (1...127).map { [UInt8(ascii: "a"), $0, UInt8(ascii: "b")] }
        + [Array(repeating: UInt8(ascii: "x"), count: 100_000), Array(repeating: UInt8(ascii: "'"), count: 10_000)]

    /// With bytes that are no UTF-8. systemd takes a file with such a value not at all.
    package static let binary: [[UInt8]] =
        (128...255).map { [$0] } + (128...255).map { [UInt8(ascii: "'"), $0] }
        + (128...255).map { [UInt8(ascii: "a"), $0, UInt8(ascii: "'")] }
        + [
            [0xC3], [0xC3, 0x27], [0xE6, 0x97], [0xE6, 0x97, 0x22, 0x27], [0xFF, 0xFE], [0xC0, 0x80],
            [0xED, 0xA0, 0x80], [0x81, 0x5C], [0x27, 0x81, 0x5C], [0xF0, 0x9F, 0x5C, 0x27],
        ]

    package static func random(_ count: Int, seed: UInt64, binary: Bool) -> [[UInt8]] {
        var random = Seeded(seed)
        let pieces: [[UInt8]] =
            [
                "'", "\"", "`", "$", "\\", "\n", "\r", " ", "\t", "#", "~", "=", "!", ":", ";", "{", "}", "(", ")",
                "a", "b", "n", "t", "0", "é", "日", "🔑", "$HOME", "${HOME}", "\\n", "\\\n", "' ", " #",
            ].map { Array($0.utf8) }
        return (0..<count).map { _ in
            var value: [UInt8] = []
            for _ in 0..<random.below(random.chance(5) ? 200 : 12) {
                if random.chance(80) {
                    value += random.pick(pieces)
                } else {
                    value.append(UInt8(1 + random.below(binary ? 255 : 127)))
                }
            }
            return value
        }
    }
}
