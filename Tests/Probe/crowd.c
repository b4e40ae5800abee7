// SPDX-License-Identifier: MIT

/*
 * crowd ENV FILE THREADS: closes FILE, a variable of the secret whose env is ENV, with a new byte in it. While that is
 * committed, so many threads read the same descriptor, and ENV, which is open, is read from the start.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int file = -1;
static _Atomic int is_closed;

static void pause_for(long milliseconds) {
	struct timespec time = { 0, milliseconds * 1000000 };
	nanosleep(&time, NULL);
}

/* close(2) of one descriptor of several: a FLUSH, which commits. */
static void *closes(void *unused) {
	(void)unused;
	int other = dup(file);
	int error = other < 0 || close(other) != 0 ? errno : 0;
	is_closed = 1;
	return (void *)(long)error;
}

static void *crowds(void *unused) {
	char byte;
	(void)unused;
	while (!is_closed)
		if (pread(file, &byte, 1, 0) < 0)
			return (void *)(long)errno;
	return NULL;
}

static int join(pthread_t thread) {
	void *error;
	pthread_join(thread, &error);
	return (errno = (int)(long)error) == 0 ? 0 : -1;
}

int op_crowd(char **argv) {
	int count = atoi(argv[2]), result = 0;
	char bytes[4096];
	pthread_t closer, *crowd = calloc((size_t)count, sizeof *crowd);
	failing = "open";
	int held = open(argv[0], O_RDONLY | O_CLOEXEC);
	if (held < 0 || crowd == NULL || (file = open(argv[1], O_RDWR | O_CLOEXEC)) < 0)
		return -1;
	is_closed = 0;
	if (write_all(file, "x", 1) != 0)
		return -1;
	failing = "pthread_create";
	if ((errno = pthread_create(&closer, NULL, closes, NULL)) != 0)
		return -1;
	/* The commit waits a tenth of a second for `held`; all of this happens meanwhile. */
	pause_for(20);
	for (int at = 0; at < count; at++)
		if ((errno = pthread_create(&crowd[at], NULL, crowds, NULL)) != 0)
			return -1;
	pause_for(30);
	failing = "read";
	if ((errno = posix_fadvise(held, 0, 0, POSIX_FADV_DONTNEED)) != 0 || pread(held, bytes, sizeof bytes, 0) <= 0)
		result = -1;
	for (int at = 0; at < count; at++)
		result |= join(crowd[at]);
	failing = result == 0 ? "close" : failing;
	result |= join(closer);
	free(crowd);
	close(held);
	return close(file) != 0 ? -1 : result;
}
