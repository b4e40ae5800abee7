// SPDX-License-Identifier: MIT

// The words that the kernel started this program with. Swift reads them from /proc/self/cmdline, which is empty where /proc is
// not mounted.
#pragma once

/// How many words there are, the program's name among them.
int tacit_argument_count(void);
/// The words where the kernel has put them, followed by a null pointer.
char **tacit_arguments(void);
/// The path that execve(2) was called with, as it was given there: AT_EXECFN of getauxval(3). Null where the kernel does not tell.
const char *tacit_executed_path(void);
