// SPDX-License-Identifier: MIT

import Bytes
import ControlAPI
import Foundation
import Linux
import Masking
import Secrets
import Templates
import Testing

@testable import tacit

/// Values as the daemon would send them. These are no secrets.
struct SentValues {
    var items: [(name: String, source: String, value: [UInt8], isInView: Bool)] = []

    init(_ items: [(name: String, source: String, value: String)]) {
        self.items = items.map { ($0.name, $0.source, Array($0.value.utf8), true) }
    }

    func received() throws -> JobValues {
        let head = JobValuesHead(
            id: "0123456789abcdef",
            items: items.map {
                .init(name: Array($0.name.utf8), source: $0.source, inView: $0.isInView, version: 1, length: $0.value.count)
            })
        return try JobValues(ReceivedBundle(buffer(try JSONEncoder().encode(head) + [0x0A] + items.flatMap(\.value))))
    }
}

func buffer(_ bytes: some Collection<UInt8>) throws -> LockedBuffer {
    var buffer = try LockedBuffer(capacity: max(1, bytes.count))
    for byte in bytes { _ = buffer.append(byte) }
    return buffer
}

@Suite struct JobValuesTests {
    private let sent = SentValues([
        ("vars/PASSWORD", "acme/web/db", "hunter2"), ("vars/USER", "acme/web/db", "web"), ("files/.ssh/id", "acme/web/key", "PRIVATE"),
        ("vars/ADDED", "acme/api/key/vars/TOKEN", "added"), ("vars/PASSWORD", "acme/@org/a.b", "other"),
    ])

    private func answer(_ name: String, _ variable: String?) throws -> (TemplateAnswer, String?) {
        let values = try sent.received()
        var lent: String?
        let meaning = try meaning(name, variable)
        let answer = values.lookUp(meaning) { bytes in lent = string(bytes.publicBytes(0..<bytes.byteCount)) }
        return (answer, lent)
    }

    /// As the reader of templates finds it.
    private func meaning(_ name: String, _ variable: String?) throws -> TemplateReference.Meaning {
        let text = Array("${secrets.\(name)\(variable.map { "." + $0 } ?? "")}".utf8)
        for part in try unsafe TemplateText.parse(text.span.bytes).parts {
            guard case .reference(let reference) = part else { continue }
            return try #require(reference.meanings.first { ($0.variable == nil) == (variable == nil) })
        }
        throw Failure(.failed, "no reference")
    }

    @Test func `a template names secrets of the job`() throws {
        #expect(try answer("db", "PASSWORD") == (.value, "hunter2"))
        #expect(try answer("key", nil) == (.value, "PRIVATE"))
        #expect(try answer("a.b", nil) == (.value, "other"))
        #expect(try answer("db", nil) == (.items(2), nil))
        #expect(try answer("db", "NONE") == (.noVariable, nil))
        #expect(try answer("none", nil) == (.noSecret, nil))
        // What was added by name is of no secret of the job.
        #expect(try answer("TOKEN", nil) == (.noSecret, nil))
        #expect(try answer("key", "TOKEN") == (.noVariable, nil))
    }

    @Test func `all values are masked`() throws {
        var sent = sent
        sent.items.append((name: "vars/EMPTY", source: "acme/web/db", value: [], isInView: true))
        let masked = try sent.received().masked()
        #expect(masked.tooShort.map { string($0) } == ["USER"])
        var masker = try Masker(masked)
        let output = Array("hunter2 web PRIVATE added other".utf8)
        var seen: [UInt8] = []
        unsafe masker.take(output.span.bytes) { seen += $0.publicBytes(0..<$0.byteCount) }
        masker.finish { seen += $0.publicBytes(0..<$0.byteCount) }
        #expect(string(seen) == "*** web *** *** ***")
    }

    @Test func `names are those people know`() throws {
        #expect(string(JobPath.variable(Array("A".utf8)).name) == "A")
        #expect(string(JobPath.file([".ssh", "id"].map { Array($0.utf8) }).name) == ".ssh/id")
        #expect(string(JobPath.file(["@root", "etc", "k"].map { Array($0.utf8) }).name) == "/etc/k")
    }

    @Test(arguments: [
        "vars/", "vars/A=B", "vars/a/b", "vars", "files", "files/", "files/../x", "files//x", "env", "", "files/a\u{0}",
    ])
    func `a name that no view has is refused`(name: String) throws {
        let sent = SentValues([(name, "acme/web/db", "x")])
        let failure = #expect(throws: Failure.self) { _ = try sent.received() }
        #expect(failure == Failure.strangeAnswer)
    }

    @Test(arguments: [
        #"{"id":"i","items":[]}"#, "{}\n", "\n", #"{"id":"i","items":[]}"# + "\nsurplus",
        #"{"id":"i","items":[{"name":"vars/A","source":"s","inView":true,"version":1,"length":4}]}"# + "\nabc",
        #"{"id":"i","items":[{"name":"vars/A","source":"s","inView":true,"version":1,"length":-1}]}"# + "\n",
        #"{"id":"i","items":[{"name":"vars/A","source":"s","inView":true,"version":1,"length":9223372036854775807}]}"# + "\nabc",
    ])
    func `a bundle that is none is refused`(text: String) throws {
        let failure = #expect(throws: Failure.self) { _ = try JobValues(ReceivedBundle(buffer(text.utf8))) }
        #expect(failure == Failure.strangeAnswer)
    }
}
