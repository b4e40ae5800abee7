// SPDX-License-Identifier: MIT

internal import Secrets

/// The row that keeps the watched time.
extension StoreConnection {
    /// Nil before the first run that saved it, and for a row that was changed, which is reported. There is one row, of id 1.
    func watchRow() throws(VaultError) -> WatchRow? {
        let found = try rows("SELECT id, watched, boot, reading, seal FROM watch", []) {
            (id: $0.integer(0), WatchRow(watched: $0.integer(1), boot: $0.bytes(2), reading: $0.integer(3)), seal: $0.bytes(4))
        }
        guard let (id, row, seal) = found.first else { return nil }
        guard found.count == 1, id == 1, seals.verifies(seal: seal, of: row.canonicalBytes(store: identity.uuid)) else {
            report("the watched time: its seal does not verify")
            return nil
        }
        return row
    }

    /// In a transaction only.
    func setWatchRow(_ row: WatchRow) throws(VaultError) {
        try run(
            "INSERT OR REPLACE INTO watch (id, watched, boot, reading, seal) VALUES (1, ?, ?, ?, ?)",
            [
                .integer(row.watched), .bytes(row.boot), .integer(row.reading),
                .bytes(seals.seal(row.canonicalBytes(store: identity.uuid))),
            ])
    }
}
