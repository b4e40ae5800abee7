// SPDX-License-Identifier: MIT

// Open this file first. What the tests of whole programs are made of:
//
//     Command   one program, run as somebody, with a time limit; its Outcome
//     Child     one that is still running
//     Scratch   a throwaway folder
//     Mount     a store, a daemon and a mount of their own in such a folder, gone afterwards
//
// Nothing here imports Testing: a harness that finds something wrong throws, and the test fails with its words.
// Everything that touches a mount runs in a child with a time limit, so that a daemon that hangs fails one test
// and never the test process. Only processes started here are ever ended, by their id.

package import Foundation
import Glibc

/// Words for a person on what the harness could not do, or found wrong.
package struct Trouble: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Who runs a command: uid, gid and supplementary groups, none of which need an entry in passwd or group.
package struct TestUser: Sendable, CustomStringConvertible {
    package let uid: UInt32
    package let gid: UInt32
    package let groups: [UInt32]

    package static let root = TestUser(uid: 0, gid: 0, groups: [])

    package init(uid: UInt32, gid: UInt32, groups: [UInt32]) {
        self.uid = uid
        self.gid = gid
        self.groups = groups
    }

    /// A user whose gid is the same number as the uid.
    package static func user(_ uid: UInt32, groups: [UInt32] = []) -> TestUser {
        TestUser(uid: uid, gid: uid, groups: groups)
    }

    package var description: String {
        groups.isEmpty ? "uid \(uid)" : "uid \(uid) in groups \(groups)"
    }

    /// What stands before a command's words to run it as this caller.
    var prefix: [String] {
        uid == 0
            ? []
            : ["setpriv", "--reuid=\(uid)", "--regid=\(gid)"]
                + [groups.isEmpty ? "--clear-groups" : "--groups=\(groups.map(String.init).joined(separator: ","))"]
                + ["--"]
    }
}

/// How a command ended.
package struct Outcome: Sendable, CustomStringConvertible {
    package enum Ending: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
        case timedOut
    }

    package let command: String
    package let ending: Ending
    /// Standard output.
    package let bytes: Data
    /// Standard error, as text.
    package let complaint: String

    /// Standard output as text, without the newline at its end.
    package var text: String {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    package var lines: [String] {
        text.isEmpty ? [] : text.components(separatedBy: "\n")
    }

    package var succeeded: Bool { ending == .exited(0) }

    package var description: String {
        "\(command): \(ending)\n\(text)\(complaint.isEmpty ? "" : "\nstderr: \(complaint)")"
    }

    /// Itself, if the command exited with 0.
    /// - Throws: `Trouble` with all that the command said.
    @discardableResult
    package func orThrow() throws -> Outcome {
        guard succeeded else { throw Trouble(description) }
        return self
    }
}

/// A program and its arguments, looked up on PATH.
package struct Command: Sendable {
    package var words: [String]
    package var caller: TestUser = .root
    /// Added to `PATH`, `LC_ALL=C`, `HOME=/nonexistent`, `TMPDIR` and no backtraces; nothing else is inherited.
    package var environment: [String: String] = [:]
    /// Entered by the child itself, as the caller, after the time limit has begun.
    package var folder: String?
    package var input: Data?
    /// Seconds until it is killed.
    package var limit = Wait.limit

    package init(_ words: [String]) {
        self.words = words
    }

    package init(_ words: String...) {
        self.words = words
    }

    /// Runs it to its end or its time limit.
    /// - Throws: `Trouble` if it could not be started.
    package func run() throws -> Outcome {
        try start().wait(limit)
    }

    /// Starts it and returns at once.
    package func start() throws -> Child {
        try Child(self)
    }

    /// The words with everything in front that makes the child what it is to be.
    var launch: [String] {
        caller.prefix + (folder.map { ["env", "-C", $0, "--"] } ?? []) + words
    }

    var variables: [String] {
        var all = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C", "HOME": "/nonexistent", "TMPDIR": NSTemporaryDirectory(), "SWIFT_BACKTRACE": "enable=no",
        ]
        all.merge(environment) { $1 }
        return all.map { "\($0)=\($1)" }
    }
}
