// SPDX-License-Identifier: MIT

/*
 * outlive: threads open FILE again and again. The process kills its parent, the root of its job, meanwhile. No open that began
 * when the root had ended may succeed; it is an error of the operation if one does, or if none had succeeded before. Says how the
 * last of them was refused.
 */
#include "probe.h"
#include "obey.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { most_threads = 16, refusals_wanted = 50 };

static struct {
	const char *path;
	int root;
	_Atomic int opened, refused, late, refusal;
} outliving;

static void *opens(void *unused) {
	(void)unused;
	while (outliving.refused < refusals_wanted && !outliving.late) {
		struct pollfd end = { .fd = outliving.root, .events = POLLIN };
		int has_ended = poll(&end, 1, 0) > 0;
		int fd = open(outliving.path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && has_ended) {
			outliving.refusal = errno;
			outliving.refused++;
		}
		if (fd >= 0) {
			has_ended ? outliving.late++ : outliving.opened++;
			close(fd);
		}
	}
	return NULL;
}

int outlive(int count, const char *path) {
	pthread_t threads[most_threads];
	outliving.path = path;
	failing = "pidfd_open";
	outliving.root = (int)syscall(SYS_pidfd_open, getppid(), 0);
	if (outliving.root < 0)
		return -1;
	count = count < most_threads ? count : most_threads;
	failing = "pthread_create";
	for (int i = 0; i < count; i++)
		if ((errno = pthread_create(&threads[i], NULL, opens, NULL)) != 0)
			return -1;
	while (outliving.opened < 20 * count && !outliving.late)
		usleep(1000);
	failing = "pidfd_send_signal";
	if (syscall(SYS_pidfd_send_signal, outliving.root, SIGKILL, NULL, 0) != 0)
		return -1;
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	if (outliving.late)
		printf("%d opens succeeded after the end\n", outliving.late);
	else
		printf("refused %s\n", strerrorname_np(outliving.refusal));
	return 0;
}
