// SPDX-License-Identifier: MIT

/*
 * threads FLAGS FILE TEXT…: a program with threads that ends by returning from main, never closing its file.
 *
 * exit_group(2) ends the other threads with SIGKILL, yet no signal killed the program: its value counts.
 * One of the threads does the writing, so that the descriptor's last user need not be the main thread.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int file = -1;
static char **texts;

static void *sleeps(void *unused) {
	(void)unused;
	for (;;)
		pause();
}

static void *writes(void *unused) {
	(void)unused;
	for (; *texts; texts++) {
		size_t count;
		char *bytes = text(*texts, &count);
		if (write_all(file, bytes, count) != 0) {
			printf("write %s\n", strerrorname_np(errno));
			exit(1);
		}
		free(bytes);
	}
	return NULL;
}

int op_threads(char **argv) {
	failing = "open";
	int append = strchr(argv[0], 'a') ? O_APPEND : 0;
	file = open(argv[1], O_WRONLY | O_CREAT | (append ? append : O_TRUNC) | O_CLOEXEC, 0600);
	if (file < 0)
		return -1;
	texts = argv + 2;
	pthread_t writer, sleeper;
	failing = "pthread_create";
	for (int i = 0; i < 8; i++)
		if ((errno = pthread_create(&sleeper, NULL, sleeps, NULL)) != 0)
			return -1;
	if ((errno = pthread_create(&writer, NULL, writes, NULL)) != 0)
		return -1;
	pthread_join(writer, NULL);
	puts("ok");
	exit(0);
}
