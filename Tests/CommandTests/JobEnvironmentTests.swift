// SPDX-License-Identifier: MIT

import Bytes
import Foundation
import Linux
import Secrets
import Testing

@testable import tacit

@Suite struct JobEnvironmentTests {
    private func make(_ sent: SentValues, over parent: [String]) throws -> (assignments: [String], replaced: [String]) {
        let values = try sent.received()
        let environment = try JobEnvironment(values, job: "0123456789abcdef") { lend in
            for assignment in parent {
                let bytes = Array(assignment.utf8)
                unsafe lend(bytes.span.bytes)
            }
        }
        let bytes = environment.assignments.withBytes { $0.publicBytes(0..<$0.byteCount) }
        #expect(bytes.last == 0)
        let assignments = bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).map { string($0) }
        return (assignments, environment.replaced.map { string($0) })
    }

    @Test func `the parents environment is kept`() throws {
        let parent = ["PATH=/bin", "EMPTY=", "A=b=c", "strange", "=x", "PATH=/twice", "é=ü"]
        let made = try make(SentValues([]), over: parent)
        #expect(made.assignments == parent + ["TACIT_JOB=0123456789abcdef"])
        #expect(made.replaced == [])
    }

    @Test func `the jobs variables win`() throws {
        let sent = SentValues([
            ("vars/B", "a/b/c", "new"), ("vars/A", "a/b/c", "same"), ("vars/N", "a/b/c", ""), ("vars/T", "a/b/c", "two\nlines"),
        ])
        let made = try make(sent, over: ["A=same", "B=old", "C=c", "B=other", "N=n", "BB=bb"])
        #expect(made.assignments == ["C=c", "BB=bb", "A=same", "B=new", "N=", "T=two\nlines", "TACIT_JOB=0123456789abcdef"])
        // Only what was another value is worth a word.
        #expect(made.replaced == ["B", "N"])
    }

    @Test func `what is not in the view is not in the environment`() throws {
        var sent = SentValues([("vars/A", "a/b/c", "seen"), ("vars/A", "a/@org/d", "hidden"), ("files/f", "a/b/c", "file")])
        sent.items[1].isInView = false
        #expect(try make(sent, over: []).assignments == ["A=seen", "TACIT_JOB=0123456789abcdef"])
    }

    @Test func `the id is nobodys to say`() throws {
        let made = try make(SentValues([("vars/TACIT_JOB", "a/b/c", "fedcba9876543210")]), over: ["TACIT_JOB=outer"])
        #expect(made.assignments == ["TACIT_JOB=0123456789abcdef"] && made.replaced == [])
    }

    @Test func `backtraces are as they were`() throws {
        let sent = SentValues([])
        let id = "TACIT_JOB=0123456789abcdef"
        #expect(try make(sent, over: ["SWIFT_BACKTRACE=enable=no", "TACIT_SWIFT_BACKTRACE="]).assignments == [id])
        #expect(
            try make(sent, over: ["SWIFT_BACKTRACE=enable=no", "TACIT_SWIFT_BACKTRACE=color=yes"]).assignments
                == ["SWIFT_BACKTRACE=color=yes", id])
        // The user's own.
        #expect(try make(sent, over: ["SWIFT_BACKTRACE=enable=no"]).assignments == ["SWIFT_BACKTRACE=enable=no", id])
        let own = SentValues([("vars/SWIFT_BACKTRACE", "a/b/c", "x")])
        #expect(try make(own, over: ["SWIFT_BACKTRACE=enable=no", "TACIT_SWIFT_BACKTRACE="]).assignments == ["SWIFT_BACKTRACE=x", id])
    }

    @Test func `what no environment can hold is refused`() throws {
        var sent = SentValues([("vars/A", "a/b/c", "")])
        sent.items[0].value = [0x61, 0, 0x42, 0x3D]
        let nul = #expect(throws: Failure.self) { _ = try make(sent, over: []) }
        #expect(nul?.message == "the value of A has a NUL byte, which no environment can hold")
        // The kernel's limit, to the byte: "A=" and the value.
        sent.items[0].value = Array(repeating: 0x61, count: 131_069)
        #expect(try make(sent, over: []).assignments.first?.utf8.count == 131_071)
        sent.items[0].value.append(0x61)
        let long = #expect(throws: Failure.self) { _ = try make(sent, over: []) }
        #expect(long?.message == "the value of A is too long for an environment: with its name, more than 131071 bytes")
        // /bin/true is executed with the longest, and not with one byte more.
        for (count, status) in [(131_071, Int32(0)), (131_072, 126)] {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", "A=$(head -c \(count - 2) /dev/zero | tr '\\0' a) /bin/true 2>/dev/null"]
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == status)
        }
    }
}
