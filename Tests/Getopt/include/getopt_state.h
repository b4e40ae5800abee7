// SPDX-License-Identifier: MIT

// getopt_long(3) for the tests of what reads options as it does.
#pragma once

#include <getopt.h>

// Its state, which Swift does not let pass for shared. 0 restarts the scan, GNU extensions included.
void getopt_restart(void);
// The argument of the option that it has just found; null if that takes none.
const char *getopt_argument(void);
// The word where it goes on.
int getopt_index(void);
