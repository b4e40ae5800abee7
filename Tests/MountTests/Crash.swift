// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// The daemon is killed again and again while writers write: nothing acknowledged is lost, nothing half is there.
///
/// A writer acknowledges a value when its close(2) has returned 0. Values say whether they are whole: crash.c tells how.
@Suite struct Crash {
    /// How often the daemon is killed in all, `TACIT_CRASHES` in the environment; each of four stores takes its share.
    static let rounds = Int(ProcessInfo.processInfo.environment["TACIT_CRASHES"] ?? "") ?? 100
    static let stores = 4

    /// One of the writers that run at once, and what it has got acknowledged.
    private struct Writer {
        let kind: String
        let path: String
        /// Where it writes the last number that it got acknowledged.
        let file: String
        /// The next number to try.
        var next = 1

        var acknowledged: Int {
            let text = String(decoding: Scratch.contents(file), as: UTF8.self)
            return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        }

        /// The words for `probe` that check what is there now.
        var check: [String] {
            kind == "new"
                ? ["crash-check", kind, path, "\(next)", "\(max(acknowledged, next - 1))"]
                : ["crash-check", kind, path, "\(acknowledged)", "\(max(acknowledged + 1, next))"]
        }
    }

    @Test(arguments: 0..<stores)
    func `kill -9 while writers write`(store: Int) throws {
        let mount = try Mount()
        try mount.initialize()
        try mount.start()
        try mount.make("acme/web/db")
        try mount.grant("read,write", on: "acme", to: "user:1001")
        var writers = try ["file", "file", "env", "new"].enumerated().map { number, kind in
            Writer(
                kind: kind, path: "acme/web/db/" + (kind == "env" ? "env" : "files/\(kind)\(number)"),
                file: try mount.scratch.file("acknowledged\(number)", owner: 1001))
        }
        var written = 0
        for round in 0..<max(1, Crash.rounds / Crash.stores) {
            let running = try writers.map { writer in
                try mount.command(["probe", "crash-write", writer.kind, writer.path, "\(writer.next)", writer.file], as: alice)
                    .start()
            }
            // Not the same moment of a writer's life each time.
            usleep(UInt32(20_000 + (round * 7919 + store * 104_729) % 100_000))
            try expect(mount.crash(), .signalled(SIGKILL))
            for child in running { try expect(child.wait().text, "ok", "round \(round)") }
            try mount.start()
            let answers = try mount.probe(each: writers.map(\.check), as: alice)
            #expect(answers == Array(repeating: "ok", count: writers.count), "round \(round): \(writers.map(\.check))")
            guard answers.allSatisfy({ $0 == "ok" }) else { break }
            for index in writers.indices {
                let last = writers[index].acknowledged
                written += max(0, last - writers[index].next + 1)
                // One more may have been written than was acknowledged: numbers go on after it.
                writers[index].next = max(writers[index].next, last + 2)
            }
            // New files would grow the store without end.
            if round % 20 == 19 { try mount.must("rm -f acme/web/db/files/new*-*", as: alice) }
        }
        #expect(written > 0, "the writers hardly got to write")
        try mount.tacit("audit", "--verify").orThrow()
        try mount.close()
    }
}
