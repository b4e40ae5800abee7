// SPDX-License-Identifier: MIT

import Foundation
import Linux
import SQLite
import Testing

@testable import Vault

/// Time by which what was deleted expires: no wall clock has a part in it.
@Suite struct WatchedTimeTests {
    private let day: Int64 = 86_400_000_000

    /// Changes the rows of what was deleted, with valid seals.
    private func change(_ safe: Safe, _ body: @escaping (DeletedRow) -> DeletedRow) throws {
        _ = try safe.vault.store.write { store throws(VaultError) in
            for row in try store.deletedRows() {
                guard let node = try store.node(row.node) else { continue }
                try store.removeDeletedRow(of: row.node)
                try store.insert(body(row), of: node)
            }
        }
    }

    private func row(_ row: DeletedRow, time: Int64, watched: Int64?) -> DeletedRow {
        DeletedRow(
            node: row.node, parent: row.parent, scope: row.scope, path: row.path, time: time, author: row.author, watched: watched)
    }

    @Test func `a wall clock that was wrong at the deletion, or is now, destroys nothing`() throws {
        let safe = try Safe()
        try safe.furnish()
        try safe.remove("acme/web/db")
        // As it is seen by a clock that was set forward by ten years since; and of an older release.
        for watched in [safe.vault.watched.now, nil] {
            try change(safe) { self.row($0, time: $0.time - 3650 * self.day, watched: watched) }
            try safe.restart()
            try safe.vault.destroyExpired(now: safe.vault.watched.now)
            #expect(try safe.deleted().count == 1)
            // What is shown of it is a time to come, by the clock that there is.
            let item = try #require(try safe.vault.deleted(below: nil, for: safe.owner).first)
            #expect(item.expires > SystemClock.now() && item.expires <= SystemClock.now() + Vault.retention)
        }
    }

    @Test func `a wall clock that is set back keeps nothing for ever`() throws {
        let safe = try Safe()
        try safe.furnish()
        try safe.remove("acme/web/db")
        try change(safe) { self.row($0, time: $0.time + 3650 * self.day, watched: ($0.watched ?? 0) - Vault.retention) }
        try safe.vault.destroyExpired(now: safe.vault.watched.now)
        #expect(try safe.deleted() == [])
    }

    @Test func `it goes on over restarts, and not over what it did not see`() throws {
        let safe = try Safe()
        let now = SystemClock.sinceBoot()
        let saved = { (boot: [UInt8]) in WatchRow(watched: 5 * self.day, boot: boot, reading: now - 1_000_000) }
        // In the same start of the machine, what passed without a daemon counts.
        #expect(WatchedTime(after: saved(SystemClock.bootID()), latest: 0).now >= 5 * day + 1_000_000)
        for other in [Array("another".utf8), []] {
            let time = WatchedTime(after: saved(other), latest: 0).now
            #expect((5 * day..<5 * day + 1_000_000_000).contains(time))
        }
        // Nothing lies in the future, and nothing overflows.
        #expect(WatchedTime(after: nil, latest: 9 * day).now >= 9 * day)
        #expect(WatchedTime(after: WatchRow(watched: .max, boot: SystemClock.bootID(), reading: .min), latest: 0).now == .max)

        let before = safe.vault.watched.now
        try safe.restart()
        #expect(safe.vault.watched.now >= before)
        #expect(try safe.vault.store.read { store throws(VaultError) in try store.watchRow() } != nil)
    }

    @Test func `a saved time that was changed is told, and believed no more`() throws {
        let safe = try Safe()
        try safe.vault.close()
        let connection = try Connection(path: safe.configuration.storePath, mode: .readWrite)
        try connection.execute("UPDATE watch SET watched = 9000000000000000000")
        let again = try Vault(safe.configuration)
        defer { again.audit.close() }
        #expect(again.watched.now < day)
        #expect(again.damage.all.contains { $0.contains("watched time") })
    }
}
