// SPDX-License-Identifier: MIT

import Foundation
import Testing

@testable import Sodium

/// The home of keys and plaintexts: what it holds, what it locks, what it wipes.
@Suite struct SecretBytesTests {
    @Test(arguments: [0, 1, 15, 16, 4095, 4096, 4097, 1 << 20])
    func `new memory holds zeros and takes bytes up to its last`(count: Int) throws {
        try Sodium.start()
        var bytes = try SecretBytes(count: count)
        #expect(bytes.count == count)
        let before = plain(bytes)
        #expect(before == [UInt8](repeating: 0, count: count))
        bytes.withMutableBytes { span in
            for offset in 0..<count { span.storeBytes(of: 0xa5, toByteOffset: offset, as: UInt8.self) }
        }
        let after = plain(bytes)
        #expect(after == [UInt8](repeating: 0xa5, count: count))
    }

    /// A process has 65530 mappings (vm.max_map_count), and memory from `sodium_malloc(3)` takes four.
    @Test func `many empty ones take no pages`() throws {
        try Sodium.start()
        func mappings() throws -> Int {
            let maps = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/maps")).readToEnd() ?? Data()
            return maps.count { $0 == UInt8(ascii: "\n") }
        }
        final class Empty { let bytes: SecretBytes; init() throws(SodiumError) { bytes = try SecretBytes(count: 0) } }
        let before = try mappings()
        let many = try (0..<4096).map { _ in try Empty() }
        #expect(try mappings() < before + 1000)
        #expect(many.allSatisfy { $0.bytes.count == 0 })
    }

    @Test func `a negative count is an error`() throws {
        #expect(failure { _ = try SecretBytes(count: -1) } == .outOfMemory)
    }

    @Test func `random bytes differ`() throws {
        try Sodium.start()
        let one = try SecretBytes(random: 32)
        let other = try SecretBytes(random: 32)
        let areEqual = one.equals(other)
        #expect(!areEqual)
    }

    @Test(arguments: [("correct", true), ("correcT", false), ("correct ", false), ("", false)])
    func `equality is of length and bytes`(word: String, isEqual: Bool) throws {
        let one = try secret("correct")
        let other = try secret(word)
        let (there, back, itself) = (one.equals(other), other.equals(one), other.equals(other))
        #expect(there == isEqual && back == isEqual && itself)
    }

    @Test func `a copy stays when the first is wiped`() throws {
        var first = try secret("correct")
        let copy = try first.copy()
        first.wipe()
        let (wiped, kept) = (plain(first), plain(copy))
        #expect(wiped == [UInt8](repeating: 0, count: 7))
        #expect(kept == Array("correct".utf8))
    }

    @Test(arguments: [(-1, 0), (0, 0), (3, 3), (7, 7), (8, 7)])
    func `shortening keeps the front, and wipes the rest`(count: Int, kept: Int) throws {
        let short = try secret("correct").truncated(to: count)
        let front = plain(short)
        #expect(front == Array("correct".utf8.prefix(kept)))
        let behind = unsafe UnsafeRawBufferPointer(start: short.start + kept, count: 7 - kept)
        #expect(unsafe behind.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [1, 32, 2048, 5000]) func `the pages are locked and kept out of core dumps`(count: Int) throws {
        let bytes = try secret([UInt8](repeating: 1, count: count))
        // VmFlags of proc(5): lo is locked, dd is do not dump.
        let found = try vmFlags(of: bytes)
        let flags = try #require(found)
        #expect(flags.contains("lo") && flags.contains("dd"))
    }

    @Test(arguments: [1, 31, 32, 33, 128, 512, 2048]) func `small secrets never overlap, and come back empty`(count: Int) throws {
        let many = try (0..<200).map { index in SecretBox(try secret([UInt8](repeating: UInt8(index), count: count))) }
        for (index, box) in many.enumerated() {
            let bytes = plain(box.bytes)
            #expect(bytes == [UInt8](repeating: UInt8(index), count: count))
        }
        // In a slot that somebody had before, shortened or not, there is nothing of it.
        for index in 0..<200 {
            let short = try secret([UInt8](repeating: 0xff, count: count)).truncated(to: index % (count + 1))
            _ = consume short
            let fresh = try SecretBytes(count: count)
            let bytes = plain(fresh)
            #expect(bytes == [UInt8](repeating: 0, count: count))
        }
    }

    @Test func `a box lends the same bytes to all`() throws {
        let box = SecretBox(try secret("correct"))
        let other = box
        let bytes = plain(other.bytes)
        #expect(bytes == Array("correct".utf8))
    }

    /// The `VmFlags` line of the mapping in which the bytes start.
    private func vmFlags(of bytes: borrowing SecretBytes) throws -> [Substring]? {
        let address = unsafe UInt(bitPattern: bytes.start)
        var isInside = false
        // To its end: files of /proc have no length to go by.
        let maps = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/smaps")).readToEnd() ?? Data()
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            let range = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            if range.count == 2 { isInside = (range[0]..<range[1]).contains(address) }
            if isInside, line.hasPrefix("VmFlags:") { return line.split(separator: " ") }
        }
        return nil
    }
}
