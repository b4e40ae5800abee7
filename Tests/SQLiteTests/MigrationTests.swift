import Testing

@testable import SQLite

/// From each older version to the newest.
@Suite struct MigrationTests {
    private static var steps: [Migration.Step] {
        (1...4).map { number in
            func step(_ connection: Connection) throws(SQLiteError) {
                // Each step needs what the one before made.
                let other = number == 1 ? "" : "INSERT INTO t\(number - 1) VALUES (\(number));"
                try connection.execute("CREATE TABLE t\(number) (a INTEGER); \(other)")
            }
            return step
        }
    }

    @Test(arguments: 0...4) func fromVersion(_ version: Int) throws {
        let database = try Database()
        defer { database.remove() }
        try Migration.migrate(try database.open(), steps: Array(Self.steps.prefix(version)))
        let connection = try database.open(.readWrite)
        #expect(try Migration.version(of: connection) == Int64(version))
        try Migration.migrate(connection, steps: Self.steps)
        #expect(try Migration.version(of: connection) == 4)
        for number in 1..<4 { #expect(try connection.number("SELECT a FROM t\(number)") == Int64(number + 1)) }
        // Again changes nothing.
        try Migration.migrate(connection, steps: Self.steps)
        #expect(try connection.number("SELECT count(*) FROM t1") == 1)
    }

    @Test func aNewerFileIsLeftAlone() throws {
        for version in ["5", "-1", "2147483647"] {
            let database = try Database()
            defer { database.remove() }
            let connection = try database.open()
            try connection.execute("PRAGMA user_version = \(version)")
            #expect(throws: SQLiteError.self) { try Migration.migrate(connection, steps: Self.steps) }
            if version != "-1" { #expect(try connection.number("SELECT count(*) FROM sqlite_schema") == 0) }
        }
    }

    @Test func aFailingStepLeavesTheVersionBefore() throws {
        let database = try Database()
        defer { database.remove() }
        let connection = try database.open()
        func failing(_ connection: Connection) throws(SQLiteError) {
            try connection.execute("CREATE TABLE half (a INTEGER); CREATE TABLE half (a INTEGER)")
        }
        #expect(throws: SQLiteError.self) { try Migration.migrate(connection, steps: Array(Self.steps.prefix(2)) + [failing]) }
        #expect(try Migration.version(of: connection) == 2)
        #expect(try connection.number("SELECT count(*) FROM sqlite_schema WHERE name = 'half'") == 0)
        try Migration.migrate(connection, steps: Self.steps)
    }
}
