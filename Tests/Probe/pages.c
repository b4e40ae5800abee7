// SPDX-License-Identifier: MIT

/*
 * Opens that the kernel's page cache has a part in.
 *
 *     touch read|map|send|map-last FILE    opens FILE, takes all of it, closes it, and prints when: microseconds of CLOCK_MONOTONIC.
 *                                 With `map-last` it is opened for writing too, and closed before its mapping is looked at
 *     spin FILE COUNT             opens, reads to the end and closes, COUNT times
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int read_all(int fd) {
	char buffer[65536];
	ssize_t got;
	failing = "read";
	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		;
	return got < 0 ? -1 : 0;
}

/* Looks at all of a mapping; with `closes` when the file is closed. */
static int map_all(int fd, int closes) {
	struct stat info;
	failing = "fstat";
	if (fstat(fd, &info) != 0)
		return -1;
	failing = "mmap";
	volatile unsigned char *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -1;
	failing = "close";
	if (closes && close(fd) != 0)
		return -1;
	for (off_t at = 0; at < info.st_size; at += 512)
		(void)bytes[at];
	failing = "munmap";
	return munmap((void *)bytes, (size_t)info.st_size);
}

static int send_all(int fd) {
	int ends[2];
	ssize_t moved;
	failing = "socketpair";
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	failing = "sendfile";
	while ((moved = sendfile(ends[1], fd, NULL, 65536)) > 0)
		;
	close(ends[0]);
	close(ends[1]);
	return moved < 0 ? -1 : 0;
}

int op_touch(char **argv) {
	const char *way = argv[0];
	int is_last = strcmp(way, "map-last") == 0;
	struct timespec time;
	failing = "open";
	int fd = open(argv[1], (is_last ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int maps = is_last || strcmp(way, "map") == 0;
	int result = maps ? map_all(fd, is_last) : strcmp(way, "send") == 0 ? send_all(fd) : read_all(fd);
	if (result != 0)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &time);
	failing = "close";
	if (!is_last && close(fd) != 0)
		return -1;
	printf("%lld\n", time.tv_sec * 1000000ll + time.tv_nsec / 1000);
	return 0;
}

int op_spin(char **argv) {
	for (long left = atol(argv[1]); left > 0; left--) {
		failing = "open";
		int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read_all(fd) != 0)
			return -1;
		close(fd);
	}
	return 0;
}
