// SPDX-License-Identifier: MIT

import Linux
import Secrets
import Testing

@testable import tacit

@Suite struct ValueTests {
    private func value(_ text: String) throws -> Value {
        let bytes = Array(text.utf8)
        return try unsafe Value(copying: bytes.span.bytes)
    }

    private func text(of value: Value) throws -> String {
        try value.withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe string($0) } }
    }

    @Test(arguments: [("", ""), ("a", "a"), (" a b\n", "a b"), ("\r\n\t\u{B}\u{C} ", ""), ("a\u{A0}", "a\u{A0}")])
    func `white space is trimmed`(before: String, after: String) throws {
        #expect(try text(of: value(before).trimmed()) == after)
    }

    /// The test vectors of RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func `base64`(plain: String, encoded: String) throws {
        #expect(try text(of: value(plain).base64()) == encoded)
    }

    @Test func `every byte has its base64`() throws {
        let bytes = (0...255).map { UInt8($0) }
        let encoded = try unsafe Value(copying: bytes.span.bytes).base64()
        let found = try text(of: encoded)
        #expect(found.hasPrefix("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUm") && found.hasSuffix("8PHy8/T19vf4+fr7/P3+/w=="))
        #expect(found.count == 344)
    }

    @Test func `files are read in memory that grows`() throws {
        var buffer = try LockedBuffer(capacity: 1)
        try buffer.append(readingAllOf: try FileDescriptor.open("/proc/self/status", .readOnly), limit: 1 << 20)
        let count = buffer.count
        #expect(count > 100)
        var short = try LockedBuffer(capacity: 1)
        do {
            try short.append(readingAllOf: try FileDescriptor.open("/proc/self/status", .readOnly), limit: 50)
            Issue.record("more than the limit")
        } catch {
            #expect(error == .fileTooLarge)
        }
    }
}

@Suite struct AgeTests {
    @Test func `ages are in the largest unit`() throws {
        let now = try #require(Age.microseconds("2026-03-01T12:00:00.000000Z"))
        for (time, age) in [
            ("2026-03-01T12:00:00.000000Z", "0s"), ("2026-03-01T11:59:00.000001Z", "59s"), ("2026-03-01T11:59:00.000000Z", "1m"),
            ("2026-03-01T09:00:00.000000Z", "3h"), ("2026-02-24T12:00:00.000000Z", "5d"), ("2025-03-01T12:00:00.000000Z", "1y"),
            ("2026-03-02T12:00:00.000000Z", "0s"), ("yesterday", "?"), ("2026-13-01T00:00:00.000000Z", "?"),
        ] {
            #expect(Age.text(since: time, now: now) == age, "\(time)")
        }
        #expect(Age.text(until: "2026-03-08T12:00:00.000000Z", now: now) == "7d")
        #expect(Age.text(until: "2026-02-08T12:00:00.000000Z", now: now) == "0s")
    }

    @Test(arguments: [0, 1, 951_782_400_000_000, 1_767_323_045_678_901, 253_402_300_799_999_999, -1, -62_167_219_200_000_000] as [Int64])
    func `times are read as they are written`(time: Int64) {
        #expect(Age.microseconds(SystemClock.rfc3339(time)) == time)
    }
}

@Suite struct SecretPlaceTests {
    private func place(_ reference: String) throws -> SecretPlace? {
        SecretPlace(try .parse(reference))
    }

    @Test func `the secret is the third name or the second of ones own`() throws {
        #expect(try place("acme/web/db")?.item == nil)
        #expect(try place("acme/web/db").map { string($0.reference) } == "acme/web/db")
        #expect(try place("acme/@org/db/vars/A")?.item == Array("vars/A".utf8))
        #expect(try place("user/mail/files/a/b").map { string($0.reference) } == "user/mail")
        #expect(try place("user/mail/files/a/b")?.item == Array("files/a/b".utf8))
        for above in ["/", "acme", "acme/web", "user"] { #expect(try place(above) == nil) }
    }

    @Test func `a single value has the name of its secret`() {
        #expect(SecretPlace.onlyItem(of: Array("TOKEN".utf8)) == Array("vars/TOKEN".utf8))
        #expect(SecretPlace.onlyItem(of: Array("api-key".utf8)) == Array("files/api-key".utf8))
    }
}

@Suite struct ManifestTextTests {
    @Test(arguments: [
        ("db", "db"), (".ssh/id_rsa", "\".ssh/id_rsa\""), ("true", "\"true\""), ("NO", "\"NO\""), ("12", "\"12\""), ("a: b", "\"a: b\""),
        ("", "\"\""), ("a\"\\\n", "\"a\\\"\\\\\\n\""), ("/a/b", "/a/b"), ("\u{1B}", "\"\\U0000001b\""), ("é", "\"é\""), ("a#b", "\"a#b\""),
    ])
    func `scalars are strings`(text: String, scalar: String) {
        #expect(ManifestText.scalar(text) == scalar)
    }
}
