// SPDX-License-Identifier: MIT

// System calls of this process on files below a folder that fail when a test says so: the test's program has functions of these names, and
// the dynamic linker gives them to the libraries too, SQLite among them. All other files are left alone.
#pragma once

enum {
    FAULT_OPEN = 1,      // open(2) that may make or write
    FAULT_WRITE = 2,     // write(2), pwrite(2)
    FAULT_SYNC = 4,      // fsync(2), fdatasync(2)
    FAULT_TRUNCATE = 8,  // ftruncate(2)
    FAULT_NAME = 16,     // unlink(2), rename(2), mkdir(2)
    FAULT_READ = 32,     // open(2) to read
    FAULT_ALL = 31,
};

enum fault_kind {
    FAULT_NONE,    // nothing fails: it is counted
    FAULT_ONCE,    // the call is not done, and fails
    FAULT_ALWAYS,  // it and all later ones
    FAULT_BEFORE,  // as if the process were killed before the call: no later call does anything
    FAULT_AFTER,   // or right after it
    FAULT_TORN,    // or in the middle of it: half of what is written is
};

// Watches a folder: call number `at` (from 1) of those in `calls` fails with `error`. Gives a number for the others here, -1 if there are
// too many folders. `image`, if not null, is a folder that gets a copy of each file when it is synced: what a loss of power leaves.
int fault_watch(const char *folder, unsigned calls, enum fault_kind kind, long at, int error, const char *image);

// How many calls have been counted.
long fault_count(int watch);

// Ends it; gives the count.
long fault_end(int watch);
