// SPDX-License-Identifier: MIT

/*
 * probe: makes one system call after another and says how each ended.
 *
 *     probe open r FILE , unlink FILE , write wct FILE 'some text'
 *
 * Operations stand between lone commas. Each gives one line: `ok`, or the system call that failed and the
 * name of its errno: `open EACCES`. Tests compare these lines, so that a refusal counts only with the errno
 * that product.md promises, at the call where it promises it.
 *
 * FLAGS are letters: r read, w write, a append, c create, t truncate, x exclusive.
 * TEXT takes the escapes of text.c; several TEXTs are several writes.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

const char *failing = "";

static int open_flags(const char *letters) {
	int flags = 0, reads = 0, writes = 0;
	for (; *letters; letters++) {
		switch (*letters) {
		case 'r': reads = 1; break;
		case 'w': writes = 1; break;
		case 'a': writes = 1; flags |= O_APPEND; break;
		case 'c': flags |= O_CREAT; break;
		case 't': flags |= O_TRUNC; break;
		case 'x': flags |= O_EXCL; break;
		default: fprintf(stderr, "probe: no such flag: %c\n", *letters); exit(2);
		}
	}
	return flags | O_CLOEXEC | (reads && writes ? O_RDWR : writes ? O_WRONLY : O_RDONLY);
}

/* Opens argv[0] = FLAGS, argv[1] = FILE. */
static int open_file(char **argv) {
	failing = "open";
	return open(argv[1], open_flags(argv[0]), 0600);
}

int write_all(int fd, const char *bytes, size_t count) {
	while (count > 0) {
		failing = "write";
		ssize_t written = write(fd, bytes, count);
		if (written < 0)
			return -1;
		bytes += written;
		count -= (size_t)written;
	}
	return 0;
}

static int write_texts(int fd, char **texts) {
	for (; *texts; texts++) {
		size_t count;
		char *bytes = text(*texts, &count);
		int result = write_all(fd, bytes, count);
		free(bytes);
		if (result != 0)
			return -1;
	}
	return 0;
}

static int close_file(int fd) {
	failing = "close";
	return close(fd);
}

static int op_open(char **argv) {
	int fd = open_file(argv);
	return fd < 0 ? -1 : close_file(fd);
}

/* The errno of a failed write wins over that of the close, which still happens, as in any program. */
static int op_write(char **argv) {
	int fd = open_file(argv);
	if (fd < 0)
		return -1;
	if (write_texts(fd, argv + 2) != 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return close_file(fd);
}

/* fsync between write and close. */
static int op_fsync(char **argv) {
	int fd = open_file(argv);
	if (fd < 0 || write_texts(fd, argv + 2) != 0)
		return -1;
	failing = "fsync";
	return fsync(fd) != 0 ? -1 : close_file(fd);
}

/* pwrite OFFSET FLAGS FILE TEXT */
static int op_pwrite(char **argv) {
	int fd = open_file(argv + 1);
	if (fd < 0)
		return -1;
	size_t count;
	char *bytes = text(argv[3], &count);
	failing = "pwrite";
	ssize_t written = pwrite(fd, bytes, count, (off_t)atoll(argv[0]));
	free(bytes);
	return written < 0 ? -1 : close_file(fd);
}

/* ftruncate SIZE FLAGS FILE TEXT…: writes, then sets the size. */
static int op_ftruncate(char **argv) {
	int fd = open_file(argv + 1);
	if (fd < 0 || write_texts(fd, argv + 3) != 0)
		return -1;
	failing = "ftruncate";
	return ftruncate(fd, (off_t)atoll(argv[0])) != 0 ? -1 : close_file(fd);
}

static int op_read(char **argv) {
	failing = "open";
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	char buffer[65536];
	ssize_t got;
	failing = "read";
	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		;
	return got < 0 ? -1 : close_file(fd);
}

static int op_truncate(char **argv) { return failing = "truncate", truncate(argv[1], (off_t)atoll(argv[0])); }
static int op_unlink(char **argv) { return failing = "unlink", unlink(argv[0]); }
static int op_mkdir(char **argv) { return failing = "mkdir", mkdir(argv[0], 0777); }
static int op_rmdir(char **argv) { return failing = "rmdir", rmdir(argv[0]); }
static int op_rename(char **argv) { return failing = "rename", rename(argv[0], argv[1]); }
static int op_noreplace(char **argv) {
	return failing = "renameat2", renameat2(AT_FDCWD, argv[0], AT_FDCWD, argv[1], RENAME_NOREPLACE);
}
static int op_exchange(char **argv) {
	return failing = "renameat2", renameat2(AT_FDCWD, argv[0], AT_FDCWD, argv[1], RENAME_EXCHANGE);
}
static int op_link(char **argv) { return failing = "link", link(argv[0], argv[1]); }
static int op_symlink(char **argv) { return failing = "symlink", symlink(argv[0], argv[1]); }
static int op_mknod(char **argv) { return failing = "mknod", mknod(argv[0], S_IFREG | 0600, 0); }
static int op_mkfifo(char **argv) { return failing = "mkfifo", mkfifo(argv[0], 0600); }
static int op_chmod(char **argv) { return failing = "chmod", chmod(argv[1], (mode_t)strtol(argv[0], NULL, 8)); }
static int op_chown(char **argv) {
	return failing = "chown", chown(argv[1], (uid_t)atol(argv[0]), (gid_t)-1);
}
static int op_utimens(char **argv) { return failing = "utimensat", utimensat(AT_FDCWD, argv[0], NULL, 0); }
static int op_stat(char **argv) {
	struct stat info;
	return failing = "stat", stat(argv[0], &info);
}

static int op_list(char **argv) {
	failing = "opendir";
	DIR *folder = opendir(argv[0]);
	if (folder == NULL)
		return -1;
	failing = "readdir";
	errno = 0;
	while (readdir(folder) != NULL)
		;
	return errno != 0 ? -1 : closedir(folder);
}

/* die SIGNAL FLAGS FILE TEXT…: writes and dies from a signal with the file open. */
static int op_die(char **argv) {
	int fd = open_file(argv + 1);
	if (fd < 0 || write_texts(fd, argv + 3) != 0)
		return -1;
	failing = "kill";
	signal(atoi(argv[0]), SIG_DFL);
	return kill(getpid(), atoi(argv[0]));
}

/* hold FLAGS FILE [TEXT…]: writes, says `held`, and closes when SIGUSR1 comes. */
static int op_hold(char **argv) {
	sigset_t usr1;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	int fd = open_file(argv), number;
	if (fd < 0 || write_texts(fd, argv + 2) != 0)
		return -1;
	puts("held");
	fflush(stdout);
	sigwait(&usr1, &number);
	return close_file(fd);
}

/* exit STATUS FLAGS FILE TEXT…: writes and exits without closing. */
static int op_exit(char **argv) {
	int fd = open_file(argv + 1);
	if (fd < 0 || write_texts(fd, argv + 3) != 0)
		return -1;
	puts("ok");
	exit(atoi(argv[0]));
}

/* watch FOLDER COUNT: says `watching`, then one line `EVENT NAME` for each of COUNT inotify events. */
static int op_watch(char **argv) {
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	int fd = inotify_init1(IN_CLOEXEC), left = atoi(argv[1]);
	failing = "inotify_add_watch";
	if (fd < 0 || inotify_add_watch(fd, argv[0], IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVE) < 0)
		return -1;
	puts("watching");
	fflush(stdout);
	while (left > 0) {
		ssize_t got = read(fd, buffer, sizeof buffer);
		failing = "read";
		if (got <= 0)
			return -1;
		for (char *at = buffer; at < buffer + got && left > 0; left--) {
			struct inotify_event *event = (struct inotify_event *)at;
			printf("%s %s\n", event->mask & IN_CLOSE_WRITE ? "close_write"
				: event->mask & IN_CREATE ? "create" : event->mask & IN_DELETE ? "delete" : "move",
				event->len > 0 ? event->name : "-");
			fflush(stdout);
			at += sizeof *event + event->len;
		}
	}
	return 0;
}

static const struct {
	const char *name;
	int least; /* arguments */
	int (*run)(char **argv);
} operations[] = {
	{ "open", 2, op_open }, { "read", 1, op_read }, { "write", 3, op_write }, { "fsync", 3, op_fsync },
	{ "pwrite", 4, op_pwrite }, { "truncate", 2, op_truncate }, { "ftruncate", 3, op_ftruncate },
	{ "unlink", 1, op_unlink }, { "mkdir", 1, op_mkdir }, { "rmdir", 1, op_rmdir }, { "rename", 2, op_rename },
	{ "noreplace", 2, op_noreplace }, { "exchange", 2, op_exchange }, { "link", 2, op_link },
	{ "symlink", 2, op_symlink }, { "mknod", 1, op_mknod }, { "mkfifo", 1, op_mkfifo }, { "chmod", 2, op_chmod },
	{ "chown", 2, op_chown }, { "utimens", 1, op_utimens }, { "stat", 1, op_stat }, { "list", 1, op_list },
	{ "die", 4, op_die }, { "hold", 2, op_hold }, { "exit", 4, op_exit }, { "threads", 3, op_threads },
	{ "watch", 2, op_watch }, { "crash-write", 4, op_crash_write }, { "crash-check", 4, op_crash_check },
	{ "stress", 4, op_stress },
	{ "late", 3, op_late }, { "mapped", 3, op_mapped }, { "reopen", 3, op_reopen },
	{ "reopen-held", 1, op_reopen_held }, { "pass", 4, op_pass }, { "pass-reopen", 3, op_pass_reopen },
	{ "pass-write", 4, op_pass_write }, { "touch", 2, op_touch }, { "spin", 2, op_spin },
	{ "lookups", 3, op_lookups }, { "look-all", 3, op_look_all }, { "open-all", 4, op_open_all },
	{ "crowd", 3, op_crowd },
	{ "family", 1, op_family }, { "terminal", 3, op_terminal },
	{ "obey", 1, op_obey }, { "ring", 2, op_ring },
	{ "stall-list", 2, op_stall_list }, { "stall-epoll", 3, op_stall_epoll },
};

void perform(int argc, char **argv) {
	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
		if (strcmp(argv[0], operations[i].name) != 0)
			continue;
		if (argc - 1 < operations[i].least)
			break;
		if (operations[i].run(argv + 1) == 0)
			puts("ok");
		else
			printf("%s %s\n", failing, strerrorname_np(errno) ? strerrorname_np(errno) : "?");
		fflush(stdout);
		return;
	}
	fprintf(stderr, "probe: not an operation, or too few arguments: %s\n", argv[0]);
	exit(2);
}

int main(int argc, char **argv) {
	int start = 1;
	for (int i = 1; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], ",") != 0)
			continue;
		argv[i] = NULL; /* argv[argc] is NULL already */
		if (i > start)
			perform(i - start, argv + start);
		start = i + 1;
	}
	return 0;
}
