// SPDX-License-Identifier: MIT

import Testing

/// Each thing that only one part of the sources may do is done there and nowhere else.
@Suite struct DoorTests {
    /// Where a line that declares no function matches (a full stop between letters is no `\b` to Unicode), as `path:number`.
    private func places(_ pattern: Regex<Substring>, where admits: (String) -> Bool) throws -> [String] {
        try SourceFile.all().filter { admits($0.path) }.flatMap { file in
            file.code.filter { $0.text.contains(pattern) && !$0.text.contains("func ") }.map { "\(file.path):\($0.number)" }
        }
    }

    /// `reveal` decides nothing and logs everything: who decrypts past it does not.
    @Test func `values are decrypted in one place`() throws {
        let opens = try places(/Envelope\.open\(/) { _ in true }
        #expect(opens.count == 1 && opens.allSatisfy { $0.hasPrefix("Vault/Door/Reveal.swift:") }, "\(opens)")
        let keys = try places(/\.dataKey\(of:/) { $0 != "Vault/Keys/Keyring.swift" }
        #expect(keys.count == 1 && keys.allSatisfy { $0.hasPrefix("Vault/Door/Reveal.swift:") }, "\(keys)")
        #expect(try places(/AEAD\.open\(/) { $0 != "Vault/Keys/Envelope.swift" && !$0.hasPrefix("Sodium/") } == [])
    }

    @Test func `the text of env is put together in one place`() throws {
        #expect(try places(/EnvText\.writeLine\(/) { $0.hasPrefix("Vault/") && $0 != "Vault/Tree/EnvironmentText.swift" } == [])
    }

    /// Rows are verified as they are read and recorded as they are written: by who writes SQL elsewhere they are not.
    @Test func `only the store speaks SQL`() throws {
        let sql =
            #/"(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|CREATE|ALTER|DROP) |^ *(?:SELECT|INSERT INTO|DELETE FROM|WITH RECURSIVE|UPDATE \w+ SET) /#
        let store = { (path: String) in path.hasPrefix("Vault/Store/") || path.hasPrefix("SQLite/") }
        #expect(try places(sql) { !store($0) } == [])
        // It finds some where there are.
        #expect(try places(sql) { store($0) }.count > 30)
        #expect(try places(/^ *(?:package |internal )?import SQLite$/) { !store($0) && $0 != "Vault/Door/Translation.swift" } == [])
    }

    /// Whoever makes a change has nothing to tell of it: the store's own functions record it, and `Caches` delivers it.
    @Test func `changes are told of in one place`() throws {
        let telling =
            #/forgetAll\(\)|keyring\.forget\(|\.endChange\(|\.forget\(versions:|\.forget\(made\.changes|(?:^|[^A-Za-z])record[A-Z]\w*\(/#
        #expect(try places(telling) { $0.hasPrefix("Vault/") && !$0.hasPrefix("Vault/Store/") && $0 != "Vault/Door/Change.swift" } == [])
        #expect(try places(/store\.write\b/) { $0.hasPrefix("Vault/") && $0 != "Vault/Door/Change.swift" } == [])
    }

    /// A notation that two places read is read in two ways: each stands once, in `Bytes`.
    @Test func `notations are read in one place`() throws {
        // Keys are read without a branch on their digits; what programs make of a value when they print it is for Masking to undo.
        let signs: [(notation: Regex<Substring>, allowed: String)] = [
            (#/- UInt8\(ascii: "[aA]"\)|hexDigitValue|isHexDigit|0123456789(?:ABCDEF|abcdef)/#, "Vault/Keys/KeyFile.swift"),
            (#/ABCDEFGHIJKLMNOPQRSTUVWXYZ/#, "Bytes/Base64.swift"),
            (#/== UInt8\(ascii: "%"\)/#, "Masking/"),
            (#/0xD800|0xDC00|0xDFFF/#, "Masking/"),
        ]
        for (notation, allowed) in signs {
            #expect(try places(notation) { !$0.hasPrefix("Bytes/") && !$0.hasPrefix(allowed) } == [])
            // It finds some where there are.
            #expect(try !places(notation) { $0.hasPrefix("Bytes/") }.isEmpty)
        }
    }

    /// What an error is about is a reference in it: only what a request says is read as one.
    @Test func `what an error is about is not read from its text`() throws {
        let reading = #/Reference\.parse\(/#
        #expect(try places(reading) { $0.hasPrefix("Vault/") } == [])
        let control = try SourceFile.all().filter { $0.module == "Control" }.flatMap { file in
            file.code.filter { $0.text.contains(reading) }.map { (file.path, $0.text) }
        }
        // Each tells the caller which field or parameter can't be read.
        #expect(control.count > 1 && control.allSatisfy { $1.contains("catch { throw .invalid(") }, "\(control)")
    }
}
