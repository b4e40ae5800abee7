// SPDX-License-Identifier: MIT

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Vault

/// Turns of those who change the store.
@Suite struct TurnsTests {
    private func start(_ body: @escaping @Sendable () -> Void) { Thread.detachNewThread { body() } }

    /// Has threads of these users wait, in this order, while another has the turn; each of their turns lasts as long as `length` says.
    /// Returns the order of the turns.
    private func turns(of uids: [UInt32], lasting length: @escaping @Sendable (UInt32) -> Int64) throws -> [UInt32] {
        let time = Box<Int64>(0)
        let turns = Turns(clock: { time.value })
        let order = Box<[UInt32]>([])
        let inside = Box(0)
        var waiting = 0
        try turns.take(of: 9) { () throws(VaultError) in
            for uid in uids {
                start {
                    try? turns.take(of: uid) { () throws(VaultError) in
                        inside.change { $0 += 1 }
                        order.change { $0.append(uid) }
                        if inside.value != 1 { order.change { $0.append(99) } }
                        time.change { $0 += length(uid) }
                        inside.change { $0 -= 1 }
                    }
                }
                waiting += 1
                let (count, isThere) = (waiting, Box(false))
                isThere.change { value in value = (try? Wait.until("it waits", seconds: 300) { turns.waiting == count }) != nil }
                guard isThere.value else { throw .notFound }
            }
        }
        try Wait.until("all had their turn", seconds: 300) { order.value.count >= uids.count && turns.waiting == 0 }
        // Free again, also after an error.
        #expect(throws: VaultError.self) { try turns.take(of: 1) { () throws(VaultError) in throw .notFound } }
        #expect(try turns.take(of: 1) { () throws(VaultError) in 1 } == 1)
        return order.value
    }

    @Test func `users are served one after the other`() throws {
        #expect(try turns(of: [1, 1, 1, 1, 2, 2, 3]) { _ in 1 } == [1, 2, 3, 1, 2, 1, 1])
    }

    /// One whose changes are long has fewer turns.
    @Test func `time counts`() throws {
        #expect(try turns(of: [1, 1, 1, 2, 2, 2, 2, 2]) { $0 == 1 ? 3 : 1 } == [1, 2, 2, 2, 1, 2, 2, 1])
        // No debt is for ever.
        let second: Int64 = 1_000_000_000
        #expect(try turns(of: [1, 1, 2, 2, 2]) { $0 == 1 ? 600 * second : second } == [1, 2, 1, 2, 2])
    }

    /// Twenty changes of one user wait for the store's writer. Another's is made after the one whose turn it is.
    @Test func `one change of each user waits for the writer`() throws {
        let safe = try Safe()
        let vault = safe.vault
        let (isHeld, isOver) = (Box(false), Box(false))
        defer { isOver.change { $0 = true } }
        for uid: UInt32 in [1001, 1002] { try safe.mkdir(".users/\(uid)/first", by: Safe.caller(uid)) }
        let homes = [UInt32(1001): try safe.inode(".users/1001"), 1002: try safe.inode(".users/1002")]
        start {
            _ = try? vault.store.write { _ throws(VaultError) in
                isHeld.change { $0 = true }
                while !isOver.value { usleep(1000) }
            }
        }
        try Wait.until("the writer is held", seconds: 300) { isHeld.value }
        let made = Box(0)
        func make(_ number: Int, by uid: UInt32) throws {
            let home = try #require(homes[uid])
            start {
                _ = try? vault.mkdir(Array("turn\(number)".utf8), in: home, by: Safe.caller(uid))
                made.change { $0 += 1 }
            }
        }
        for number in 0..<20 { try make(number, by: 1001) }
        try Wait.until("all but one wait for their turn", seconds: 300) { vault.turns.waiting == 19 }
        try make(20, by: 1002)
        try Wait.until("the other waits too", seconds: 300) { vault.turns.waiting == 20 }
        isOver.change { $0 = true }
        try Wait.until("all are made", seconds: 300) { made.value == 21 }
        let lines = String(decoding: try #require(FileManager.default.contents(atPath: safe.configuration.auditPath)), as: UTF8.self)
            .split(separator: "\n").filter { $0.contains("/turn") }
        #expect(lines.count == 21)
        #expect(lines.firstIndex { $0.contains("/turn20") } == 1)
    }
}
