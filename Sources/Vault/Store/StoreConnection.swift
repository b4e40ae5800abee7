internal import Secrets
internal import SQLite

/// A value bound to a statement's parameter.
enum StoreValue {
    case integer(Int64)
    case bytes([UInt8])
    case null
}

/// One connection to the store with its prepared statements, and what is needed to verify a row.
///
/// It is used by one thread at a time: `Store` hands it out, and takes it back. That makes `@unchecked Sendable` true.
final class StoreConnection: @unchecked Sendable {
    let connection: Connection
    let seals: Seals
    let identity: StoreRow
    /// Told of rows that do not verify; the text names the row and no value.
    let report: @Sendable (String) -> Void
    private var prepared: [String: Prepared] = [:]
    /// Numbers for the rows of the transaction that is going on, and later ones.
    private var numbers: Range<Int64> = 0..<0
    /// In a transaction that changes something.
    private var change: ContentChange?

    init(_ connection: Connection, seals: Seals, identity: StoreRow, report: @escaping @Sendable (String) -> Void) {
        self.connection = connection
        self.seals = seals
        self.identity = identity
        self.report = report
    }

    /// A prepared statement with an owner, so that a dictionary can keep it.
    final class Prepared {
        fileprivate var statement: Statement
        fileprivate init(_ statement: consuming Statement) { self.statement = statement }

        func integer(_ column: Int32) -> Int64 { statement.columnInt64(column) }
        func bytes(_ column: Int32) -> [UInt8] { statement.columnBytes(column) }
        func optionalBytes(_ column: Int32) -> [UInt8]? {
            statement.columnIsNull(column) ? nil : statement.columnBytes(column)
        }
    }

    /// Runs a statement to its end and returns what `map` makes of each row.
    func rows<Result>(
        _ sql: String, _ values: [StoreValue], map: (Prepared) throws(VaultError) -> Result
    ) throws(VaultError) -> [Result] {
        let prepared = try prepared(sql, values)
        defer { prepared.statement.reset() }
        var results: [Result] = []
        while try step(prepared) { results.append(try map(prepared)) }
        return results
    }

    /// Runs a statement that changes something; returns how many rows it did.
    @discardableResult
    func run(_ sql: String, _ values: [StoreValue]) throws(VaultError) -> Int64 {
        let prepared = try prepared(sql, values)
        defer { prepared.statement.reset() }
        while try step(prepared) {}
        return connection.changes
    }

    /// Runs `body` in a transaction that sees one state of the store.
    func snapshot<Result>(_ body: () throws(VaultError) -> Result) throws(VaultError) -> Result {
        try run("BEGIN", [])
        // A transaction that only read has nothing to lose by either end of it.
        defer { _ = try? run("COMMIT", []) }
        return try body()
    }

    /// Before a transaction that changes something.
    func begin(_ change: ContentChange) {
        self.change = change
    }

    /// After it.
    func end(committed: Bool) {
        change?.end(committed: committed)
        change = nil
        // That they were set aside may have been rolled back too.
        if !committed { numbers = 0..<0 }
    }

    /// Notes that what is read of an inode is changed by the transaction that goes on.
    func noteChange(of inode: Inode) { change?.include(inode) }

    /// Notes that the transaction that goes on changes what a node holds or where it is, if not what is read of it.
    func noteChange(in node: NodeID) { change?.include(node) }

    /// A number for a new row. In a transaction only.
    func takeNumber() throws(VaultError) -> Int64 {
        if numbers.isEmpty { numbers = try reserveNumbers() }
        guard let number = numbers.popFirst() else { throw .corrupt("no number for a new row") }
        return number
    }

    private func step(_ prepared: Prepared) throws(VaultError) -> Bool {
        do { return try prepared.statement.step() } catch { throw VaultError(error) }
    }

    private func prepared(_ sql: String, _ values: [StoreValue]) throws(VaultError) -> Prepared {
        do throws(SQLiteError) {
            let prepared: Prepared
            if let kept = self.prepared[sql] {
                prepared = kept
            } else {
                prepared = Prepared(try connection.prepare(sql, persistent: true))
                self.prepared[sql] = prepared
            }
            for (index, value) in values.enumerated() {
                let index = Int32(truncatingIfNeeded: index + 1)
                switch value {
                case .integer(let number): try prepared.statement.bind(index, number)
                case .bytes(let bytes): try prepared.statement.bind(index, bytes)
                case .null: try prepared.statement.bindNull(index)
                }
            }
            return prepared
        } catch { throw VaultError(error) }
    }
}
