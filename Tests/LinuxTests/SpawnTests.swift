import Foundation
import Testing

@testable import Linux

@Suite struct SpawnTests {
    /// What a command prints into room for 16 bytes.
    private func output(_ command: String) throws -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        let count = try Spawn.output(of: ["/bin/sh", "-c", command], into: &raw)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test func takesWhatACommandPrints() throws {
        #expect(try output("printf hello") == "hello")
        #expect(try output("true") == "")
        #expect(try output("printf a; sleep 0.1; printf b") == "ab")
        // Nothing to read.
        #expect(try output("cat; printf end") == "end")
    }

    @Test func refusesTooMuchAndFailure() throws {
        #expect(errno { _ = try output("printf 0123456789abcdef") } == .overflow)
        #expect(errno { _ = try output("yes") } == .overflow)
        #expect(errno { _ = try output("printf x; exit 1") } == .canceled)
        #expect(errno { _ = try output("kill -TERM $$") } == .canceled)
        var none = [UInt8](repeating: 0, count: 1)
        var span = none.mutableSpan
        var raw = unsafe span.mutableBytes
        do {
            _ = try Spawn.output(of: ["/no/such/program"], into: &raw)
            Issue.record("it ran")
        } catch { #expect(error == .noEntry) }
    }
}
