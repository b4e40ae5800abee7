// SPDX-License-Identifier: MIT

#include "getopt_state.h"

void getopt_restart(void) { optind = 0; opterr = 0; optopt = 0; optarg = 0; }

const char *getopt_argument(void) { return optarg; }

int getopt_index(void) { return optind; }
