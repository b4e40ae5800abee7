// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Testing

@testable import Control

/// How much locked memory one user can take up.
@Suite struct LockedSharesTests {
    private func peer(_ uid: UInt32) -> Peer { Peer(uid: uid, gid: uid, pid: 1, groups: [], comm: []) }
    private let mebibyte = 1 << 20

    private func status(_ body: () throws(Refused) -> Share) -> UInt32? {
        do throws(Refused) {
            _ = try body()
            return nil
        } catch { return error.status }
    }

    @Test func `no user has more than a quarter`() throws {
        let shares = LockedShares(limit: 64 * mebibyte)
        #expect(shares.total == 32 * mebibyte)
        #expect(status { () throws(Refused) in try shares.take(8 * mebibyte + 1, for: peer(1001), isOwner: false) } == 413)
        let held = try shares.take(5 * mebibyte, for: peer(1001), isOwner: false)
        #expect(status { () throws(Refused) in try shares.take(4 * mebibyte, for: peer(1001), isOwner: false) } == 503)
        #expect(status { () throws(Refused) in try shares.take(3 * mebibyte, for: peer(1001), isOwner: false) } == nil)
        #expect(status { () throws(Refused) in try shares.take(8 * mebibyte, for: peer(1002), isOwner: false) } == nil)
        _ = held
    }

    @Test func `all together have no more than there is`() throws {
        let shares = LockedShares(limit: 64 * mebibyte)
        var held: [Share] = []
        for uid in 1001...1004 { held.append(try shares.take(8 * mebibyte, for: peer(UInt32(uid)), isOwner: false)) }
        #expect(status { () throws(Refused) in try shares.take(mebibyte, for: peer(0), isOwner: true) } == 503)
        // A password is always had.
        #expect(status { () throws(Refused) in try shares.take(Limits.smallValue, for: peer(2000), isOwner: false) } == nil)
        held.removeLast()
        #expect(status { () throws(Refused) in try shares.take(8 * mebibyte, for: peer(0), isOwner: true) } == nil)
        held.removeAll()
        #expect(status { () throws(Refused) in try shares.take(32 * mebibyte, for: peer(0), isOwner: true) } == nil)
    }

    /// What outlives its request counts for the memory that it takes up, which is a slot of the pool.
    @Test(arguments: [(1, 4096), (4096, 4096), (4097, 16384), (16385, 65536), (65536, 65536), (65537, 73728)])
    func `what is kept counts for its memory`(bytes: Int, memory: Int) throws {
        let shares = LockedShares(limit: 64 * mebibyte)
        var held: [Share] = []
        for _ in 0..<(8 * mebibyte / memory) { held.append(try shares.take(bytes, for: peer(1001), isOwner: false, kept: true)) }
        #expect(status { () throws(Refused) in try shares.take(bytes, for: peer(1001), isOwner: false, kept: true) } == 503)
    }

    @Test func `a process without a limit has one`() {
        #expect(LockedShares(limit: nil).total == Limits.lockedMemory)
        #expect(LockedShares(limit: .max).total == Limits.lockedMemory)
        #expect(LockedShares(limit: 0).total == 0)
    }

    /// An upload that is announced takes its share, and gives it back when the connection ends.
    @Test func `who announces much and sends nothing holds up only himself`() throws {
        let server = try Server(owner: geteuid() &+ 1)
        let share = LockedShares().total / 4
        let announced = min(share, ValueBundle.longest)
        let head = "POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: \(announced)\r\n\r\n{"
        do {
            var held: [UnixStreamPeer] = []
            for _ in 0..<max(1, share / announced) { held.append(try UnixStreamPeer(server.socket, head)) }
            // The server takes each in when it gets to it.
            var status = 0
            for _ in 0..<1000 where status != 503 {
                status = try server.exchange("POST", Endpoint.apply, [UInt8](repeating: 0x20, count: 1 << 20)).status
            }
            #expect(status == 503)
            #expect(try server.exchange("POST", Endpoint.apply, Array("{\"secrets\":[]}\n".utf8)).status == 200)
            _ = held
        }
        var status = 503
        for _ in 0..<1000 where status == 503 {
            status = try server.exchange("POST", Endpoint.apply, [UInt8](repeating: 0x20, count: 1 << 20)).status
        }
        #expect(status == 413)
    }
}
