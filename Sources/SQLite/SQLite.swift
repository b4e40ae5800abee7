// SPDX-License-Identifier: MIT

// Open this file first, then Connection.swift.
//
// SQLite 3 behind move-only owners: a `Connection` closes itself, a `Statement` finalizes itself, and both throw typed errors
// that name what failed and never a value. Words:
// - *row id*: SQLite's own 64-bit number of a row.
// - *step*: one row of a statement's result, or its end.
//
// What the module promises: whatever a transaction's closure throws, nothing of it stays; deleted content is overwritten in
// the file (`secure_delete`); a commit that has returned is on the disk (`synchronous=FULL`); and a file that was made by a
// later version is left alone (`SchemaMigration.swift`).
