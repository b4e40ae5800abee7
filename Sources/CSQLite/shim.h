// SPDX-License-Identifier: MIT

// SQLite, for Swift: macros and variadics as plain functions. No logic.
#pragma once
#include <sqlite3.h>

static inline sqlite3_destructor_type tacit_sqlite_transient(void) { return SQLITE_TRANSIENT; }
static inline int tacit_sqlite_set(sqlite3 *connection, int setting, int on) {
    return sqlite3_db_config(connection, setting, on, (int *)0);
}
