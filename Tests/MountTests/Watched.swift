// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// Runs commands and sees to it that their values stay out of sight: out of their output, of every process's command line, and, at
/// the end, of every file below the mount's folder, `HOME` and `TMPDIR` included, and of the audit log.
struct Watched {
    let mount: Mount
    /// A value that is nowhere else, not in another test either, and so where it is found, a command has put it.
    let canary = "kanarienvogel." + UUID().uuidString.prefix(8)

    /// Runs `tacit`, as somebody. The words must not have the canary in them: what starts the command shows them too.
    @discardableResult
    func tacit(
        _ words: String..., as caller: TestUser = .root, input: String? = nil, mayPrint: Bool = false,
        at location: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        try run(["tacit"] + words, as: caller, input: input, mayPrint: mayPrint, at: location)
    }

    /// The same, and it must succeed. Gives its standard output.
    @discardableResult
    func must(
        _ words: String..., as caller: TestUser = .root, input: String? = nil, mayPrint: Bool = false,
        at location: SourceLocation = #_sourceLocation
    ) throws -> String {
        let outcome = try run(["tacit"] + words, as: caller, input: input, mayPrint: mayPrint, at: location)
        #expect(outcome.complaint == "", sourceLocation: location)
        return try outcome.orThrow().text
    }

    /// The value of an item, told by `tacit get`.
    func value(_ reference: String, as caller: TestUser = .root) throws -> String {
        String(decoding: try run(["tacit", "get", reference], as: caller, mayPrint: true).orThrow().bytes, as: UTF8.self)
    }

    /// The answer of a command with `--json`, as an object.
    func json(_ words: String..., as caller: TestUser = .root) throws -> [String: Any] {
        let outcome = try run(["tacit"] + words + ["--json"], as: caller).orThrow()
        return try #require(try JSONSerialization.jsonObject(with: outcome.bytes) as? [String: Any], "\(outcome)")
    }

    /// Any program.
    @discardableResult
    func run(
        _ words: [String], as caller: TestUser = .root, input: String? = nil, mayPrint: Bool = false,
        at location: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        let child = try command(words, as: caller, input: input).start()
        let limit = ContinuousClock.now + .seconds(60)
        while child.isRunning, ContinuousClock.now < limit {
            let seen = Watched.commandLines(with: canary)
            #expect(seen.isEmpty, sourceLocation: location)
            usleep(4000)
        }
        let outcome = try child.wait(1)
        if !mayPrint { #expect(!(outcome.text + outcome.complaint).contains(canary), "\(outcome)", sourceLocation: location) }
        return outcome
    }

    /// A command that has a home and a folder for temporary files of its own.
    func command(_ words: [String], as caller: TestUser = .root, input: String? = nil) -> Command {
        var command = mount.command(words, as: caller, input: input.map { Data($0.utf8) })
        command.environment.merge(["HOME": home, "TMPDIR": home]) { $1 }
        return command
    }

    var home: String { mount.scratch.path + "/home" }

    /// The command lines in the system that have a text in them, but for this process's own children that only start others.
    static func commandLines(with text: String) -> [String] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.filter { Int($0) != nil } ?? []
        return processes.compactMap { process in
            let line = String(decoding: Scratch.contents("/proc/\(process)/cmdline"), as: UTF8.self)
            return line.contains(text) ? line : nil
        }
    }

    /// Whether any file below the mount's folder, the mount itself apart, has the canary in it.
    func findings() throws -> String {
        let base64 = Data(canary.utf8).base64EncodedString().dropLast(4)
        let hex = canary.utf8.map { String($0, radix: 16) }.joined()
        return try mount.must(
            """
            find $SCRATCH -xdev -path $SCRATCH/secrets -prune -o -path $SCRATCH/given -prune -o \
            -type f ! -name tacitd ! -name tacit ! -name probe -print |
            xargs grep -l -a -i -e '\(canary)' -e '\(base64)' -e '\(hex)' || :
            """)
    }
}

/// A mount with an organization `acme` and its project `web`, that alice may read and write, for commands whose values must stay out
/// of sight. Files that a test hands over are in the folder `given`.
func watched(_ test: (Watched) throws -> Void) throws {
    try withMount { mount in
        let watched = Watched(mount: mount)
        try mount.scratch.folder("home", mode: 0o1777)
        try mount.scratch.folder("given", mode: 0o755)
        try mount.make("acme/web")
        try mount.grant("read,write", on: "acme/web", to: "user:1001")
        try test(watched)
        expect(try watched.findings(), "")
        try mount.stop()
        expect(try watched.findings(), "")
    }
}
