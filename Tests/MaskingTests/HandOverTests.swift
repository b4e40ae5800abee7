// SPDX-License-Identifier: MIT

import Masking
import TestSupport
import Testing

/// A stream in whose middle other values are to be masked than before.
@Suite struct HandOverTests {
    /// What comes out where a masker of `before` reads the start of a text, and one of both the rest.
    private func output(_ text: [UInt8], at place: Int, _ before: [UInt8], _ after: [UInt8], releasing: Bool) throws -> String {
        var output: [UInt8] = []
        var masker = try Masker(masked([before]))
        masker.take(unsafe Array(text[..<place]).span.bytes) { output += copy($0) }
        if releasing { masker.release { output += copy($0) } }
        var next = try Masker(masked([before, after]))
        masker.handOver(to: &next) { output += copy($0) }
        next.take(unsafe Array(text[place...]).span.bytes) { output += copy($0) }
        next.finish { output += copy($0) }
        return string(output)
    }

    @Test(arguments: [true, false])
    func `a value that is there before and after is masked wherever the change is`(releasing: Bool) throws {
        let (old, new) = ("first-s3cret-value", "s3cret-of-later")
        let text = bytes("it was \(old), is \(new), aW5zaWRl \(old)\(new).")
        for place in 0...text.count {
            let output = try output(text, at: place, bytes(old), bytes(new), releasing: releasing)
            #expect(!output.contains(old), "\(place): \(output)")
            // What was given out before anybody knew that it is a value.
            let isGiven = place >= bytes("it was \(old), is \(new)").count
            #expect(isGiven || !output.contains(new), "\(place): \(output)")
            // Of a value that comes in two parts, with time between, 3 bytes may show.
            guard !releasing, place < 8 || place > 7 + old.utf8.count else { continue }
            #expect(output.hasPrefix("it was ***, is "), "\(place): \(output)")
        }
    }

    @Test func `all that is no value comes out once, in its order`() throws {
        let text = bytes((0..<3000).map { "line \($0)\n" }.joined())
        for place in stride(from: 0, through: text.count, by: 997) {
            #expect(try output(text, at: place, bytes("hunter2"), bytes("hunter3"), releasing: false) == string(text), "\(place)")
        }
    }
}
