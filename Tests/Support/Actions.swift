// SPDX-License-Identifier: MIT

package import Foundation
import Glibc

/// What tests do with a mount. Paths are relative to the mountpoint: commands run with it as their folder.
extension Mount {
    /// A command in the mountpoint, as somebody, that finds `tacit`, `probe` and the daemon's socket.
    package func command(_ words: [String], as caller: TestUser = .root, input: Data? = nil) -> Command {
        var command = Command(words)
        command.caller = caller
        command.folder = point
        command.input = input
        command.environment = [
            "TACIT_SOCKET": socket, "SCRATCH": scratch.path, "KEY": key,
            "PATH": scratch.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin"),
        ]
        return command
    }

    /// A script for `sh`, or another shell.
    @discardableResult
    package func run(_ script: String, as caller: TestUser = .root, shell: String = "sh") throws -> Outcome {
        try command([shell, "-c", script], as: caller).run()
    }

    /// A script that must succeed. Gives its standard output.
    @discardableResult
    package func must(_ script: String, as caller: TestUser = .root, shell: String = "sh") throws -> String {
        try run(script, as: caller, shell: shell).orThrow().text
    }

    /// One operation of `probe`: `ok`, or the system call and the errno's name.
    package func probe(_ words: String..., as caller: TestUser = .root) throws -> String {
        try command(["probe"] + words, as: caller).run().orThrow().text
    }

    /// Several operations of `probe`, a line each.
    package func probe(each operations: [[String]], as caller: TestUser = .root) throws -> [String] {
        try command(["probe"] + operations.joined(separator: [","]), as: caller).run().orThrow().lines
    }

    /// The command `tacit`.
    @discardableResult
    package func tacit(_ words: String..., as caller: TestUser = .root, input: Data? = nil) throws -> Outcome {
        try command(["tacit"] + words, as: caller, input: input).run()
    }

    /// Folders, with those above them.
    package func make(_ folders: String...) throws {
        try command(["mkdir", "-p"] + folders).run().orThrow()
    }

    /// Stores a value as the store's owner.
    package func store(_ value: String, in path: String) throws {
        try command(["dd", "of=" + path, "status=none"], input: Data(value.utf8)).run().orThrow()
    }

    /// `tacit grant`.
    package func grant(_ rights: String, on path: String, to who: String, as caller: TestUser = .root) throws {
        try tacit("grant", path, who, rights, as: caller).orThrow()
    }

    /// The bytes of a file, as text.
    /// - Throws: `Trouble` if it can't be read.
    package func read(_ path: String, as caller: TestUser) throws -> String {
        String(decoding: try command(["cat", "--", path], as: caller).run().orThrow().bytes, as: UTF8.self)
    }

    /// The audit log's lines, in order, each as an object.
    package func auditLog() throws -> [[String: Any]] {
        try String(contentsOfFile: audit, encoding: .utf8).split(separator: "\n").map { line in
            guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                throw Trouble("not an object: \(line)")
            }
            return object
        }
    }
}
