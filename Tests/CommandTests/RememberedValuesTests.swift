// SPDX-License-Identifier: MIT

import Bytes
import Linux
import Masking
import TestSupport
import Testing

@testable import tacit

/// The values that a job has had, for masking. These are no secrets.
@Suite struct RememberedValuesTests {
    private func shown(_ remembered: borrowing RememberedValues, _ text: String) throws -> String {
        var masker = try Masker(try remembered.masked())
        var output: [UInt8] = []
        let text = Array(text.utf8)
        masker.take(unsafe text.span.bytes) { output += $0.publicBytes(0..<$0.byteCount) }
        masker.finish { output += $0.publicBytes(0..<$0.byteCount) }
        return string(output)
    }

    private func values(_ value: String) throws -> JobValues {
        try SentValues([("vars/A", "acme/web/db", value), ("vars/B", "acme/web/db", "always")]).received()
    }

    @Test func `those of now, of the start, and the latest of the others are masked`() throws {
        var remembered = try RememberedValues()
        try remembered.add(values("of-the-start"))
        remembered.begin(with: remembered.round)
        // Each of a kilobyte: more than are kept.
        let filler = String(repeating: "x", count: 1024)
        for number in 0..<80 { try remembered.add(values("value-\(number)-\(filler)")) }
        #expect(
            try shown(remembered, "of-the-start value-79-\(filler) value-70-\(filler) always value-1-\(filler)")
                == "*** *** *** *** value-1-\(filler)")
        // One that comes back is of now.
        try remembered.add(values("of-the-start"))
        #expect(try shown(remembered, "of-the-start always value-79-\(filler)") == "*** *** ***")
    }

    @Test func `what the running command was started with is masked until another is started, however large it is`() throws {
        let large = { (name: String) in String(repeating: name, count: 20 << 10) }
        var remembered = try RememberedValues()
        try remembered.add(values(large("first-")))
        remembered.begin(with: remembered.round)
        // The next one is on its way while the first command ends.
        for name in ["second-", "third-"] { try remembered.add(values(large(name))) }
        #expect(try shown(remembered, "\(large("first-")) \(large("third-"))") == "*** ***")
        remembered.begin(with: remembered.round)
        try remembered.add(values(large("fourth-")))
        #expect(try shown(remembered, "\(large("third-")) \(large("fourth-"))") == "*** ***")
        #expect(try shown(remembered, large("first-")) == large("first-"))
    }
}
