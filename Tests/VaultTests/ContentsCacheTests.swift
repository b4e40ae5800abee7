// SPDX-License-Identifier: MIT

import Secrets
import Testing

@testable import Vault

@Suite struct ContentsCacheTests {
    private let cache = ContentsCache()

    /// What an open of A finds in the store, to be kept.
    private func contents(_ safe: Safe) throws -> (Contents, Inode) {
        let inode = try safe.inode("acme/web/db/vars/A")
        let place = try safe.vault.place(inode)
        return (try safe.vault.store.read { store throws(VaultError) in try store.contents(of: place) }, inode)
    }

    private func safe() throws -> Safe {
        let safe = try Safe()
        try safe.furnish()
        try safe.write("one", to: "acme/web/db/vars/A")
        return safe
    }

    @Test func `what was read before a change is not kept after it`() throws {
        let (old, inode) = try contents(try safe())
        let generation = cache.generation
        cache.beginChange(of: inode)
        // Committed or not: another may have read what is new.
        cache.keep(old, of: inode, generation: generation)
        #expect(cache.contents(inode) == nil)
        cache.endChange(of: [inode])
        cache.keep(old, of: inode, generation: generation)
        #expect(cache.contents(inode) == nil)
        cache.keep(old, of: inode, generation: cache.generation)
        #expect(cache.contents(inode) != nil)
    }

    @Test func `what changes is not found`() throws {
        let (old, inode) = try contents(try safe())
        cache.keep(old, of: inode, generation: cache.generation)
        #expect(cache.contents(inode) != nil)
        cache.beginChange(of: inode)
        #expect(cache.contents(inode) == nil)
    }
}
