// SPDX-License-Identifier: MIT

import Sodium
import Testing

@testable import Vault

@Suite struct VerifiedSignaturesTests {
    private let signature = [UInt8](repeating: 7, count: VerifyingKey.signatureLength)
    private let fields: [UInt8] = [1, 2, 3]

    private func make(bound: Int = 4) throws -> VerifiedSignatures {
        try Sodium.start()
        return try VerifiedSignatures(bound: bound)
    }

    @Test func `what verified is not verified again`() throws {
        let verified = try make()
        #expect(!verified.verifies(signature, of: fields) { false })
        #expect(verified.verifies(signature, of: fields) { true })
        #expect(verified.verifies(signature, of: fields) { false })
    }

    @Test func `any other bit is verified`() throws {
        let verified = try make()
        #expect(verified.verifies(signature, of: fields) { true })
        let whole = signature + fields
        for bit in 0..<(whole.count * 8) {
            var changed = whole
            changed[bit / 8] ^= 1 << (bit % 8)
            let (signature, fields) = (Array(changed.prefix(signature.count)), Array(changed.dropFirst(signature.count)))
            #expect(!verified.verifies(signature, of: fields) { false }, "bit \(bit)")
        }
    }

    /// The same bytes in a row, cut elsewhere, are something else.
    @Test func `a signature of another length is never known`() throws {
        let verified = try make()
        #expect(verified.verifies(signature, of: fields) { true })
        for (signature, fields) in [(signature + [1], [2, 3]), (Array(signature.dropLast()), [7, 1, 2, 3]), ([], signature + fields)]
            as [([UInt8], [UInt8])]
        {
            #expect(!verified.verifies(signature, of: fields) { false })
            #expect(verified.verifies(signature, of: fields) { true })
            #expect(!verified.verifies(signature, of: fields) { false })
        }
    }

    @Test func `what is used stays and the rest goes`() throws {
        let verified = try make(bound: 4)
        #expect(verified.verifies(signature, of: [0]) { true })
        for number in UInt8(1)...100 {
            #expect(verified.verifies(signature, of: [number]) { true })
            #expect(verified.verifies(signature, of: [0]) { false })
        }
        let known = (UInt8(0)...100).count { number in
            var wasAsked = false
            _ = verified.verifies(signature, of: [number]) {
                wasAsked = true
                return false
            }
            return !wasAsked
        }
        #expect(known <= 8)
    }
}
