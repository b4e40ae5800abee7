// SPDX-License-Identifier: MIT

internal import CSQLite

/// One connection to a database file. It belongs to one thread at a time: keep it under a lock, or one a thread.
///
/// A class, since statements that outlive a scope need it alive; each holds its connection, so the file is closed when the
/// last of them is gone.
@safe
package final class Connection {
    let handle: OpaquePointer

    /// The mode in which to open a file.
    package enum Mode: Sendable {
        /// Only to read it.
        case readOnly
        /// To read and write a file that exists.
        case readWrite
        /// To read and write it, and make it where it does not exist.
        case create
    }

    private let busyTimeout: Int32

    /// Opens the file at `path` with the settings of the module comment. `busyTimeout` is how long, in milliseconds, to wait
    /// for another connection's lock. A file that is made here has the mode that the umask leaves of 0644, and so have its log and
    /// index: to have it narrower, make an empty file first, which is a valid database.
    package init(path: String, mode: Mode, busyTimeout: Int32 = 5_000) throws(SQLiteError) {
        let access =
            switch mode {
            case .readOnly: SQLITE_OPEN_READONLY
            case .readWrite: SQLITE_OPEN_READWRITE
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            }
        // NOMUTEX: one thread at a time is the owner's promise. PRIVATECACHE: no lock shared behind our back.
        let flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE
        var opened: OpaquePointer?
        let result = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard result == SQLITE_OK, let handle = unsafe opened else {
            let error = unsafe SQLiteError(result, on: opened)
            // "Whether or not an error occurs when it is opened, resources … should be released by … sqlite3_close()".
            unsafe sqlite3_close_v2(opened)
            throw error
        }
        unsafe self.handle = handle
        self.busyTimeout = busyTimeout
        unsafe sqlite3_busy_timeout(handle, busyTimeout)
        try configure(mode)
    }

    deinit { unsafe sqlite3_close_v2(handle) }

    /// Runs SQL that gives no rows; several statements may follow each other. Rows, where there are any, are dropped.
    package func execute(_ sql: String) throws(SQLiteError) {
        try check(unsafe sqlite3_exec(handle, sql, nil, nil, nil))
    }

    /// Compiles one SQL statement, for one use or, `persistent`, for many.
    package func prepare(_ sql: String, persistent: Bool = false) throws(SQLiteError) -> Statement {
        try Statement(sql, persistent: persistent, on: self)
    }

    /// The single number that `sql` gives, such as a pragma's value; nil where it gives no row.
    package func number(_ sql: String) throws(SQLiteError) -> Int64? {
        var statement = try prepare(sql)
        return try statement.step() ? statement.columnInt64(0) : nil
    }

    /// Runs `body` in a transaction that writes (`BEGIN IMMEDIATE`): all of it is committed, or, where `body` throws, nothing.
    ///
    /// Where the commit fails, nothing of it is seen, but it may come true: what was written of it may be whole in the log, and count
    /// when the file is opened anew without another commit in between. `noting` is told of such an error.
    package func transaction<Result: ~Copyable, Failure: Error>(
        mapping: (SQLiteError) -> Failure, noting: (SQLiteError) -> Void = { _ in }, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        do throws(SQLiteError) { try execute("BEGIN IMMEDIATE") } catch { throw mapping(error) }
        let result: Result
        do throws(Failure) {
            result = try body()
        } catch {
            rollback()
            throw error
        }
        do throws(SQLiteError) {
            try execute("COMMIT")
        } catch {
            rollback()
            noting(error)
            throw mapping(error)
        }
        return result
    }

    /// `transaction` for a body that throws nothing but errors of SQLite.
    package func transaction<Result: ~Copyable>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
        try transaction(mapping: { $0 }, body)
    }

    /// The whole path of the file, links followed; empty for a database in memory.
    package var path: String {
        unsafe sqlite3_db_filename(handle, "main").map { unsafe String(cString: $0) } ?? ""
    }

    /// The row id of the last row that was inserted over this connection.
    package var lastInsertRowID: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

    /// How many rows the last statement inserted, changed or deleted.
    package var changes: Int64 { unsafe sqlite3_changes64(handle) }

    /// Writes the log back into the database file and empties it. Throws `isBusy` where another connection still reads an older state; what
    /// that one does not need is written back then. It is waited for as `busyTimeout` says, or, unless `waits`, not at all.
    package func checkpoint(waits: Bool = true) throws(SQLiteError) {
        if !waits { unsafe sqlite3_busy_timeout(handle, 0) }
        defer { if !waits { unsafe sqlite3_busy_timeout(handle, busyTimeout) } }
        try check(unsafe sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil))
    }

    /// Has a commit write the log back when it is longer than so many bytes: between 16 and 1,000 pages, as SQLite has it by itself.
    package func checkpoint(whenLogHas bytes: Int) throws(SQLiteError) {
        let page = try number("PRAGMA page_size") ?? 4096
        try check(unsafe sqlite3_wal_autocheckpoint(handle, Int32(min(max(Int64(bytes) / max(page, 512), 16), 1000))))
    }

    /// Throws what `result` stands for unless it is SQLITE_OK.
    func check(_ result: Int32) throws(SQLiteError) {
        guard result == SQLITE_OK else { throw unsafe SQLiteError(result, on: handle) }
    }

    private func rollback() {
        // SQLite has rolled back by itself after some errors, such as a full disk; else this cannot fail but for a lost disk,
        // and then the log lacks the commit record, so that nothing of it is ever seen.
        guard unsafe sqlite3_get_autocommit(handle) == 0 else { return }
        try? execute("ROLLBACK")
    }

    private func configure(_ mode: Mode) throws(SQLiteError) {
        try setLimits()
        if mode != .readOnly {
            try startLog()
        }
        try execute(
            """
            PRAGMA synchronous = FULL;
            PRAGMA secure_delete = ON;
            PRAGMA foreign_keys = ON;
            PRAGMA trusted_schema = OFF;
            PRAGMA cell_size_check = ON;
            PRAGMA temp_store = MEMORY;
            """)
    }

    private func startLog() throws(SQLiteError) {
        var pragma = try prepare("PRAGMA journal_mode = WAL")
        // "If the journal mode could not be changed, the original journal mode is returned": no error of its own.
        let mode = try pragma.step() ? pragma.columnString(0) : ""
        guard mode == "wal" || mode == "memory" else {
            throw SQLiteError(code: SQLITE_CANTOPEN, message: "no write-ahead log possible beside the database")
        }
    }

    /// The file may come from somebody else: its schema runs nothing. So a trigger or a view never does anything here.
    private func setLimits() throws(SQLiteError) {
        try check(unsafe tacit_sqlite_set(handle, SQLITE_DBCONFIG_DEFENSIVE, 1))
        try check(unsafe tacit_sqlite_set(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0))
        try check(unsafe tacit_sqlite_set(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0))
        try check(unsafe tacit_sqlite_set(handle, SQLITE_DBCONFIG_DQS_DML, 0))
        try check(unsafe tacit_sqlite_set(handle, SQLITE_DBCONFIG_DQS_DDL, 0))
        unsafe sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0)
    }
}
