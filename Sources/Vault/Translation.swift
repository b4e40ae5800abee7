internal import Linux
internal import SQLite
internal import Sodium

/// What the rooms below throw, as this room's error. One place each.

func sodium<Result: ~Copyable>(_ body: () throws(SodiumError) -> Result) throws(VaultError) -> Result {
    do { return try body() } catch { throw .storage("\(error)") }
}

func sqlite<Result: ~Copyable>(_ body: () throws(SQLiteError) -> Result) throws(VaultError) -> Result {
    do { return try body() } catch { throw VaultError(error) }
}

/// For a call about a file: its path is named.
func system<Result: ~Copyable>(_ path: String, _ body: () throws(Errno) -> Result) throws(VaultError) -> Result {
    do { return try body() } catch { throw .storage("\(path): \(error)") }
}

extension VaultError {
    init(_ error: SQLiteError) {
        self = error.isCorrupt ? .corrupt("the store: \(error)") : .storage("the store: \(error)")
    }
}
