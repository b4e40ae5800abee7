// SPDX-License-Identifier: MIT

internal import Secrets

/// The one row that each committed change writes anew: how many there were, where the audit log ended, and how many lines the store
/// carries for it.
struct StoreState: Equatable, Sendable {
    /// How many changes were committed since the store was made; 0 in a store of 0.1 that none was made in since.
    var generation: Int64 = 0
    /// The end of the audit log at a moment when the disk had it, so that a cut tail is noticed after a restart.
    var logEnd = AuditAnchor()
    /// How many rows the table `line` has: a missing one is noticed.
    var lines: Int64 = 0

    /// Sealed: or else who cuts the end off the log could say that it ended there. 0.1 knew no generation, and sealed its row without.
    func canonicalBytes(store: [UInt8]) -> [UInt8] {
        var fields = CanonicalBytes(label: generation == 0 ? "tacit audit 1" : "tacit state 1")
        fields.add(store)
        if generation != 0 {
            fields.add(generation)
            fields.add(lines)
        }
        fields.add(logEnd.count)
        fields.add(logEnd.offset)
        fields.add(logEnd.chain)
        return fields.bytes
    }
}

extension StoreConnection {
    /// Nil where the row is missing or was changed, which is reported.
    func readState() throws(VaultError) -> StoreState? {
        let found = try rows("SELECT generation, count, offset, chain, seal, lines FROM state WHERE id = 1", []) {
            let logEnd = AuditAnchor(count: $0.integer(1), offset: $0.integer(2), chain: $0.bytes(3))
            return (StoreState(generation: $0.integer(0), logEnd: logEnd, lines: $0.integer(5)), seal: $0.bytes(4))
        }.first
        guard let (state, seal) = found, seals.verifies(seal: seal, of: state.canonicalBytes(store: identity.uuid)) else {
            report("the end of the audit log: what the store says of it does not verify")
            return nil
        }
        return state
    }

    /// In a transaction only.
    func setState(_ state: StoreState) throws(VaultError) {
        try run(
            "INSERT OR REPLACE INTO state (id, generation, lines, count, offset, chain, seal) VALUES (1, ?, ?, ?, ?, ?, ?)",
            [
                .integer(state.generation), .integer(state.lines), .integer(state.logEnd.count), .integer(state.logEnd.offset),
                .bytes(state.logEnd.chain),
                .bytes(seals.seal(state.canonicalBytes(store: identity.uuid))),
            ])
    }
}
