// SPDX-License-Identifier: MIT

import Secrets
import Testing

/// The form in which `env` shows a value. That it means the same everywhere is for `EnvShellTests`.
@Suite struct EnvWriterTests {
    @Test(arguments: [
        // Bare where that is safe.
        ("", "A="), ("s3cret", "A=s3cret"), ("a_b-c.d,e/f:g@h%i+j", "A=a_b-c.d,e/f:g@h%i+j"), ("TUlJ+/==", "A=TUlJ+/=="),
        ("postgres://u:p@h:5432/d", "A=postgres://u:p@h:5432/d"), ("a=b", "A=a=b"),
        // Single quotes where the value has none.
        ("two words", "A='two words'"), ("$HOME", "A='$HOME'"), ("\"", "A='\"'"), ("a\\b", "A='a\\b'"), ("~", "A='~'"),
        ("#", "A='#'"), ("a\nb\n", "A='a\nb\n'"), ("=x", "A='=x'"), ("a:=x", "A='a:=x'"), ("ü", "A='ü'"), ("!", "A='!'"),
        ("*", "A='*'"), (" ", "A=' '"), ("\r", "A='\r'"), ("{a,b}", "A='{a,b}'"), ("^", "A='^'"),
        // Else double quotes.
        ("'", "A=\"'\""), ("it's", "A=\"it's\""), ("'$`\"\\", "A=\"'\\$\\`\\\"\\\\\""), ("'\n", "A=\"'\n\""), ("'!", "A=\"'!\""),
    ])
    func `form`(_ value: String, _ expected: String) {
        #expect(line("A", bytes(value)) == bytes(expected + "\n"))
    }

    @Test func `lines in one buffer`() {
        var buffer = [UInt8](repeating: 0, count: 12)
        var mutable = buffer.mutableSpan
        var raw = unsafe mutable.mutableBytes
        let (one, two) = withSpan(bytes("1 2")) { value in
            let one = EnvText.writeLine(name: bytes("A"), value: value, into: &raw)
            return (one, EnvText.writeLine(name: bytes("B"), value: value, into: &raw, at: one))
        }
        #expect(one == 8 && two == 0)
        #expect(buffer == bytes("A='1 2'\n") + [0, 0, 0, 0])
    }

    @Test func `no room nothing written`() {
        for (room, start) in [(0, 0), (7, 0), (8, 1), (8, -1), (8, 9), (8, Int.max), (8, Int.min)] {
            var buffer = [UInt8](repeating: 7, count: room)
            var mutable = buffer.mutableSpan
            var raw = unsafe mutable.mutableBytes
            let written = withSpan(bytes("1 2")) {
                EnvText.writeLine(name: bytes("A"), value: $0, into: &raw, at: start)
            }
            #expect(written == 0 && buffer.allSatisfy { $0 == 7 })
        }
    }
}
