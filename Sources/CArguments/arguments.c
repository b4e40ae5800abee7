// SPDX-License-Identifier: MIT

#include "CArguments.h"
#include <sys/auxv.h>

static int argument_count;
static char **arguments;

// glibc hands to constructors what it hands to main: argc, argv and the environment. Nothing is written here after that.
__attribute__((constructor)) static void keep(int count, char **words) {
    argument_count = count;
    arguments = words;
}

int tacit_argument_count(void) { return argument_count; }

char **tacit_arguments(void) { return arguments; }

const char *tacit_executed_path(void) { return (const char *)getauxval(AT_EXECFN); }
