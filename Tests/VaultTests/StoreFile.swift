// SPDX-License-Identifier: MIT

import Foundation
import SQLite

/// The file of a store in the hands of somebody who can write to it and has no keys: any row may become any other, whatever the
/// schema's constraints say.
final class StoreFile {
    let connection: Connection

    enum Cell: Hashable {
        case null
        case integer(Int64)
        case blob([UInt8])
    }

    /// A table that holds rows, with its columns in order.
    struct Table {
        let name: String
        let columns: [String]
        /// Which of the columns name the row.
        let key: [Int]
    }

    typealias Row = [Cell]

    init(_ path: String) throws {
        connection = try Connection(path: path, mode: .readWrite)
        try connection.execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF")
    }

    func tables() throws -> [Table] {
        var names: [String] = []
        var list = try connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        while try list.step() { names.append(list.columnString(0)) }
        return try names.map { name in
            var columns: [String] = []
            var key: [Int] = []
            var info = try connection.prepare("SELECT name, pk FROM pragma_table_info('\(name)') ORDER BY cid")
            while try info.step() {
                if info.columnInt64(1) > 0 { key.append(columns.count) }
                columns.append(info.columnString(0))
            }
            return Table(name: name, columns: columns, key: key)
        }
    }

    func rows(of table: Table) throws -> [Row] {
        // Each column twice: its type and itself.
        let columns = table.columns.map { "typeof(\"\($0)\"), \"\($0)\"" }.joined(separator: ", ")
        var statement = try connection.prepare("SELECT \(columns) FROM \(table.name)")
        var rows: [Row] = []
        while try statement.step() {
            var row: Row = []
            for column in 0..<Int32(table.columns.count) {
                switch statement.columnString(column * 2) {
                case "integer": row.append(.integer(statement.columnInt64(column * 2 + 1)))
                case "null": row.append(.null)
                default: row.append(.blob(statement.columnBytes(column * 2 + 1)))
                }
            }
            rows.append(row)
        }
        return rows
    }

    /// Puts rows in the place of others. False, and nothing is changed, where a unique index or a NOT NULL does not let them in.
    func replace(_ old: [Row], by new: [Row], in table: Table) throws -> Bool {
        do throws(SQLiteError) {
            try connection.transaction { () throws(SQLiteError) in
                for row in old { try delete(row, from: table) }
                for row in new { try insert(row, into: table) }
            }
            return true
        } catch {
            // SQLITE_CONSTRAINT.
            guard error.code == 19 else { throw error }
            return false
        }
    }

    private func delete(_ row: Row, from table: Table) throws(SQLiteError) {
        let condition = table.key.map { "\"\(table.columns[$0])\" = ?" }.joined(separator: " AND ")
        var statement = try connection.prepare("DELETE FROM \(table.name) WHERE \(condition)")
        for (index, column) in table.key.enumerated() { try bind(row[column], index, &statement) }
        try statement.run()
    }

    private func insert(_ row: Row, into table: Table) throws(SQLiteError) {
        let marks = row.map { _ in "?" }.joined(separator: ", ")
        var statement = try connection.prepare("INSERT INTO \(table.name) VALUES (\(marks))")
        for (index, cell) in row.enumerated() { try bind(cell, index, &statement) }
        try statement.run()
    }

    private func bind(_ cell: Cell, _ index: Int, _ statement: inout Statement) throws(SQLiteError) {
        switch cell {
        case .null: try statement.bindNull(Int32(index + 1))
        case .integer(let number): try statement.bind(Int32(index + 1), number)
        case .blob(let bytes): try statement.bind(Int32(index + 1), bytes)
        }
    }
}

extension StoreFile.Cell {
    /// How many bits it has.
    var bits: Int {
        switch self {
        case .null: 0
        case .integer: 64
        case .blob(let bytes): bytes.count * 8
        }
    }

    func flipping(_ bit: Int) -> StoreFile.Cell {
        switch self {
        case .null: return .null
        case .integer(let number): return .integer(number ^ (1 << Int64(bit)))
        case .blob(var bytes):
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            return .blob(bytes)
        }
    }
}
