// SPDX-License-Identifier: MIT

import SQLite

/// The rows of a store, read by SQL of the test's own: it trusts no code that it tests.
final class StoreRows {
    private let connection: Connection
    private var child: Statement
    private var kind: Statement
    let tables: [Table]
    /// Compiled once: for the visible part of each table.
    private var prepared: [Prepared] = []

    /// A table with those of its columns that are the same in stores that are alike.
    struct Table {
        let name: String
        let columns: [String]
    }

    private final class Prepared {
        private var statement: Statement
        init(_ statement: consuming Statement) { self.statement = statement }

        func text() throws -> String {
            defer { statement.reset() }
            return try statement.step() ? statement.columnString(0) : ""
        }
    }

    /// What may differ between stores that are alike: identities, keys, ciphertext and what is signed or hashed of them.
    private static let hidden: Set<String> = [
        "uuid", "origin", "seal", "signature", "value", "data_key", "public", "private", "root_public", "chain", "salt",
    ]

    /// - Parameter tables: those of a store with the same schema; nil: it is looked up.
    init(_ path: String, tables: [Table]? = nil) throws {
        let connection = try Connection(path: path, mode: .readOnly)
        self.connection = connection
        child = try connection.prepare(
            "SELECT id FROM node WHERE parent = ? AND (kind = 9) = ? AND name = ? AND id <> parent", persistent: true)
        kind = try connection.prepare("SELECT kind FROM node WHERE id = ?", persistent: true)
        self.tables = try tables ?? Self.tables(connection)
    }

    private static func tables(_ connection: Connection) throws -> [Table] {
        // Nobody but the owner sees the log, or how much of it the disk has: `state` and `line`.
        var names: [String] = []
        var list = try connection.prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('state', 'line') AND name NOT LIKE 'sqlite%' ORDER BY name"
        )
        while try list.step() { names.append(list.columnString(0)) }
        return try names.map { table in
            var columns: [String] = []
            var info = try connection.prepare("SELECT name FROM pragma_table_info('\(table)') ORDER BY cid")
            while try info.step() { columns.append(info.columnString(0)) }
            return Table(name: table, columns: columns.filter { !hidden.contains($0) })
        }
    }

    /// Another number after each change that was committed by somebody else.
    var edition: Int64 { (try? connection.number("PRAGMA data_version")) ?? 0 }

    /// All of each table that is the same in stores that are alike, as text. It may hold names that were values: not to be printed.
    func visible() throws -> [String] {
        if prepared.isEmpty {
            prepared = try tables.map { table in
                let row = table.columns.map { "quote(\"\($0)\")" }.joined(separator: " || ' ' || ")
                let sql = "SELECT group_concat(line, char(10)) FROM (SELECT \(row) AS line FROM \"\(table.name)\" ORDER BY 1)"
                return Prepared(try connection.prepare(sql, persistent: true))
            }
        }
        return try prepared.map { try $0.text() }
    }

    /// In which columns of which tables two stores differ.
    static func difference(_ left: StoreRows, _ right: StoreRows) throws -> String? {
        var found: [String] = []
        for table in left.tables {
            for column in table.columns where try left.all(column, table.name) != right.all(column, table.name) {
                found.append("\(table.name).\(column)")
            }
        }
        return found.isEmpty ? nil : found.joined(separator: ", ")
    }

    private func all(_ column: String, _ table: String) throws -> String {
        var statement = try connection.prepare("SELECT group_concat(quote(\"\(column)\")) FROM (SELECT * FROM \"\(table)\" ORDER BY 1)")
        return try statement.step() ? statement.columnString(0) : ""
    }

    /// The number of the inode at a path, whoever asks. Nil if there is none.
    func find(_ path: String, home uid: UInt32) throws -> UInt64? {
        var (node, facet): (Int64, Int64) = (1, 0)
        for name in path.split(separator: "/") {
            if node == 1, name == "user" {
                node = 1 << 32 + Int64(uid)
            } else if facet == 0, let known = ["env", "vars", "files"].firstIndex(of: name), try isSecret(node) {
                facet = Int64(known) + 1
            } else {
                child.reset()
                try child.bind(1, node)
                try child.bind(2, facet == 2 ? 1 : 0)
                try child.bind(3, Array(name.utf8))
                guard try child.step() else { return nil }
                (node, facet) = (child.columnInt64(0), 0)
            }
        }
        child.reset()
        return node == 1 ? 1 : UInt64(node << 3 | facet)
    }

    private func isSecret(_ node: Int64) throws -> Bool {
        kind.reset()
        try kind.bind(1, node)
        defer { kind.reset() }
        return try kind.step() && kind.columnInt64(0) == 8
    }

    struct Node {
        let id: Int64
        let parent: Int64
        let kind: Int64
    }

    struct Grant {
        /// The inode's number.
        let subject: Int64
        let user: Int64
        let rights: Int64
        let created: Int64
    }

    struct Deleted {
        /// The node it lay in.
        let parent: Int64
        /// The organization or home.
        let scope: Int64
        let time: Int64
    }

    struct Version {
        let node: Int64
        let number: Int64
        let uuid: [UInt8]
    }

    func nodes() throws -> [Int64: Node] {
        var nodes: [Int64: Node] = [:]
        var row = try connection.prepare("SELECT id, parent, kind FROM node")
        while try row.step() {
            nodes[row.columnInt64(0)] = Node(id: row.columnInt64(0), parent: row.columnInt64(1), kind: row.columnInt64(2))
        }
        return nodes
    }

    /// Those to users.
    func grants() throws -> [Grant] {
        var grants: [Grant] = []
        var row = try connection.prepare("SELECT subject, principal, rights, created FROM grants WHERE class = 0")
        while try row.step() {
            grants.append(
                Grant(subject: row.columnInt64(0), user: row.columnInt64(1), rights: row.columnInt64(2), created: row.columnInt64(3)))
        }
        return grants
    }

    func deleted() throws -> [Int64: Deleted] {
        var deleted: [Int64: Deleted] = [:]
        var row = try connection.prepare("SELECT node, parent, scope, time FROM deleted")
        while try row.step() {
            deleted[row.columnInt64(0)] = Deleted(parent: row.columnInt64(1), scope: row.columnInt64(2), time: row.columnInt64(3))
        }
        return deleted
    }

    func versions() throws -> [Version] {
        var versions: [Version] = []
        var row = try connection.prepare("SELECT node, number, uuid FROM version ORDER BY node, number")
        while try row.step() { versions.append(Version(node: row.columnInt64(0), number: row.columnInt64(1), uuid: row.columnBytes(2))) }
        return versions
    }
}
