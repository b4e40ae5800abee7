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
        try remembered.add(values("of-the-start"), isStart: true)
        // Each of a kilobyte: more than are kept.
        let filler = String(repeating: "x", count: 1024)
        for number in 0..<80 { try remembered.add(values("value-\(number)-\(filler)"), isStart: false) }
        #expect(
            try shown(remembered, "of-the-start value-79-\(filler) value-70-\(filler) always value-1-\(filler)")
                == "*** *** *** *** value-1-\(filler)")
        // One that comes back is of now.
        try remembered.add(values("of-the-start"), isStart: true)
        #expect(try shown(remembered, "of-the-start always value-79-\(filler)") == "*** *** ***")
    }
}
