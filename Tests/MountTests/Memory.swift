// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// "Inodes are rows": the daemon's memory does not grow with what was looked up or opened.
@Suite struct Memory {
    private static func number(_ name: String, _ usual: Int) -> Int {
        Int(ProcessInfo.processInfo.environment[name] ?? "") ?? usual
    }

    /// How many variables there are, and how often one is opened: `TACIT_SECRETS` and `TACIT_OPENS` in the environment.
    static let secrets = max(1, number("TACIT_SECRETS", 10_000) / variables)
    static let opens = number("TACIT_OPENS", 40_000)
    /// So many that what is kept of them is all that ever is: more than places, values and their keys are kept.
    private static let warming = 12_000
    /// Of each secret.
    private static let variables = 1_000
    /// Bytes by which it may differ all the same: on a busy machine more workers come, up to sixteen, each with a stack, buffers and an arena.
    private static let slack = 16 << 20

    @Test func `stays the same over all secrets looked up, and many opens`() throws {
        let mount = try Mount()
        try mount.initialize(filledWith: "web=\(Memory.secrets)x\(Memory.variables)")
        try mount.start()
        try mount.grant("read", on: "acme/web", to: "user:1001")
        func run(_ words: String...) throws {
            var command = mount.command(["probe"] + words, as: alice)
            command.limit = 2400
            try expect(command.run().orThrow().text, "ok")
        }
        let size = ["\(Memory.secrets)", "\(Memory.variables)"]
        // What is kept of the first is kept within bounds.
        try run("look-all", "acme/web", "1", "\(Memory.variables)")
        try run("open-all", "acme/web", size[0], size[1], "\(Memory.warming)")
        let before = try mount.residentMemory()
        try run("look-all", "acme/web", size[0], size[1])
        let looked = try mount.residentMemory()
        try run("open-all", "acme/web", size[0], size[1], "\(Memory.opens)")
        let opened = try mount.residentMemory()
        #expect(looked - before < Memory.slack, "\(before) bytes, then \(looked)")
        #expect(opened - before < Memory.slack, "\(before) bytes, then \(opened)")
        try mount.close()
    }
}
