// SPDX-License-Identifier: MIT

internal import CSQLite

/// Brings a database from the version it has to the newest, one step a version. The version is SQLite's `user_version`:
/// 0 in a new file, otherwise how many of the steps it has seen. Steps are only ever added at the end.
package enum SchemaMigration {
    /// One step: from the version that is its place in the list to the next.
    package typealias Step = (Connection) throws(SQLiteError) -> Void

    /// Runs the `steps` that the database lacks, each in a transaction with the new version number. Throws and changes
    /// nothing where the database has seen more than there are.
    package static func migrate(_ connection: Connection, steps: [Step]) throws(SQLiteError) {
        for (seen, step) in steps.enumerated() {
            // Read again in the transaction: another process may have come first.
            guard try version(of: connection) <= seen else { continue }
            try connection.transaction { () throws(SQLiteError) in
                guard try version(of: connection) == seen else { return }
                try step(connection)
                try connection.execute("PRAGMA user_version = \(seen + 1)")
            }
        }
        let seen = try version(of: connection)
        guard (0...Int64(steps.count)).contains(seen) else {
            throw SQLiteError(
                code: SQLITE_SCHEMA,
                message: "the database has version \(seen), and the newest known here is \(steps.count)")
        }
    }

    /// How many steps the database has seen.
    package static func version(of connection: Connection) throws(SQLiteError) -> Int64 {
        try connection.number("PRAGMA user_version") ?? 0
    }
}
