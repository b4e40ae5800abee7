// SPDX-License-Identifier: MIT

/*
 * Bytes from an argument, which can hold neither NUL nor a megabyte.
 *
 *     \0  \n  \\  \xHH     one byte
 *     @SIZE                as the whole argument: SIZE times the letter x
 */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t count) {
	void *memory = malloc(count + 1);
	if (memory == NULL) {
		fputs("probe: out of memory\n", stderr);
		exit(2);
	}
	return memory;
}

char *text(const char *argument, size_t *count) {
	if (argument[0] == '@') {
		*count = strtoul(argument + 1, NULL, 10);
		return memset(allocate(*count), 'x', *count);
	}
	char *bytes = allocate(strlen(argument)), *out = bytes;
	for (const char *in = argument; *in; in++) {
		if (*in != '\\') {
			*out++ = *in;
			continue;
		}
		switch (*++in) {
		case '0': *out++ = '\0'; break;
		case 'n': *out++ = '\n'; break;
		case '\\': *out++ = '\\'; break;
		case 'x': {
			char digits[3] = { in[1], in[1] ? in[2] : '\0', '\0' };
			*out++ = (char)strtoul(digits, NULL, 16);
			in += strlen(digits);
			break;
		}
		default: fprintf(stderr, "probe: no such escape: \\%c\n", *in); exit(2);
		}
	}
	*count = (size_t)(out - bytes);
	return bytes;
}
