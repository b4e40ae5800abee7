// SPDX-License-Identifier: MIT

/*
 * Writers whose values tell whether they are whole, for the test that kills the daemon again and again.
 *
 *     crash-write KIND PATH FIRST ACKNOWLEDGED
 *     crash-check KIND PATH LOWEST HIGHEST
 *
 * crash-write writes values FIRST, FIRST+1, … until a call fails, which is no failure of the operation.
 * After each close(2) that returned 0 it puts the number into the file ACKNOWLEDGED: from then on the
 * file system must not lose it. crash-check reads PATH and wants a whole value numbered from LOWEST
 * (the last acknowledged) to HIGHEST (the last that can have been tried).
 *
 *     KIND   a value is
 *     file   PATH, replaced: `NUMBER LENGTH CHECKSUM`, a newline, and LENGTH letters that follow from NUMBER
 *     env    PATH, replaced: eight variables that all hold NUMBER
 *     new    PATH-NUMBER, a file each, as `file`: each one acknowledged must be there, each one there whole
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { most = 300000 };
static char expected[most], found[most + 1];

/* The whole value with this number; its length depends on the number and crosses page and request sizes. */
static size_t compose(const char *kind, uint64_t number) {
	static const size_t lengths[] = { 0, 20, 4000, 5000, 131072, 17, 200000, 1000 };
	if (strcmp(kind, "env") == 0) {
		size_t at = 0;
		for (char name = 'A'; name <= 'H'; name++)
			at += (size_t)snprintf(expected + at, most - at, "%c=%" PRIu64 "\n", name, number);
		return at;
	}
	size_t length = lengths[number % (sizeof lengths / sizeof *lengths)];
	char *letters = malloc(length + 1);
	if (letters == NULL)
		exit(2);
	uint64_t state = number * 2654435761u + 1, checksum = 14695981039346656037u;
	for (size_t i = 0; i < length; i++) {
		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		letters[i] = (char)('a' + state % 26);
		checksum = (checksum ^ (unsigned char)letters[i]) * 1099511628211u;
	}
	int head = snprintf(expected, most, "%" PRIu64 " %zu %016" PRIx64 "\n", number, length, checksum);
	memcpy(expected + head, letters, length);
	free(letters);
	return (size_t)head + length;
}

static void name_file(char *name, size_t size, const char *kind, const char *path, uint64_t number) {
	if (strcmp(kind, "new") == 0)
		snprintf(name, size, "%s-%" PRIu64, path, number);
	else
		snprintf(name, size, "%s", path);
}

static int write_value(const char *kind, const char *path, uint64_t number) {
	char name[4096];
	name_file(name, sizeof name, kind, path, number);
	size_t length = compose(kind, number);
	failing = "open";
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (write_all(fd, expected, length) != 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	if (number % 3 == 0) {
		failing = "fsync";
		if (fsync(fd) != 0) {
			close(fd);
			return -1;
		}
	}
	failing = "close";
	return close(fd);
}

int op_crash_write(char **argv) {
	int acknowledged = open(argv[3], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	failing = "open";
	if (acknowledged < 0)
		return -1;
	for (uint64_t number = strtoull(argv[2], NULL, 10); write_value(argv[0], argv[1], number) == 0; number++) {
		char line[32];
		int length = snprintf(line, sizeof line, "%20" PRIu64 "\n", number);
		failing = "pwrite";
		if (pwrite(acknowledged, line, (size_t)length, 0) != length)
			return -1;
	}
	/* The daemon was killed: these say so. Anything else is a fault that the test must see. */
	return errno == ENOTCONN || errno == ECONNABORTED ? 0 : -1;
}

/* Reads one file and compares it with what its own number says. 0 and the number; 1 nothing yet; -1 broken. */
static int check_file(const char *kind, const char *name, uint64_t *number) {
	failing = "open";
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 1 : -1;
	size_t length = 0;
	ssize_t got;
	failing = "read";
	while ((got = read(fd, found + length, most - length)) > 0)
		length += (size_t)got;
	close(fd);
	if (got < 0)
		return -1;
	found[length] = '\0';
	if (length == 0 && strcmp(kind, "env") == 0)
		return 1; /* env is there with its secret, empty until it's written */
	*number = strtoull(strcmp(kind, "env") == 0 ? found + 2 : found, NULL, 10);
	failing = "compare";
	errno = EBADMSG;
	return compose(kind, *number) == length && memcmp(expected, found, length) == 0 ? 0 : -1;
}

int op_crash_check(char **argv) {
	uint64_t lowest = strtoull(argv[2], NULL, 10), highest = strtoull(argv[3], NULL, 10), number = 0;
	char name[4096];
	if (strcmp(argv[0], "new") != 0) {
		int result = check_file(argv[0], argv[1], &number);
		if (result < 0)
			return -1;
		failing = "compare";
		errno = number < lowest ? ENODATA : ERANGE;
		return (result == 1 ? lowest == 0 : number >= lowest && number <= highest) ? 0 : -1;
	}
	/* LOWEST is the first of this round, HIGHEST the last acknowledged; one more may have been tried. */
	for (uint64_t at = lowest; at <= highest + 1; at++) {
		name_file(name, sizeof name, argv[0], argv[1], at);
		int result = check_file(argv[0], name, &number);
		failing = result < 0 ? failing : "compare";
		errno = result < 0 ? errno : ENODATA;
		if (result < 0 || (result == 1 && at <= highest) || (result == 0 && number != at))
			return -1;
	}
	return 0;
}
