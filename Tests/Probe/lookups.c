// SPDX-License-Identifier: MIT

/*
 * Many callers, many names.
 *
 *     lookups COUNT CALLERS FOLDER…    CALLERS processes together look COUNT names up: of uids from 10000, the even ones of gid 9000,
 *                                      the odd ones of gid 9001
 *     look-all FOLDER SECRETS VARIABLES    looks up FOLDER/s0000000/vars/V, V1, … one after the other
 *     open-all FOLDER SECRETS VARIABLES COUNT    opens, reads and closes COUNT of them, spread over all
 *
 * In each FOLDER of `lookups` there are `vars/A`, `files/d/f` and `env`. Even uids may pass all of them, odd ones none: these
 * must be refused by EACCES each time, and the others find what is there and get ENOENT for what is not. It is an
 * error of the operation if one does not.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { first_uid = 10000, first_gid = 9000, most_callers = 1000 };

static int look_up(const char *folder, long at, int may) {
	static const char *const names[] = { "vars/A", "files/d/f", "env", "vars", "files/d", "vars/NONE", "files/none", "files/d/none" };
	enum { present = 5, count = sizeof names / sizeof *names };
	char path[4096];
	struct stat info;
	snprintf(path, sizeof path, "%s/%s", folder, names[at % count]);
	int expected = !may ? EACCES : at % count < present ? 0 : ENOENT;
	errno = 0;
	int result = stat(path, &info);
	if ((result == 0 ? 0 : errno) == expected)
		return 0;
	fprintf(stderr, "probe: %s: uid %d: %s, not %s\n", path, (int)getuid(), result == 0 ? "found" : strerrorname_np(errno),
		expected == 0 ? "found" : strerrorname_np(expected));
	return -1;
}

static int look_up_all(long count, int caller, char **folders) {
	uint64_t random = (uint64_t)(caller + 1) * 2654435761u;
	uid_t uid = first_uid + (uid_t)caller;
	size_t folder_count = 0;
	while (folders[folder_count] != NULL)
		folder_count++;
	gid_t gid = first_gid + uid % 2;
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		return -1;
	for (; count > 0; count--) {
		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		if (look_up(folders[random % folder_count], (long)(random >> 32), uid % 2 == 0) != 0)
			return -1;
	}
	return 0;
}

int op_lookups(char **argv) {
	long count = atol(argv[0]);
	int callers = atoi(argv[1]), status, result = 0;
	pid_t pids[most_callers];
	failing = "arguments";
	errno = EINVAL;
	if (callers < 1 || callers > most_callers)
		return -1;
	fflush(stdout);
	for (int i = 0; i < callers; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(look_up_all(count / callers, i, argv + 2) == 0 ? 0 : 1);
	}
	for (int i = 0; i < callers; i++)
		if (pids[i] < 0 || waitpid(pids[i], &status, 0) < 0 || status != 0)
			result = -1;
	failing = "stat";
	errno = EBADMSG;
	return result;
}

/* As storefill names them. */
static void name_variable(char *path, size_t size, const char *folder, long secret, long variable) {
	int count = snprintf(path, size, "%s/s%07ld/vars/V", folder, secret);
	if (variable > 0)
		snprintf(path + count, size - (size_t)count, "%ld", variable);
}

int op_look_all(char **argv) {
	long secrets = atol(argv[1]), variables = atol(argv[2]);
	char path[4096];
	struct stat info;
	failing = "stat";
	for (long secret = 0; secret < secrets; secret++)
		for (long variable = 0; variable < variables; variable++) {
			name_variable(path, sizeof path, argv[0], secret, variable);
			if (stat(path, &info) != 0)
				return -1;
		}
	return 0;
}

int op_open_all(char **argv) {
	long secrets = atol(argv[1]), variables = atol(argv[2]), count = atol(argv[3]);
	char path[4096], buffer[4096];
	/* A step that comes by all of them, and jumps. */
	long all = secrets * variables, step = 7919 % all == 0 ? 1 : 7919, at = 0;
	for (; count > 0; count--, at = (at + step) % all) {
		name_variable(path, sizeof path, argv[0], at / variables, at % variables);
		failing = "open";
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -1;
		failing = "read";
		ssize_t got = read(fd, buffer, sizeof buffer);
		close(fd);
		if (got <= 0)
			return -1;
	}
	return 0;
}
