// SPDX-License-Identifier: MIT

internal import Secrets
internal import SQLite

/// Checks of the store as a whole, for `doctor`. They look at every row, verified or not.
extension StoreConnection {
    /// The problems that SQLite finds in the file; empty if none.
    func integrityReports() throws(VaultError) -> [[UInt8]] {
        try rows("PRAGMA integrity_check", []) { $0.bytes(0) }.filter { $0 != Array("ok".utf8) }
    }

    /// Whether tables, indexes, triggers and views are those of a new store.
    func hasSchemaOfStore() throws(VaultError) -> Bool {
        try sqlite { () throws(SQLiteError) in try connection.schema() } == Store.newSchema
    }

    /// The tables in which a row refers to one that is missing, once for each such row.
    func tablesWithDanglingRows() throws(VaultError) -> [[UInt8]] {
        try rows("PRAGMA foreign_key_check", []) { $0.bytes(0) }
    }

    /// The numbers of nodes that no node can have, since they are below 1.
    func nodeNumbersBelowOne() throws(VaultError) -> [Int64] {
        try rows("SELECT id FROM node WHERE id < 1", []) { $0.integer(0) }
    }

    /// The lowest number of a node above another.
    func nodeNumber(after number: Int64) throws(VaultError) -> Int64? {
        try rows("SELECT min(id) FROM node WHERE id > ?", [.integer(number)]) { $0.integer(0) }.first
    }

    func keyNumbers() throws(VaultError) -> [Int64] {
        try rows("SELECT id FROM key", []) { $0.integer(0) }
    }

    /// The numbers of nodes that grants are on.
    func nodeNumbersWithGrants() throws(VaultError) -> [Int64] {
        try rows("SELECT DISTINCT node FROM grants", []) { $0.integer(0) }
    }

    /// The numbers of the inodes that a grant makes passable.
    func passage(of grant: Int64) throws(VaultError) -> Set<Int64> {
        Set(try rows("SELECT inode FROM passage WHERE grant = ?", [.integer(grant)]) { $0.integer(0) })
    }
}
