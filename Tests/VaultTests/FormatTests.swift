// SPDX-License-Identifier: MIT

import Foundation
import Secrets
import Sodium
import Testing

@testable import Vault

/// What is sealed is what tacit-store(5) says: its examples, computed here.
@Suite struct FormatTests {
    private let time: Int64 = 1_767_225_600_000_000

    /// `00000000-0000-4000-8000-0000000000NN`.
    private func uuid(_ number: UInt8) -> [UInt8] { [0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number] }

    private func hexadecimal(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// The manual has both: the bytes in its order, a field a line, and their seal.
    private func expectInManual(_ fields: [UInt8], label: Int, location: SourceLocation = #_sourceLocation) throws {
        try Sodium.start()
        var key = try SecretBytes(count: 32)
        key.withMutableBytes { key in for index in 0..<32 { key.storeBytes(of: UInt8(index), toByteOffset: index, as: UInt8.self) } }
        let seal = hexadecimal(try Seals(nodeKey: key).seal(fields))
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../man/tacit-store.5").path
        let manual = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        let lines = manual.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
        #expect(lines.contains(seal), sourceLocation: location)
        let start = try #require(lines.firstIndex(of: hexadecimal(Array(fields.prefix(label)))), sourceLocation: location)
        let shown = lines[start...].prefix { $0 != ".Ed" }.joined()
        #expect(shown == hexadecimal(fields), sourceLocation: location)
        #expect(manual.contains(", \(fields.count) bytes"), sourceLocation: location)
    }

    private func number(_ offset: Int64) throws -> NodeID { try #require(NodeID(rawValue: 1 << 33 + offset)) }

    @Test func `of a node`() throws {
        var node = NodeRow(
            id: try number(5), uuid: uuid(8), parent: try number(4), kind: .variable, name: Array("PASSWORD".utf8), created: time,
            changed: time)
        (node.current, node.length, node.line) = (1, 6, 16)
        try expectInManual(node.canonicalBytes(store: uuid(1)), label: 13)
        // One with a description has another label, and that behind.
        let fields = node.canonicalBytes(store: uuid(1))
        node.description = Array("a".utf8)
        let label = Array("tacit node 2\0".utf8)
        #expect(node.canonicalBytes(store: uuid(1)) == label + fields.dropFirst(label.count) + [1, 0, 0, 0, 0, 0, 0, 0, UInt8(ascii: "a")])
        // One with a time of its own another, and behind: the description, the type, the time.
        (node.description, node.modified) = (nil, 258)
        let last = Array("tacit node 4\0".utf8)
        let absent = [UInt8](repeating: 255, count: 8)
        #expect(node.canonicalBytes(store: uuid(1)) == last + fields.dropFirst(last.count) + absent + absent + [2, 1, 0, 0, 0, 0, 0, 0])
    }

    @Test func `of something deleted`() throws {
        var row = DeletedRow(
            node: try number(5), parent: try number(4), scope: try number(1), path: Array("acme/web/db/vars/PASSWORD".utf8),
            time: time, author: 1000, watched: nil)
        try expectInManual(row.canonicalBytes(store: uuid(1), uuid: uuid(8)), label: 16)
        // One that says where it lay and when in watched time has another label, and those behind.
        let fields = row.canonicalBytes(store: uuid(1), uuid: uuid(8))
        let way = Way(sequence: 258, inodes: [Inode(try number(4), .vars), Inode(try number(4))])
        row = DeletedRow(
            node: row.node, parent: row.parent, scope: row.scope, path: row.path, time: row.time, author: row.author, watched: 3)
        row.way = way
        let label = Array("tacit deleted 2\0".utf8)
        let bytes: [UInt8] =
            [2, 1, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0x22, 0, 0, 0, 16, 0, 0, 0, 0x20, 0, 0, 0, 16, 0, 0, 0]
            + [3, 0, 0, 0, 0, 0, 0, 0]
        #expect(row.canonicalBytes(store: uuid(1), uuid: uuid(8)) == label + fields.dropFirst(label.count) + bytes)
        #expect(Way(sequence: 258, bytes: way.bytes)?.inodes == way.inodes)
        #expect(Way(sequence: 258, bytes: [0]) == nil && Way(sequence: 258, bytes: Array(repeating: 0, count: 8)) == nil)
        #expect(way.environment == [Inode(try number(4), .env)])
    }
}
