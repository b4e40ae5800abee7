internal import Secrets

/// The row that keeps the watched time.
extension StoreConnection {
    /// Nil before the first run that saved it, and for a row that was changed, which is reported.
    func watchRow() throws(VaultError) -> WatchRow? {
        let found = try rows("SELECT watched, boot, reading, seal FROM watch WHERE id = 1", []) {
            (WatchRow(watched: $0.integer(0), boot: $0.bytes(1), reading: $0.integer(2)), seal: $0.bytes(3))
        }.first
        guard let (row, seal) = found else { return nil }
        guard seals.verifies(seal: seal, of: row.canonicalBytes(store: identity.uuid)) else {
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
