// SPDX-License-Identifier: MIT

import Secrets
import struct TestSupport.Seeded
import Testing

@Suite struct PosixACLTests {
    /// `user::rw-, user:1001:r--, group::---, mask::r--, other::---`, as `linux/posix_acl_xattr.h` lays it out.
    private static let example: [UInt8] = [
        2, 0, 0, 0,
        0x01, 0, 6, 0, 0xFF, 0xFF, 0xFF, 0xFF,
        0x02, 0, 4, 0, 0xE9, 0x03, 0, 0,
        0x04, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF,
        0x10, 0, 4, 0, 0xFF, 0xFF, 0xFF, 0xFF,
        0x20, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF,
    ]

    @Test func `layout`() throws {
        let acl = try parse(Self.example)
        #expect(acl.entries.map(\.tag) == [.userObject, .user, .groupObject, .mask, .other])
        #expect(acl.named == [.user(1001): .read])
        #expect(acl.permissions(of: .userObject) == [.read, .write])
        #expect(acl.serialize() == Self.example)
    }

    @Test func `refused`() throws {
        func entry(_ tag: UInt8, _ permissions: UInt8 = 0, _ id: UInt8 = 0xFF) -> [UInt8] {
            [tag, 0, permissions, 0, id, id, id, id]
        }
        let header: [UInt8] = [2, 0, 0, 0]
        let base = entry(1) + entry(4) + entry(0x20)
        let rows: [([UInt8], ACLError)] = [
            ([], .length), ([2, 0, 0], .length), (header + [1], .length), (header + base.dropLast(), .length),
            ([1, 0, 0, 0] + base, .version), ([2, 0, 1, 0] + base, .version),
            (header, .incomplete), (header + entry(1) + entry(4), .incomplete), (header + entry(4) + entry(0x20), .incomplete),
            (header + entry(1) + entry(2, 4, 1) + entry(4) + entry(0x20), .incomplete),
            (header + entry(3), .entry(0)), (header + entry(0x40), .entry(0)), (header + [1, 1, 0, 0, 0, 0, 0, 0], .entry(0)),
            (header + entry(1, 8) + entry(4) + entry(0x20), .entry(0)), (header + entry(1) + entry(2, 4), .entry(1)),
            (header + entry(1) + [2, 0, 4, 1, 1, 0, 0, 0], .entry(1)),
            (header + entry(4) + entry(1) + entry(0x20), .order(1)), (header + entry(1) + entry(1), .order(1)),
            (header + entry(1) + entry(2, 4, 1) + entry(2, 4, 1), .order(2)),
            (header + base + entry(0x20), .order(3)),
            ([UInt8](repeating: 0, count: PosixACL.maximumLength + 1), .tooLong),
        ]
        for (number, row) in rows.enumerated() {
            #expect(throws: row.1, "row \(number)") { try parse(row.0) }
        }
    }

    @Test func `any bytes`() {
        var random = Seeded(7)
        for _ in 0..<20_000 {
            var bytes = Self.example
            for _ in 0...random.below(3) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            if random.chance(20) { bytes.removeLast(random.below(bytes.count)) }
            guard let acl = try? parse(bytes) else { continue }
            let canonical = acl.serialize()
            #expect(throws: Never.self) { try #expect(parse(canonical) == acl) }
        }
    }

    /// The kernel takes what we serialize and gives it back, with the mode that we show.
    @Test func `the kernel takes it`() throws {
        let script = """
            import os, sys, tempfile
            # tmpfs has ACLs wherever Linux runs.
            with tempfile.TemporaryDirectory(dir="/dev/shm") as path:
                for name in sys.argv[2:]:
                    os.setxattr(path, name, bytes.fromhex(sys.argv[1]))
                    print(os.getxattr(path, name).hex())
                print(oct(os.stat(path).st_mode & 0o777))
            """
        let world = World(grants: ["o/p/s": [Grant(.user(1), .read), Grant(.group(2), .all), Grant(.user(70000), .write)]])
        let shown = try #require(shownAccessACL(world.subject("o/p/s")))
        let hex = shown.serialize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let output = try run("python3", ["-c", script, hex, "system.posix_acl_access", "system.posix_acl_default"])
        let mode = String(shownMode(world.subject("o/p/s")), radix: 8)
        #expect(String(decoding: output, as: UTF8.self) == "\(hex)\n\(hex)\n0o\(mode)\n")
    }

    private func parse(_ bytes: [UInt8]) throws(ACLError) -> PosixACL {
        try withSpan(bytes) { (span) throws(ACLError) in try PosixACL.parse(span) }
    }
}
