import CSQLite
import Foundation
import Testing

@testable import SQLite

/// A database file in a folder that goes with it.
final class Database {
    let folder: String
    var path: String { folder + "/test.db" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tacit-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// At the end of a test: a connection does not keep this alive.
    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    func open(_ mode: Connection.Mode = .create) throws -> Connection { try Connection(path: path, mode: mode, busyTimeout: 50) }
}

@Suite struct ConnectionTests {
    @Test func settingsAreInForce() throws {
        let database = try Database()
        defer { database.remove() }
        let connection = try database.open()
        for (pragma, value) in [
            ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1), ("trusted_schema", 0), ("cell_size_check", 1), ("temp_store", 2),
        ] as [(String, Int64)] {
            #expect(try connection.number("PRAGMA \(pragma)") == value, "\(pragma)")
        }
        var mode = try connection.prepare("PRAGMA journal_mode")
        #expect(try mode.step())
        #expect(mode.columnString(0) == "wal")
        // Text in double quotes is no string, and no other file comes in.
        #expect(throws: SQLiteError.self) { try connection.execute("SELECT \"no column\"") }
        #expect(throws: SQLiteError.self) { try connection.execute("ATTACH ':memory:' AS other") }
        // Defensive: nobody writes to the schema's own table.
        try connection.execute("PRAGMA writable_schema = ON")
        #expect(throws: SQLiteError.self) { try connection.execute("DELETE FROM sqlite_schema") }
    }

    @Test func opensWhatIsThereOnly() throws {
        let database = try Database()
        defer { database.remove() }
        #expect(throws: SQLiteError.self) { _ = try database.open(.readWrite) }
        #expect(throws: SQLiteError.self) { _ = try database.open(.readOnly) }
        try database.open().execute("CREATE TABLE t (a INTEGER) STRICT")
        let reader = try database.open(.readOnly)
        #expect(throws: SQLiteError.self) { try reader.execute("INSERT INTO t VALUES (1)") }
        try Data("no database at all, but long enough to be looked at".utf8).write(to: URL(filePath: database.folder + "/other"))
        let error = #expect(throws: SQLiteError.self) { _ = try Connection(path: database.folder + "/other", mode: .readWrite) }
        #expect(error?.isCorrupt == true)
    }

    @Test func aTransactionIsAllOrNothing() throws {
        struct Trouble: Error, Equatable {}
        let database = try Database()
        defer { database.remove() }
        let connection = try database.open()
        try connection.execute("CREATE TABLE t (a INTEGER UNIQUE) STRICT")
        #expect(throws: Trouble.self) {
            try connection.transaction(mapping: { _ in Trouble() }) { () throws(Trouble) in
                try? connection.execute("INSERT INTO t VALUES (1)")
                throw Trouble()
            }
        }
        #expect(try connection.number("SELECT count(*) FROM t") == 0)
        let error = #expect(throws: SQLiteError.self) {
            try connection.transaction { () throws(SQLiteError) in
                try connection.execute("INSERT INTO t VALUES (1)")
                try connection.execute("INSERT INTO t VALUES (1)")
            }
        }
        #expect(error?.isUniquenessViolation == true)
        #expect(try connection.number("SELECT count(*) FROM t") == 0)
        try connection.transaction { () throws(SQLiteError) in try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(try connection.number("SELECT count(*) FROM t") == 1)
    }

    /// A foreign key that is checked at the commit fails there, and rolls back.
    @Test func aFailingCommitRollsBack() throws {
        let database = try Database()
        defer { database.remove() }
        let connection = try database.open()
        try connection.execute(
            "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)")
        #expect(throws: SQLiteError.self) {
            try connection.transaction { () throws(SQLiteError) in try connection.execute("INSERT INTO c VALUES (7)") }
        }
        #expect(try connection.number("SELECT count(*) FROM c") == 0)
        try connection.transaction { () throws(SQLiteError) in try connection.execute("INSERT INTO p VALUES (7)") }
    }

    @Test func aSecondWriterWaitsAndIsTold() throws {
        let database = try Database()
        defer { database.remove() }
        let one = try database.open()
        let two = try database.open()
        try one.execute("CREATE TABLE t (a INTEGER); BEGIN IMMEDIATE")
        let error = #expect(throws: SQLiteError.self) { try two.execute("BEGIN IMMEDIATE") }
        #expect(error?.isBusy == true)
    }

    @Test func bindsAndReadsEveryKind() throws {
        let database = try Database()
        defer { database.remove() }
        let connection = try database.open()
        try connection.execute("CREATE TABLE t (a INTEGER, b BLOB, c TEXT, d BLOB, e BLOB) STRICT")
        var insert = try connection.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?)", persistent: true)
        try insert.bind(1, Int64.min)
        try insert.bind(2, [0, 255, 0] as [UInt8])
        try insert.bind(3, "e\u{301}\0x")
        try insert.bind(4, [] as [UInt8])
        try insert.bindNull(5)
        try insert.run()
        #expect(connection.changes == 1)
        #expect(connection.lastInsertRowID == 1)
        var row = try connection.prepare("SELECT * FROM t")
        #expect(try row.step())
        #expect(row.columnCount == 5)
        #expect(row.columnInt64(0) == .min)
        #expect(row.columnBytes(1) == [0, 255, 0])
        #expect(row.columnString(2) == "e\u{301}\0x")
        #expect(row.columnBytes(3) == [] && !row.columnIsNull(3))
        #expect(row.columnIsNull(4) && row.columnBytes(4) == [])
        #expect(row.columnIsNull(9) && row.columnInt64(9) == 0)
        #expect(try !row.step())
        #expect(throws: SQLiteError.self) { try insert.bind(6, Int64(1)) }
        // Forgotten by the reset.
        try insert.run()
        #expect(try connection.number("SELECT count(*) FROM t WHERE a IS NULL") == 1)
    }

    /// The file is somebody else's: what it brings along runs nothing.
    @Test func aTriggerOrViewOfTheFileRunsNothing() throws {
        let database = try Database()
        defer { database.remove() }
        var handle: OpaquePointer?
        #expect(unsafe sqlite3_open(database.path, &handle) == SQLITE_OK)
        let sql = """
            CREATE TABLE t (a INTEGER); CREATE TABLE seen (a INTEGER); CREATE VIEW v AS SELECT 1 AS a;
            CREATE TRIGGER i AFTER INSERT ON t BEGIN INSERT INTO seen VALUES (new.a); END;
            """
        #expect(unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
        unsafe sqlite3_close(handle)
        let connection = try database.open(.readWrite)
        try connection.execute("INSERT INTO t VALUES (1)")
        #expect(try connection.number("SELECT count(*) FROM t") == 1)
        #expect(try connection.number("SELECT count(*) FROM seen") == 0)
        #expect(throws: SQLiteError.self) { try connection.execute("SELECT * FROM v") }
    }

    @Test func whatIsDeletedLeavesTheFile() throws {
        let database = try Database()
        defer { database.remove() }
        let connection = try database.open()
        let mark = Array("to be overwritten".utf8)
        try connection.execute("CREATE TABLE t (a BLOB)")
        var insert = try connection.prepare("INSERT INTO t VALUES (?)")
        try insert.bind(1, mark)
        try insert.run()
        try connection.checkpoint()
        #expect(try Data(contentsOf: URL(filePath: database.path)).range(of: Data(mark)) != nil)
        try connection.execute("DELETE FROM t")
        try connection.checkpoint()
        #expect(try Data(contentsOf: URL(filePath: database.path)).range(of: Data(mark)) == nil)
    }
}
