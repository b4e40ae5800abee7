// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Linux
import Synchronization
import Testing

@testable import Control

/// Who may connect, and for how long they may keep a connection without saying anything.
@Suite struct ConnectionsTests {
    private static let owner: UInt32 = 500

    private func connections(share: Int? = 64, patience: Double = 3600) -> Connections {
        Connections(share: share, isLimited: { $0 != 0 && $0 != Self.owner }, patience: patience)
    }

    private func peer(_ uid: UInt32) -> Peer { Peer(uid: uid, gid: uid, pid: 1, groups: [], comm: []) }

    /// Both ends of a socket: what the server does to one is seen at the other.
    private final class Pair {
        let server: Int32
        let client: Int32

        init() {
            var ends: [Int32] = [-1, -1]
            _ = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
            (server, client) = (ends[0], ends[1])
        }

        deinit {
            close(server)
            close(client)
        }

        /// What came, once the server has hung up.
        var received: String {
            var text: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = unsafe read(client, &piece, piece.count)
                guard count > 0 else { return String(decoding: text, as: UTF8.self) }
                text += piece.prefix(count)
            }
        }
    }

    /// How many of `count` connections of a user are admitted.
    private func admitted(_ connections: Connections, _ uid: UInt32, _ count: Int) -> [Peer] {
        (0..<count).compactMap { _ in
            let (peer, pair) = (peer(uid), Pair())
            return withExtendedLifetime(pair) { connections.admit(peer, pair.server) } ? peer : nil
        }
    }

    @Test func `no user has more than a share`() {
        let connections = connections()
        let held = admitted(connections, 1001, 300)
        #expect(held.count == 64)
        #expect(admitted(connections, 1002, 3).count == 3)
        connections.dismiss(held[0])
        #expect(admitted(connections, 1001, 2).count == 1)
    }

    @Test func `some are kept for who has none and for the owner`() {
        let connections = connections()
        for uid: UInt32 in 1001...1010 { _ = admitted(connections, uid, 64) }
        // The first ten have all that those may have who have one already: everybody else has one.
        for uid: UInt32 in 2001...2020 { #expect(admitted(connections, uid, 2).count == 1) }
        for uid: UInt32 in 2021...2300 { _ = admitted(connections, uid, 1) }
        #expect(admitted(connections, 3001, 1).isEmpty)
        #expect(admitted(connections, 0, 300).count + admitted(connections, Self.owner, 300).count == Limits.connectionsForOwner)
    }

    @Test func `without a share nobody is refused until it is full`() {
        let connections = connections(share: nil)
        #expect(
            admitted(connections, 1001, 300).count == Int(Limits.connections) - Limits.connectionsForOwner - Limits.connectionsForNewcomers)
    }

    @Test func `who is refused is told why`() throws {
        let connections = connections(share: 0)
        let pair = Pair()
        #expect(!connections.admit(peer(1001), pair.server))
        let answer = pair.received
        #expect(answer.hasPrefix("HTTP/1.1 503 "))
        let body = try #require(answer.components(separatedBy: "\r\n\r\n").last)
        #expect(try JSONDecoder().decode(Refusal.self, from: Data(body.utf8)).code == .busy)
        #expect(answer.contains("Content-Length: \(body.utf8.count)\r\n"))
    }

    @Test func `who says too little is hung up on`() throws {
        let connections = connections(patience: 0.05)
        try connections.start()
        defer { connections.stop() }
        // Their heads came: they may take as long as they like.
        let (speaker, speaking) = (peer(1001), Pair())
        #expect(connections.admit(speaker, speaking.server))
        connections.headCame(from: speaker)
        for _ in 0..<3 {
            let (silent, pair) = (peer(1001), Pair())
            #expect(connections.admit(silent, pair.server))
            #expect(pair.received.hasPrefix("HTTP/1.1 503 "))
            connections.dismiss(silent)
        }
        // Between two requests: no answer that could be taken for that of the next.
        connections.expectHead(of: speaker, speaking.server, isFirst: false)
        #expect(speaking.received == "")
    }

    /// The whole server: one byte of a head now and then keeps no connection.
    @Test func `a head that comes byte by byte is refused`() throws {
        let server = try Server()
        let connection = try UnixStream.connect(server.socket)
        let isOver = Atomic(false)
        let hasEnded = Monitor(false)
        let descriptor = connection.rawValue
        try DetachedThread.start {
            for byte in Array("GET /v1/status HTTP/1.1\r\n".utf8) + Array(repeating: UInt8(ascii: "x"), count: 100_000) {
                var byte = byte
                let sent = unsafe send(descriptor, &byte, 1, Int32(MSG_NOSIGNAL))
                if isOver.load(ordering: .acquiring) || sent != 1 { break }
                SystemClock.sleep(microseconds: 50_000)
            }
            hasEnded.change { $0 = true }
        }
        var answer: [UInt8] = []
        while let byte = try? connection.readByte() { answer.append(byte) }
        isOver.store(true, ordering: .releasing)
        hasEnded.wait { $0 ? () : nil }
        #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 503 "))
        #expect(try server.ask("GET", Endpoint.status).status == 200)
    }
}
