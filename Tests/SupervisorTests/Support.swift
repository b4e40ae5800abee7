// SPDX-License-Identifier: MIT

import Foundation
import Linux
import Masking
import TestSupport

/// A value for tests. Nothing here is a secret.
let canary = "hunter2-canary-\u{e9}"

/// A folder with what `childhost` needs, and the ways to start it.
final class Host {
    let scratch: Scratch
    let program: String
    /// The values that are masked, one a line.
    let values: String

    init() throws {
        scratch = try Scratch()
        program = try Programs.path(of: "childhost")
        values = try scratch.file("values", Data("\(canary)\nsecond-value\n".utf8))
    }

    /// Runs it with these words.
    func command(_ words: String...) -> Command { Command([program] + words) }

    /// Runs a script of bash in which `$h` is the program, and `$m` the program with everything masked that is no terminal.
    func script(_ text: String, _ environment: [String: String] = [:]) throws -> Command {
        var command = try Command("bash", file(text))
        command.environment = environment.merging(["h": program, "m": "\(program) --redirected \(values)"]) { $1 }
        command.environment["canary"] = canary
        // A program with all its checks masks slowly where others take the processors.
        command.limit = 120
        return command
    }

    /// A file with a text.
    func file(_ text: String) throws -> String {
        try scratch.file(UUID().uuidString, Data((text + "\n").utf8), mode: 0o700)
    }

    /// A file with a text, to be executed by its path. It is put there by a process of its own: while others are started here, one of
    /// them may have a file open that this process writes, and the kernel executes none of those (ETXTBSY).
    func executable(
        _ text: String, in folder: String? = nil, named name: String = UUID().uuidString, mode: String = "700"
    ) throws -> String {
        let path = (folder ?? scratch.path) + "/" + name
        try Command("install", "-m", mode, file(text), path).run().orThrow()
        return path
    }

    /// What is shown and said when a command runs at a terminal: see terminal.c. In the words `$h` is the program, and `$e` the program
    /// with everything masked.
    func terminal(_ steps: [String], _ words: String) throws -> Outcome {
        let line = "h='\(program)'; e='\(program) --everything \(values)'; cd \(scratch.path); exec \(words)"
        var command = Command([try Programs.path(of: "probe"), "terminal"] + steps + ["--", "bash", "-c", line])
        command.environment = ["canary": canary, "PS1": "ready> ", "TERM": "dumb", "h": program, "e": "\(program) --everything \(values)"]
        command.limit = 60
        return try command.run().orThrow()
    }
}

/// A shell that people type at.
let shell = "env 'PS1=ready> ' bash --norc --noediting -i"
