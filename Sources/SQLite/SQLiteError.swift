// SPDX-License-Identifier: MIT

internal import CSQLite

/// An error of SQLite. Says which rule was broken or which call failed, never with which value.
package struct SQLiteError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The primary result code, such as SQLITE_CONSTRAINT.
    package let code: Int32
    /// The extended result code, such as SQLITE_CONSTRAINT_UNIQUE.
    package let extended: Int32
    /// The `errno` of the system call that failed; 0 where none did (`sqlite3_system_errno`).
    package let system: Int32
    /// SQLite's words for it. They name tables, columns and SQL, which hold no values: values are only ever bound.
    package let message: String

    package var description: String { message }

    /// The unique or primary key was there already.
    package var isUniquenessViolation: Bool {
        extended == sqliteConstraintUnique || extended == sqliteConstraintPrimaryKey || extended == sqliteConstraintRowID
    }
    /// Another connection held the lock for longer than the busy timeout.
    package var isBusy: Bool { code == SQLITE_BUSY }
    /// The disk is full. The index of the log, which is mapped, is made longer by writing to it, and that has an error of its own.
    package var isFull: Bool { code == SQLITE_FULL || extended == sqliteShmSize }
    /// There was no room to write all of it. A commit that fails so has no end in the log and can't count later, after a crash either.
    package var isIncompleteWrite: Bool { code == SQLITE_FULL }
    /// There was no memory.
    package var isOutOfMemory: Bool { code == SQLITE_NOMEM }
    /// The file is damaged or no database.
    package var isCorrupt: Bool { code == SQLITE_CORRUPT || code == SQLITE_NOTADB }

    /// An error of this module's own: `code` with a `message` of ours.
    init(code: Int32, message: String) {
        self.code = code & 0xff
        self.extended = code
        self.system = 0
        self.message = message
    }

    /// The error that `result`, the answer of a call on `handle`, stands for.
    @unsafe
    init(_ result: Int32, on handle: OpaquePointer?) {
        let words = unsafe handle.flatMap { handle in unsafe sqlite3_errmsg(handle) } ?? sqlite3_errstr(result)
        self.code = result & 0xff
        self.extended = result
        // Its number stays from an earlier call, so that it counts only for errors of the system.
        let isOfSystem = [SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_FULL].contains(result & 0xff)
        self.system = unsafe handle.flatMap { handle in isOfSystem ? unsafe sqlite3_system_errno(handle) : nil } ?? 0
        self.message = unsafe words.map { words in unsafe String(cString: words) } ?? "SQLite error \(result)"
    }
}

// Macros of sqlite3.h that combine two others and so are not imported.
let sqliteShmSize = SQLITE_IOERR | (19 << 8)
let sqliteConstraintPrimaryKey = SQLITE_CONSTRAINT | (6 << 8)
let sqliteConstraintUnique = SQLITE_CONSTRAINT | (8 << 8)
let sqliteConstraintRowID = SQLITE_CONSTRAINT | (10 << 8)
