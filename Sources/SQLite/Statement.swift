// SPDX-License-Identifier: MIT

internal import CSQLite

/// A compiled SQL statement. Parameters are numbered from 1, columns from 0, as in SQLite; a number out of range throws when
/// it is bound, and reads as NULL.
@safe
package struct Statement: ~Copyable {
    private let handle: OpaquePointer
    /// Alive as long as the statement: `sqlite3_finalize` comes before `sqlite3_close`.
    private let connection: Connection

    init(_ sql: String, persistent: Bool, on connection: Connection) throws(SQLiteError) {
        var prepared: OpaquePointer?
        let flags = persistent ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
        try connection.check(unsafe sqlite3_prepare_v3(connection.handle, sql, -1, flags, &prepared, nil))
        // "If the input text contains no SQL … *ppStmt is set to NULL", which is not an error to SQLite.
        guard let handle = unsafe prepared else { throw SQLiteError(code: SQLITE_MISUSE, message: "no SQL in a statement") }
        unsafe self.handle = handle
        self.connection = connection
    }

    deinit { unsafe sqlite3_finalize(handle) }

    /// Binds a number.
    package mutating func bind(_ index: Int32, _ value: Int64) throws(SQLiteError) {
        try connection.check(unsafe sqlite3_bind_int64(handle, index, value))
    }

    /// Binds a blob, copied into memory of SQLite's: for sealed and public bytes. SQLite does not wipe it.
    package mutating func bind(_ index: Int32, _ value: [UInt8]) throws(SQLiteError) {
        try bind(index, unsafe value.span.bytes)
    }

    /// `bind` for a blob that is lent.
    package mutating func bind(_ index: Int32, _ value: RawSpan) throws(SQLiteError) {
        // An empty blob has no address, and SQLite takes a null address for NULL.
        let result =
            if value.isEmpty {
                unsafe sqlite3_bind_zeroblob(handle, index, 0)
            } else {
                unsafe value.withUnsafeBytes { bytes in
                    unsafe sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), tacit_sqlite_transient())
                }
            }
        try connection.check(result)
    }

    /// Binds text.
    package mutating func bind(_ index: Int32, _ value: String) throws(SQLiteError) {
        try connection.check(
            unsafe sqlite3_bind_text64(
                handle, index, value, UInt64(value.utf8.count), tacit_sqlite_transient(), UInt8(SQLITE_UTF8)))
    }

    /// Binds NULL.
    package mutating func bindNull(_ index: Int32) throws(SQLiteError) {
        try connection.check(unsafe sqlite3_bind_null(handle, index))
    }

    /// Goes to the next row of the result: true where there is one, false at the end.
    package mutating func step() throws(SQLiteError) -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let result: throw unsafe SQLiteError(result, on: connection.handle)
        }
    }

    /// Steps a statement that gives no rows to its end and makes it ready to run again.
    package mutating func run() throws(SQLiteError) {
        _ = try step()
        reset()
    }

    /// How many columns a row has.
    package var columnCount: Int32 { unsafe sqlite3_column_count(handle) }

    /// Whether the column of this row is NULL.
    package func columnIsNull(_ index: Int32) -> Bool {
        unsafe sqlite3_column_type(handle, index) == SQLITE_NULL
    }

    /// The column of this row as a number; 0 where it is none.
    package func columnInt64(_ index: Int32) -> Int64 {
        unsafe sqlite3_column_int64(handle, index)
    }

    /// The column of this row as text; empty where it is none.
    package func columnString(_ index: Int32) -> String {
        withColumnBytes(index) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The bytes of this row's column, copied; none where it is NULL.
    package func columnBytes(_ index: Int32) -> [UInt8] {
        withColumnBytes(index) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
        }
    }

    /// Lends the bytes of this row's column; none where it is NULL.
    package func withColumnBytes<Result: ~Copyable, Failure: Error>(
        _ index: Int32, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // "sqlite3_column_blob() followed by sqlite3_column_bytes()" is a safe order.
        let start = unsafe sqlite3_column_blob(handle, index)
        let count = unsafe sqlite3_column_bytes(handle, index)
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(count))
        return try body(unsafe RawSpan(_unsafeBytes: bytes))
    }

    /// Makes the statement ready to run again, and forgets what was bound.
    package mutating func reset() {
        // Repeats the error of the last step, if any, which was thrown then.
        unsafe sqlite3_reset(handle)
        unsafe sqlite3_clear_bindings(handle)
    }
}
