// SPDX-License-Identifier: MIT

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
    /// In a transaction that changes something: what it has changed so far.
    var recorder: ChangeRecorder?
    /// The store's state as of the last commit; in a transaction that changes something, what it commits.
    var state = StoreState()

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
        func optionalInteger(_ column: Int32) -> Int64? {
            statement.columnIsNull(column) ? nil : statement.columnInt64(column)
        }
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

    /// Why a change was not made.
    enum Failure: Error {
        /// It was undone before it was committed, or its commit could not be written.
        case undone(VaultError)
        /// Its commit failed, and may be whole in the write-ahead log: until another is written in its place, it can come true.
        case perhapsCommitted(VaultError)

        var cause: VaultError {
            switch self {
            case .undone(let error), .perhapsCommitted(let error): error
            }
        }
    }

    /// Runs `body` in a transaction that changes something, and commits it with the next generation. Returns what it has changed.
    ///
    /// `sealing` runs once, after the last run of `body`; `committed` after the commit. Everything that remembers something of the store
    /// has been told when this returns or throws.
    func transaction<Result>(
        _ caches: Caches, _ body: () throws(VaultError) -> Result, sealing: () throws(VaultError) -> Void, committed: () -> Void
    ) throws(Failure) -> (value: Result, changes: ChangeSet) {
        let before = state
        var failedCommit: SQLiteError?
        recorder = ChangeRecorder(caches)
        do throws(VaultError) {
            let value = try connection.transaction(mapping: { VaultError($0) }, noting: { failedCommit = $0 }) { () throws(VaultError) in
                try startGeneration()
                #if DEBUG
                    if rehearses { try rehearse(body) }
                #endif
                let value = try body()
                try finishRecord()
                try sealing()
                try setState(state)
                return value
            }
            var changes = endRecord()
            changes.generation = state.generation
            committed()
            caches.deliver(changes)
            return (value, changes)
        } catch {
            state = before
            // That they were set aside may have been rolled back too.
            numbers = 0..<0
            caches.revert(endRecord())
            guard let failedCommit, !failedCommit.isIncompleteWrite else { throw .undone(error) }
            throw .perhapsCommitted(error)
        }
    }

    /// Makes a change whose commit failed not to have happened: commits another in its place. SQLite writes it over the frames of the one
    /// that failed, from the first on, and as each frame's checksum covers those before, none of those behind it counts any more.
    ///
    /// `sealing` says what becomes of it. When this throws, it is not known whether the change was made.
    func supersede(sealing: () throws(VaultError) -> Void, committed: () -> Void) throws(VaultError) {
        let before = state
        do throws(VaultError) {
            try connection.transaction(mapping: { VaultError($0) }) { () throws(VaultError) in
                try startGeneration()
                try sealing()
                try setState(state)
            }
        } catch {
            state = before
            throw error
        }
        committed()
    }

    private func startGeneration() throws(VaultError) {
        guard state.generation < .max else { throw .corrupt("the store's generation is damaged") }
        state.generation += 1
    }

    #if DEBUG
        /// For tests: whether each change is made, undone and made again, as one is that shares a transaction with another that fails.
        var rehearses = false

        private func rehearse<Result>(_ body: () throws(VaultError) -> Result) throws(VaultError) {
            let before = numbers
            try run("SAVEPOINT rehearsal", [])
            _ = try? body()
            try run("ROLLBACK TO rehearsal", [])
            try run("RELEASE rehearsal", [])
            numbers = before
            recorder?.restart()
        }
    #endif

    private func endRecord() -> ChangeSet {
        defer { recorder = nil }
        var changes = recorder?.changes ?? ChangeSet()
        changes.homes = recorder?.homes.changes ?? [:]
        return changes
    }

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
