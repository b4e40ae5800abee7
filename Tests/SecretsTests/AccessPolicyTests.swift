// SPDX-License-Identifier: MIT

import Secrets
import struct TestSupport.Seeded
import Testing

@Suite struct AccessPolicyTests {
    @Test func `stored form`() throws {
        #expect(AccessPolicy.standard.serialize() == [1, 3, 1])
        #expect(try AccessPolicy(projects: .none, debug: false, attach: false).serialize() == [1, 0, 0])
        let listed = try AccessPolicy(projects: .only([bytes("web"), bytes("api")]), debug: true, attach: false)
        #expect(listed.serialize() == [1, 1, 2, 0, 2, 3] + bytes("api") + [3] + bytes("web"))
        let dated = try AccessPolicy(
            projects: .all, debug: true, attach: true,
            dates: PolicyDates(expiry: .at(0x0102_0304), rotation: .every(86_400), onExpire: .deny))
        #expect(dated.serialize() == [2, 31, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 1, 0x51, 0x80, 1])
        for policy in [AccessPolicy.standard, listed, dated] { #expect(try AccessPolicy.parse(policy.serialize()) == policy) }
    }

    @Test func `admitted`() throws {
        let listed = try AccessPolicy(projects: .only([bytes("web")]), debug: true, attach: true)
        #expect(listed.admits(project: bytes("web")) && !listed.admits(project: bytes("we")))
        #expect(AccessPolicy.standard.admits(project: bytes("web")))
        #expect(try AccessPolicy(projects: .only([]), debug: true, attach: true).projects == .none)
    }

    @Test func `refused`() throws {
        #expect(throws: AccessPolicyError.self) {
            try AccessPolicy(projects: .only([bytes("web@production")]), debug: true, attach: true)
        }
        let many = Set((0...AccessPolicy.maximumProjects).map { bytes("p\($0)") })
        #expect(throws: AccessPolicyError.tooManyProjects) {
            try AccessPolicy(projects: .only(many), debug: true, attach: true)
        }
        let rows: [(bytes: [UInt8], offset: Int)] = [
            ([], 0), ([3, 3, 1], 0), ([2, 3, 1], 1), ([2, 32, 1], 1), ([2, 7], 2), ([2, 8, 0, 0, 0], 2), ([1], 1), ([1, 4, 1], 1),
            ([1, 3], 2), ([1, 3, 3], 2), ([1, 3, 1, 0], 3),
            ([1, 3, 2], 3), ([1, 3, 2, 0, 0], 3), ([1, 3, 2, 0xFF, 0xFF], 3), ([1, 3, 2, 0, 1], 5),
            ([1, 3, 2, 0, 1, 2, 65], 5), ([1, 3, 2, 0, 2, 1, 98, 1, 97], 7), ([1, 3, 2, 0, 2, 1, 97, 1, 97], 7),
            ([1, 3, 2, 0, 1, 1, 97, 0], 7),
        ]
        for row in rows {
            #expect(throws: AccessPolicyError.malformed(offset: row.offset), "\(row.bytes)") {
                try AccessPolicy.parse(row.bytes)
            }
        }
    }

    /// Equal policies have equal bytes, and no two byte strings mean the same.
    @Test func `canonical`() {
        var random = Seeded(5)
        for _ in 0..<20_000 {
            var bytes: [UInt8] = [1, UInt8(random.below(4))]
            if random.below(2) == 0 {
                bytes = [2, UInt8(random.below(32))]
                for flag in [UInt8(8), 16] where bytes[1] & flag != 0 { bytes += [0, 0, 0, 0, 0, 0, 0, UInt8(random.below(2))] }
            }
            bytes.append(UInt8(random.below(3)))
            if bytes.last == 2 { bytes += [0, UInt8(random.below(3))] }
            for _ in 0..<random.below(4) { bytes += random.pick([[1, 97], [1, 98], [2, 97, 98], [0], [1, 64]]) }
            if let policy = try? AccessPolicy.parse(bytes) { #expect(policy.serialize() == bytes) }
        }
    }
}
