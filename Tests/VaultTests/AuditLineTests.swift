// SPDX-License-Identifier: MIT

import Testing

@testable import Vault

/// The form of a line: what the reader takes for one.
@Suite struct AuditLineTests {
    private let chain = String(repeating: "0a", count: 32)

    private func parse(_ text: String) -> (bodyLength: Int, chain: [UInt8])? {
        unsafe AuditLine.parse(Array(text.utf8).span.bytes)
    }

    @Test func `a line is a body and its chain`() throws {
        let parsed = try #require(parse("{\"a\":1,\"chain\":\"\(chain)\"}"))
        #expect(parsed.bodyLength == 6)
        #expect(parsed.chain == [UInt8](repeating: 10, count: 32))
    }

    @Test(arguments: ["", "{", "{}", "{\"chain\":\"\"}", "{\"a\":1}", String(repeating: "x", count: 200)])
    func `anything else is none`(text: String) {
        #expect(parse(text) == nil)
    }

    @Test func `a chain has 64 small hexadecimal digits, and ends the line`() {
        #expect(parse("{\"a\":1,\"chain\":\"\(chain.dropLast())g\"}") == nil)
        #expect(parse("{\"a\":1,\"chain\":\"\(chain.uppercased())\"}") == nil)
        #expect(parse("{\"a\":1,\"chain\":\"\(chain.dropLast())\"}") == nil)
        #expect(parse("{\"a\":1,\"chain\":\"\(chain)\"} ") == nil)
        #expect(parse(",\"chain\":\"\(chain)\"}") == nil)
    }

    @Test func `a line over the limit is none`() {
        let long = String(repeating: "x", count: AuditLine.limit)
        #expect(parse(long + ",\"chain\":\"\(chain)\"}") == nil)
    }
}
