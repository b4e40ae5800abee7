// SPDX-License-Identifier: MIT

import Foundation
import Testing
import TestSupport

@testable import SQLite

/// A database in a folder of its own.
private final class Bench {
    let scratch: Scratch
    let path: String

    init() throws {
        scratch = try Scratch()
        path = scratch.path + "/test.db"
    }

    func open(_ mode: Connection.Mode = .create) throws -> Connection {
        try Connection(path: path, mode: mode, busyTimeout: 100)
    }

    /// A new database with a table of rows of some bytes.
    func openWithTable() throws -> Connection {
        let connection = try open()
        try connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, value BLOB UNIQUE) STRICT")
        return connection
    }
}

private func insert(_ value: [UInt8], into connection: Connection) throws(SQLiteError) {
    var statement = try connection.prepare("INSERT INTO item (value) VALUES (?)")
    try statement.bind(1, value)
    try statement.run()
}

/// What `body` throws.
private func failure(_ body: () throws -> Void) -> SQLiteError? {
    do { try body() } catch { return error as? SQLiteError }
    return nil
}

@Suite struct StatementTests {
    @Test func `what was bound comes back`() throws {
        let bench = try Bench()
        defer { withExtendedLifetime(bench) {} }
        let connection = try bench.open()
        let text = "déjà \u{0} vu"
        for bytes in [[], [0], Array("a\0b".utf8), [UInt8](repeating: 0xff, count: 100_000)] {
            var statement = try connection.prepare("SELECT ?, ?, ?, ?")
            try statement.bind(1, Int64.min)
            try statement.bind(2, bytes)
            try statement.bind(3, text)
            try statement.bindNull(4)
            let isRow = try statement.step()
            let (number, blob, string) = (statement.columnInt64(0), statement.columnBytes(1), statement.columnString(2))
            let (blobIsNull, lastIsNull, count) = (statement.columnIsNull(1), statement.columnIsNull(3), statement.columnCount)
            let isEnd = try !statement.step()
            #expect(isRow && isEnd && count == 4)
            #expect(number == .min && blob == bytes && string == text)
            #expect(!blobIsNull && lastIsNull)
        }
    }

    @Test func `a reset forgets what was bound`() throws {
        let bench = try Bench()
        defer { withExtendedLifetime(bench) {} }
        let connection = try bench.open()
        var statement = try connection.prepare("SELECT ?", persistent: true)
        try statement.bind(1, 7)
        _ = try statement.step()
        statement.reset()
        _ = try statement.step()
        let isNull = statement.columnIsNull(0)
        #expect(isNull)
    }

    @Test func `a parameter or column out of range traps nothing`() throws {
        let bench = try Bench()
        defer { withExtendedLifetime(bench) {} }
        let connection = try bench.open()
        #expect(
            failure {
                var statement = try connection.prepare("SELECT ?")
                try statement.bind(2, 7)
            } != nil)
        var statement = try connection.prepare("SELECT 1")
        _ = try statement.step()
        let (number, bytes, isNull) = (statement.columnInt64(9), statement.columnBytes(-1), statement.columnIsNull(9))
        #expect(number == 0 && bytes == [] && isNull)
    }

    @Test(arguments: ["", "-- nothing", "SELECT", "SELECT 'a', \"b\"", "SELECT * FROM nowhere"])
    func `what is no statement is an error`(sql: String) throws {
        let bench = try Bench()
        defer { withExtendedLifetime(bench) {} }
        let connection = try bench.open()
        #expect(failure { _ = try connection.prepare(sql) } != nil)
    }

    @Test func `a statement outlives its scope with its connection`() throws {
        let bench = try Bench()
        func make() throws -> Statement { try bench.open().prepare("SELECT 5") }
        var statement = try make()
        _ = try statement.step()
        let number = statement.columnInt64(0)
        #expect(number == 5)
    }
}

@Suite struct ConnectionTests {
    @Test func `settings are as promised`() throws {
        let bench = try Bench()
        let connection = try bench.openWithTable()
        let settings = [("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1), ("trusted_schema", 0), ("cell_size_check", 1)]
        for (pragma, value) in settings {
            #expect(try connection.number("PRAGMA \(pragma)") == Int64(value))
        }
        #expect(FileManager.default.fileExists(atPath: bench.path + "-wal"))
    }

    @Test func `a missing file is an error unless it is to be made`() throws {
        let bench = try Bench()
        #expect(failure { _ = try bench.open(.readOnly) } != nil)
        #expect(failure { _ = try bench.open(.readWrite) } != nil)
        #expect(!FileManager.default.fileExists(atPath: bench.path))
        _ = try bench.open(.create)
        #expect(failure { try bench.open(.readOnly).execute("CREATE TABLE t (a)") } != nil)
    }

    @Test func `an empty file with narrow permissions becomes a database, and its log is as narrow`() throws {
        let bench = try Bench()
        try bench.scratch.file("test.db", mode: 0o600)
        let connection = try bench.open(.readWrite)
        try connection.execute("CREATE TABLE t (a)")
        for suffix in ["", "-wal", "-shm"] {
            let mode = try FileManager.default.attributesOfItem(atPath: bench.path + suffix)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func `a file that is no database is told from others`() throws {
        let bench = try Bench()
        try bench.scratch.file("test.db", Data(repeating: 0x41, count: 8192))
        let error = failure { _ = try bench.open(.readWrite) }
        #expect(error?.isCorrupt == true)
    }

    @Test func `an error names the rule and no value`() throws {
        let bench = try Bench()
        defer { withExtendedLifetime(bench) {} }
        let connection = try bench.openWithTable()
        let value = Array("hunter2".utf8)
        try insert(value, into: connection)
        let error = try #require(failure { try insert(value, into: connection) })
        #expect(error.isUniquenessViolation && error.code == 19 && error.extended == 2067)
        #expect(error.message.contains("item.value") && !"\(error)".contains("hunter2"))
        #expect(!error.isBusy && !error.isFull && !error.isCorrupt)
    }

    @Test func `neither triggers nor views do anything`() throws {
        let bench = try Bench()
        defer { withExtendedLifetime(bench) {} }
        let connection = try bench.openWithTable()
        try connection.execute(
            "CREATE TRIGGER t AFTER INSERT ON item BEGIN DELETE FROM item; END; CREATE VIEW v AS SELECT * FROM item")
        try insert([1], into: connection)
        #expect(try connection.number("SELECT count(*) FROM item") == 1)
        #expect(failure { _ = try connection.number("SELECT count(*) FROM v") } != nil)
    }

    @Test func `row ids and counts of changes are those of the last statement`() throws {
        let bench = try Bench()
        defer { withExtendedLifetime(bench) {} }
        let connection = try bench.openWithTable()
        try insert([1], into: connection)
        try insert([2], into: connection)
        #expect(connection.lastInsertRowID == 2 && connection.changes == 1)
        try connection.execute("UPDATE item SET id = id + 10")
        #expect(connection.changes == 2)
    }

    @Test func `what was deleted is not in the files`() throws {
        let bench = try Bench()
        let connection = try bench.openWithTable()
        let value = Array("a value long enough to be found".utf8)
        try insert(value, into: connection)
        try connection.checkpoint()
        #expect(Scratch.contents(bench.path).range(of: Data(value)) != nil)
        try connection.execute("DELETE FROM item")
        try connection.checkpoint()
        for suffix in ["", "-wal"] { #expect(Scratch.contents(bench.path + suffix).range(of: Data(value)) == nil) }
    }
}

@Suite struct TransactionTests {
    private struct Refusal: Error, Equatable {}

    @Test func `all of it stays, or nothing`() throws {
        let bench = try Bench()
        defer { withExtendedLifetime(bench) {} }
        let connection = try bench.openWithTable()
        try connection.transaction { () throws(SQLiteError) in
            try insert([1], into: connection)
            try insert([2], into: connection)
        }
        #expect(throws: Refusal.self) {
            try connection.transaction(mapping: { _ in Refusal() }) { () throws(Refusal) in
                do { try insert([3], into: connection) } catch { throw Refusal() }
                throw Refusal()
            }
        }
        let error = failure {
            try connection.transaction { () throws(SQLiteError) in
                try insert([4], into: connection)
                try insert([1], into: connection)
            }
        }
        #expect(error?.isUniquenessViolation == true)
        #expect(try connection.number("SELECT count(*) FROM item") == 2)
    }

    @Test func `a result comes out`() throws {
        let bench = try Bench()
        defer { withExtendedLifetime(bench) {} }
        let connection = try bench.openWithTable()
        let row = try connection.transaction { () throws(SQLiteError) in
            try insert([1], into: connection)
            return connection.lastInsertRowID
        }
        #expect(row == 1)
    }

    @Test func `another writer waits, and is told when it waited too long`() throws {
        let bench = try Bench()
        let first = try bench.openWithTable()
        let second = try bench.open()
        try first.transaction { () throws(SQLiteError) in
            let error = failure { try second.transaction { () throws(SQLiteError) in } }
            #expect(error?.isBusy == true)
            try insert([1], into: first)
        }
        try second.transaction { () throws(SQLiteError) in try insert([2], into: second) }
        #expect(try first.number("SELECT count(*) FROM item") == 2)
    }

    /// Needs root, to mount a small file system.
    @Test func `on a full disk nothing of a transaction stays`() throws {
        let scratch = try Scratch()
        let point = try scratch.folder("small")
        try Command("mount", "-t", "tmpfs", "-o", "size=256k", "none", point).run().orThrow()
        defer { _ = try? Command("umount", "--lazy", point).run() }
        let connection = try Connection(path: point + "/test.db", mode: .create)
        try connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, value BLOB UNIQUE) STRICT")
        try insert([1], into: connection)
        let error = failure {
            try connection.transaction { () throws(SQLiteError) in
                for byte in 0..<100 { try insert([UInt8](repeating: UInt8(byte), count: 10_000), into: connection) }
            }
        }
        #expect(error?.isFull == true || error?.code == 10)
        #expect(try connection.number("SELECT count(*) FROM item") == 1)
        try Command("mount", "-o", "remount,size=4m", point).run().orThrow()
        try insert([2], into: connection)
        #expect(try connection.number("SELECT count(*) FROM item") == 2)
    }
}

@Suite struct MigrationTests {
    private var steps: [SchemaMigration.Step] {
        [
            step("CREATE TABLE a (x)"), step("ALTER TABLE a ADD COLUMN y"), step("CREATE TABLE b (z); INSERT INTO b VALUES (1)"),
        ]
    }

    private func step(_ sql: String) -> SchemaMigration.Step {
        { connection throws(SQLiteError) in try connection.execute(sql) }
    }

    @Test(arguments: 0...3) func `every older version comes to the newest, once`(version: Int) throws {
        let bench = try Bench()
        let connection = try bench.open()
        try SchemaMigration.migrate(connection, steps: Array(steps.prefix(version)))
        #expect(try SchemaMigration.version(of: connection) == Int64(version))
        for _ in 1...2 { try SchemaMigration.migrate(connection, steps: steps) }
        #expect(try SchemaMigration.version(of: connection) == 3)
        #expect(try connection.number("SELECT count(*) FROM b") == 1)
        _ = try connection.prepare("SELECT x, y FROM a")
    }

    @Test func `a step that fails leaves the version before it`() throws {
        let bench = try Bench()
        defer { withExtendedLifetime(bench) {} }
        let connection = try bench.open()
        let failing = [steps[0], step("CREATE TABLE c (x); CREATE TABLE a (x)")]
        #expect(throws: SQLiteError.self) { try SchemaMigration.migrate(connection, steps: failing) }
        #expect(try SchemaMigration.version(of: connection) == 1)
        #expect(failure { _ = try connection.prepare("SELECT * FROM c") } != nil)
        try SchemaMigration.migrate(connection, steps: steps)
    }

    @Test(arguments: [4, 1000, -1]) func `a version that is not known is an error, and stays`(version: Int) throws {
        let bench = try Bench()
        defer { withExtendedLifetime(bench) {} }
        let connection = try bench.open()
        try connection.execute("PRAGMA user_version = \(version)")
        let error = failure { try SchemaMigration.migrate(connection, steps: steps) }
        #expect(error?.message.contains("\(version)") == true)
        #expect(try SchemaMigration.version(of: connection) == Int64(version))
        #expect(try connection.number("SELECT count(*) FROM sqlite_schema") == 0)
    }
}
