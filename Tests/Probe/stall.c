// SPDX-License-Identifier: MIT

/*
 * What a process can hold up by memory that nobody fills: a page of userfaultfd(2), made as root before the user is. (An ordinary user
 * has the same by a file that a file system of their own does not serve.)
 *
 * stall-list UID FOLDER: getdents64(2) into such a page, for ever: the folder's lock is held.
 * stall-epoll UID FILE COUNT: FILE, which is open for reading, is replaced; an epoll instance's mutex is held for ever; and so many
 * processes ask for the attributes of what is open, past all caches. Prints "asked" when they have their answers.
 */
#include "probe.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A page whose first use waits for ever; from here on as the user. */
static void *stalled_page(uid_t uid) {
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	struct uffdio_api api = { .api = UFFD_API };
	failing = "userfaultfd";
	int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (faults < 0 || ioctl(faults, UFFDIO_API, &api) != 0)
		return NULL;
	failing = "mmap";
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register range = { .range = { (unsigned long)page, size }, .mode = UFFDIO_REGISTER_MODE_MISSING };
	if (page == MAP_FAILED || ioctl(faults, UFFDIO_REGISTER, &range) != 0)
		return NULL;
	failing = "setresuid";
	return setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0 ? NULL : page;
}

int op_stall_list(char **argv) {
	void *page = stalled_page((uid_t)atoi(argv[0]));
	if (page == NULL)
		return -1;
	failing = "open";
	int folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	printf("stalling\n");
	fflush(stdout);
	failing = "getdents64";
	return syscall(SYS_getdents64, folder, page, 4096) < 0 ? -1 : 0;
}

static int instance;

static void *holds(void *page) {
	epoll_wait(instance, page, 1, -1);
	return NULL;
}

int op_stall_epoll(char **argv) {
	char bytes[16];
	int count = atoi(argv[2]), status, result = 0;
	void *page = stalled_page((uid_t)atoi(argv[0]));
	pthread_t holder;
	if (page == NULL)
		return -1;
	failing = "open";
	int file = open(argv[1], O_RDONLY);
	if (file < 0 || read(file, bytes, sizeof bytes) < 0)
		return -1;
	int writer = open(argv[1], O_WRONLY | O_TRUNC | O_CLOEXEC);
	failing = "write";
	if (writer < 0 || write_all(writer, "new", 3) != 0 || close(writer) != 0)
		return -1;
	failing = "epoll_create1";
	struct epoll_event event = { .events = EPOLLIN };
	int ready = eventfd(1, 0);
	if ((instance = epoll_create1(0)) < 0 || epoll_ctl(instance, EPOLL_CTL_ADD, ready, &event) != 0
		|| pthread_create(&holder, NULL, holds, page) != 0)
		return -1;
	/* Until it is in the kernel's hands; held or not, what follows must succeed. */
	usleep(300000);
	for (int i = 0; i < count; i++)
		if (fork() == 0) {
			struct statx info;
			_exit(statx(file, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_ALL, &info) == 0 ? 0 : 1);
		}
	failing = "statx";
	for (int i = 0; i < count; i++)
		if (wait(&status) < 0 || status != 0)
			result = -1;
	if (result == 0)
		printf("asked\n");
	fflush(stdout);
	if (result == 0)
		pause();
	return result;
}
