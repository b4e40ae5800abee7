// SPDX-License-Identifier: MIT

/*
 * Descriptors that outlive their opener, are opened again, or are handed to somebody else, and bytes on their way when their
 * file is closed. Operations compare with what they are told to expect: they never print what they read.
 *
 *     late send|splice FILE TEXT     moves the bytes into a socket or pipe, closes FILE, says `held`, and
 *                                    receives when SIGUSR1 comes
 *     mapped FILE TEXT TEXT          maps FILE privately, compares with the first TEXT, changes the mapping, says `held`,
 *                                    and compares its own open with the second when SIGUSR1 comes
 *     reopen UID FILE TEXT           opens FILE with O_PATH and, as UID, again through /proc/self/fd
 *     reopen-held FILE               the same as the same user: opens with O_PATH, says `held`, and opens when SIGUSR1 comes
 *     pass UID OTHER FILE TEXT       opens FILE as UID, sends the descriptor to a process of OTHER, which reads it
 *     pass-reopen UID OTHER FILE     the same, but the other process opens it again through /proc/self/fd
 *     pass-write UID OTHER FILE TEXT    the same with a descriptor for writing, which the other process writes and closes last
 *
 * UID stands for a group of the same number, too; only root can be somebody else.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { room = 65536 };

static void block_usr1(void) {
	sigset_t usr1;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
}

static void wait_for_usr1(void) {
	sigset_t usr1;
	int number;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	puts("held");
	fflush(stdout);
	sigwait(&usr1, &number);
}

/* 0 if what there is to read is the text, with EBADMSG else. */
static int compare(int fd, const char *argument) {
	size_t count, at = 0;
	char *expected = text(argument, &count), *found = malloc(room);
	ssize_t got = -1;
	failing = "read";
	while (found != NULL && (got = read(fd, found + at, room - at)) > 0)
		at += (size_t)got;
	int result = got < 0 ? -1 : at == count && memcmp(found, expected, count) == 0 ? 0 : -1;
	if (got == 0 && result != 0) {
		failing = "compare";
		errno = EBADMSG;
	}
	free(expected);
	free(found);
	return result;
}

int op_late(char **argv) {
	int ends[2], splices = strcmp(argv[0], "splice") == 0;
	ssize_t moved;
	block_usr1();
	failing = "open";
	int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	failing = splices ? "pipe" : "socketpair";
	if ((splices ? pipe2(ends, O_CLOEXEC) : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) != 0)
		return -1;
	failing = argv[0];
	while ((moved = splices ? splice(fd, NULL, ends[1], NULL, room, 0) : sendfile(ends[1], fd, NULL, room)) > 0)
		;
	if (moved < 0)
		return -1;
	close(fd);
	close(ends[1]);
	wait_for_usr1();
	return compare(ends[0], argv[2]);
}

int op_mapped(char **argv) {
	size_t count;
	char *expected = text(argv[1], &count);
	struct stat info;
	block_usr1();
	failing = "open";
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) != 0)
		return -1;
	failing = "mmap";
	char *bytes = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -1;
	failing = "compare";
	errno = EBADMSG;
	if ((size_t)info.st_size != count || memcmp(bytes, expected, count) != 0)
		return -1;
	memset(bytes, '!', count);
	wait_for_usr1();
	for (size_t i = 0; i < count; i++)
		if (bytes[i] != '!')
			return -1;
	return compare(fd, argv[2]);
}

static int become(const char *uid) {
	uid_t number = (uid_t)atol(uid);
	failing = "setresuid";
	return setgroups(0, NULL) != 0 || setresgid(number, number, number) != 0 || setresuid(number, number, number) != 0 ? -1 : 0;
}

static int reopen(int fd) {
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	failing = "reopen";
	return open(path, O_RDONLY | O_CLOEXEC);
}

int op_reopen(char **argv) {
	failing = "open";
	int fd = open(argv[1], O_PATH | O_CLOEXEC);
	if (fd < 0 || become(argv[0]) != 0)
		return -1;
	int again = reopen(fd);
	return again < 0 ? -1 : compare(again, argv[2]);
}

int op_reopen_held(char **argv) {
	block_usr1();
	failing = "open";
	int fd = open(argv[0], O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -1;
	wait_for_usr1();
	int again = reopen(fd);
	return again < 0 ? -1 : close(again);
}

int send_descriptor(int to, int fd) {
	char byte = 0, control[CMSG_SPACE(sizeof fd)] = { 0 };
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(header), &fd, sizeof fd);
	failing = "sendmsg";
	return sendmsg(to, &message, 0) == 1 ? 0 : -1;
}

int receive_descriptor(int from) {
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	int fd;
	failing = "recvmsg";
	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1 || CMSG_FIRSTHDR(&message) == NULL)
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

/* What the other process does with the descriptor. */
enum use { reads, reopens, writes };

static int use_descriptor(enum use use, int fd, const char *argument) {
	if (fd < 0)
		return -1;
	if (use == reads)
		return compare(fd, argument);
	if (use == reopens)
		return reopen(fd) < 0 ? -1 : 0;
	size_t count;
	char *bytes = text(argument, &count);
	if (write_all(fd, bytes, count) != 0)
		return -1;
	failing = "close";
	return close(fd);
}

/* The opener has closed it by the time that the other process does. */
static int pass(enum use use, const char *uid, const char *other, const char *path, const char *argument) {
	int ends[2], status = 0;
	failing = "socketpair";
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		int result = become(other) != 0 ? -1 : use_descriptor(use, receive_descriptor(ends[1]), argument);
		/* The name of the call that failed, for who reports it. */
		if (result != 0)
			(void)!write(ends[1], failing, strlen(failing) + 1);
		_exit(result == 0 ? 0 : errno);
	}
	close(ends[1]);
	if (become(uid) != 0)
		return -1;
	failing = "open";
	int fd = open(path, use == writes ? O_WRONLY | O_TRUNC | O_CLOEXEC : O_RDONLY | O_CLOEXEC), saved = errno;
	if (fd >= 0) {
		send_descriptor(ends[0], fd);
		/* While it is in the socket or with the other, this is not the last. */
		close(fd);
		static char call[40];
		if (read(ends[0], call, sizeof call - 1) > 0)
			failing = call;
	}
	close(ends[0]);
	waitpid(child, &status, 0);
	errno = fd < 0 ? saved : WEXITSTATUS(status);
	return fd >= 0 && status == 0 ? 0 : -1;
}

int op_pass(char **argv) { return pass(reads, argv[0], argv[1], argv[2], argv[3]); }
int op_pass_reopen(char **argv) { return pass(reopens, argv[0], argv[1], argv[2], NULL); }
int op_pass_write(char **argv) { return pass(writes, argv[0], argv[1], argv[2], argv[3]); }
