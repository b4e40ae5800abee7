import CSodium
import Foundation
import Testing

@testable import Sodium

/// Memory for secrets.
@Suite(.serialized) struct SecretBytesTests {
    /// Locked memory of this process, in KiB.
    private func locked() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmLck:") })
        return try #require(Int(line.split(separator: " ").dropLast().last?.split(separator: "\t").last ?? ""))
    }

    @Test func startsAsZeros() throws {
        try Sodium.start()
        for count in [0, 1, 31, 32, 33, 2048, 2049, 100_000] {
            let bytes = try SecretBytes(count: count)
            #expect(bytes.count == count)
            #expect(bytes.published == [UInt8](repeating: 0, count: count))
        }
        #expect(throws: SodiumError.outOfMemory) { _ = try SecretBytes(count: -1).count }
    }

    @Test func noneIsACountLikeAnyOther() throws {
        try Sodium.start()
        var none = try SecretBytes(count: 0)
        none.wipe()
        #expect(try none.copy().equals(none))
        let key = try SecretBytes(random: AEAD.keyLength)
        let sealed = try none.withBytes { bytes throws(SodiumError) in try AEAD.seal(bytes, key: key, associated: []) }
        #expect(try AEAD.open(sealed, key: key, associated: []).count == 0)
        #expect(none.truncated(to: 5).count == 0)
    }

    @Test func pagesAreLocked() throws {
        try Sodium.start()
        let before = try locked()
        let bytes = try SecretBytes(count: 1 << 20)
        #expect(try locked() >= before + 1024)
        #expect(bytes.count == 1 << 20)
    }

    /// Slots of the pool lie in locked pages as well, and are zero for whoever gets them next.
    @Test func slotsAreWipedWhenGivenBack() throws {
        try Sodium.start()
        for count in [32, 100, 500, 2000] {
            for _ in 0..<50 {
                var bytes = try SecretBytes(count: count)
                #expect(bytes.published == [UInt8](repeating: 0, count: count))
                bytes.withMutableBytes { span in
                    for index in 0..<span.byteCount { span.storeBytes(of: 0xaa, toByteOffset: index, as: UInt8.self) }
                }
            }
        }
    }

    @Test func wipesAndTruncates() throws {
        var bytes = try secret(Array(1...40))
        bytes = bytes.truncated(to: 10)
        #expect(bytes.published == Array(1...10))
        let after = (10..<40).allSatisfy { unsafe bytes.start.load(fromByteOffset: $0, as: UInt8.self) == 0 }
        #expect(after)
        bytes.wipe()
        #expect(bytes.published == [UInt8](repeating: 0, count: 10))
        #expect(bytes.count == 10)
        #expect(try secret([1, 2]).truncated(to: -1).count == 0)
    }

    @Test func comparesAndCopies() throws {
        let one = try secret([1, 2, 3])
        #expect(one.equals(try one.copy()))
        #expect(!one.equals(try secret([1, 2, 4])))
        #expect(!one.equals(try secret([1, 2])))
        #expect(try !SecretBytes(random: 32).equals(SecretBytes(random: 32)))
    }
}
