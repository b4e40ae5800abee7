// SPDX-License-Identifier: MIT

import Testing

@testable import Linux

/// Commands run for what they print.
@Suite struct SpawnTests {
    /// What a shell's script printed, with room for so many bytes.
    private func output(of script: String, room: Int, limit: Int64 = 60_000_000) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: room)
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        let count = try Spawn.output(of: ["/bin/sh", "-c", script], into: &raw, limit: limit)
        return Array(bytes.prefix(count))
    }

    @Test func `what a command prints is what there is`() throws {
        #expect(try output(of: "printf 'a\\0b'", room: 10) == [97, 0, 98])
        #expect(try output(of: "printf a; sleep 0.1; printf b", room: 10) == [97, 98])
        #expect(try output(of: "cat", room: 10) == [])
        #expect(try output(of: "head -c 100000 /dev/zero", room: 100_001).count == 100_000)
    }

    @Test(arguments: ["exit 1", "printf abc; exit 3", "kill -9 $$"])
    func `a command that fails gives nothing`(script: String) {
        #expect(errno { _ = try output(of: script, room: 10) } == .canceled)
    }

    /// An agent, for example, that a command starts and that stays.
    @Test func `what it leaves behind with the pipe keeps nobody waiting`() throws {
        let start = SystemClock.monotonic()
        #expect(try output(of: "sleep 30 & printf key", room: 10) == Array("key".utf8))
        #expect(try output(of: "exec >&-; sleep 0.1", room: 10) == [])
        #expect(SystemClock.monotonic() - start < 25_000_000)
    }

    @Test(arguments: ["sleep 30", "exec >&-; sleep 30", "while :; do :; done"])
    func `a command that does not end is ended`(script: String) {
        let start = SystemClock.monotonic()
        #expect(
            errno { _ = try output(of: "exec " + (script.hasPrefix("sleep") ? script : "sh -c '\(script)'"), room: 10, limit: 200_000) }
                == .timedOut)
        #expect(SystemClock.monotonic() - start < 25_000_000)
    }

    @Test func `more than there is room for is an error, and ends the command`() {
        #expect(errno { _ = try output(of: "exec cat /dev/zero", room: 1000) } == .overflow)
    }

    @Test func `a program that is not there is an error`() {
        var none = [UInt8](repeating: 0, count: 10)
        var span = none.mutableSpan
        var raw = unsafe span.mutableBytes
        var thrown: Errno?
        do { _ = try Spawn.output(of: ["/nonexistent"], into: &raw) } catch { thrown = error }
        #expect(thrown == .noEntry)
        do { _ = try Spawn.output(of: [], into: &raw) } catch { thrown = error }
        #expect(thrown != nil)
    }
}
