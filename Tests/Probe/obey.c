// SPDX-License-Identifier: MIT

/*
 * obey PATH: does what it is told, one line after another, as the process that it is: so that a test can look from inside a job, and
 * from any place in a family of processes. Lines come from the FIFO PATH.ask; answers go to PATH.say, each ended by a line with a dot.
 * It ends with who asks. A line is an operation of probe, or one of these:
 *
 *     show FILE                what is in it behind `= `, newlines as |         names FOLDER      the names in it, sorted
 *     look FILE                its mode, owner, size and count of links         number FILE       its inode number
 *     link FILE                where it leads, behind `-> `                     sh SCRIPT         what it prints, and `exit STATUS`
 *     pid                      its own number, as /proc has it                  kill PID          SIGKILL, and waits for the end
 *     fork PATH                a child that obeys at PATH                       spawn WORD…       a child that executes them
 *     orphan PATH              a grandchild in a session of its own that obeys at PATH; its parent ends
 *     numbered PID PATH        a child with this number that obeys at PATH
 *     thread                   goes on in a new thread, and the first ends
 *     keep SLOT FILE           opens it and keeps it open: by its letter, as O_PATH for a capital one
 *     again SLOT               reads what is kept, from the start               reopen SLOT       opens what is kept once more
 *     below SLOT FILE          what is in FILE, relative to the folder that is kept
 *     map SLOT                 maps what is kept, privately                      peek SLOT         what is in its mapping
 *     listen SOCKET            a unix socket                                    accept SLOT       keeps what was sent to it
 *     send SOCKET SLOT         sends what is kept                               connect SLOT SOCKET    keeps a connection
 *     ask SLOT METHOD PATH     the status of a request by it                    uid UID           becomes somebody else
 *     trace PID                ptrace(2) of it                                  setsid             in a session of its own
 *     outlive THREADS FILE     kills its parent while threads open FILE: see outlive.c
 */
#include "probe.h"
#include "obey.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { room = 65536, slots = 128, most_words = 64 };

static FILE *asked;
static int kept[slots];
static struct { const char *bytes; size_t size; } maps[slots];

static void *obeys(void *unused);

/* From here on it is the one of PATH. */
static void move_to(const char *path) {
	char name[4096];
	if (asked)
		fclose(asked);
	snprintf(name, sizeof name, "%s.ask", path);
	asked = fopen(name, "re");
	snprintf(name, sizeof name, "%s.say", path);
	int said = open(name, O_WRONLY | O_CLOEXEC);
	if (asked == NULL || said < 0 || dup2(said, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0)
		_exit(2);
	close(said);
	puts("here\n.");
	fflush(stdout);
}

static void obey_at(const char *path) {
	move_to(path);
	obeys(NULL);
	_exit(0);
}

static int say_bytes(int fd) {
	char bytes[room];
	size_t count = 0;
	ssize_t got;
	failing = "read";
	while ((got = pread(fd, bytes + count, sizeof bytes - count, (off_t)count)) > 0)
		count += (size_t)got;
	if (got < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (bytes[i] == '\n')
			bytes[i] = '|';
	printf("= %.*s\n", (int)count, bytes);
	return 0;
}

static int show_at(int folder, const char *path) {
	failing = "open";
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int result = say_bytes(fd), saved = errno;
	close(fd);
	errno = saved;
	return result;
}

static int is_name(const struct dirent *entry) { return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0; }

static int say_names(const char *path) {
	struct dirent **entries;
	failing = "opendir";
	int count = scandir(path, &entries, is_name, alphasort);
	if (count < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		printf("%s%s", i > 0 ? " " : "", entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	puts("");
	return 0;
}

static int say_status(const char *path, int number) {
	struct stat status;
	failing = "lstat";
	if (lstat(path, &status) != 0)
		return -1;
	if (number)
		printf("%ju\n", (uintmax_t)status.st_ino);
	else
		printf("%o %u %jd %ju\n", status.st_mode, status.st_uid, (intmax_t)status.st_size, (uintmax_t)status.st_nlink);
	return 0;
}

static int say_link(const char *path) {
	char target[4096];
	failing = "readlink";
	ssize_t length = readlink(path, target, sizeof target);
	if (length < 0)
		return -1;
	printf("-> %.*s\n", (int)length, target);
	return 0;
}

static int run_script(const char *script) {
	int status = 0;
	signal(SIGCHLD, SIG_DFL);
	failing = "fork";
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	signal(SIGCHLD, SIG_IGN);
	printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}

/* What a child prints that executes something is no answer. */
static void be_quiet(void) {
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		_exit(2);
}

static int have_child(char **words, const char *path, int is_orphan, pid_t number) {
	struct clone_args how = { .exit_signal = SIGCHLD };
	if (number != 0) {
		how.set_tid = (uint64_t)(uintptr_t)&number;
		how.set_tid_size = 1;
	}
	failing = "clone3";
	pid_t child = (pid_t)syscall(SYS_clone3, &how, sizeof how);
	if (child != 0)
		return child < 0 ? -1 : 0;
	if (is_orphan) {
		pid_t parent = getpid();
		if (fork() != 0)
			_exit(0);
		setsid();
		while (getppid() == parent)
			usleep(500);
	}
	if (path)
		obey_at(path);
	be_quiet();
	signal(SIGCHLD, SIG_DFL);
	execvp(words[0], words);
	_exit(127);
}

static int end_process(pid_t pid) {
	struct pollfd end = { .events = POLLIN };
	failing = "pidfd_open";
	end.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (end.fd < 0)
		return -1;
	failing = "pidfd_send_signal";
	int result = (int)syscall(SYS_pidfd_send_signal, end.fd, SIGKILL, NULL, 0);
	if (result == 0)
		poll(&end, 1, -1);
	close(end.fd);
	return result;
}

static int keep(const char *slot, int fd) {
	if (fd < 0)
		return -1;
	kept[*slot % slots] = fd;
	return 0;
}

static int kept_in(const char *slot) { return kept[*slot % slots]; }

static int map(const char *slot) {
	struct stat status;
	failing = "fstat";
	if (fstat(kept_in(slot), &status) != 0)
		return -1;
	failing = "mmap";
	void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, kept_in(slot), 0);
	if (bytes == MAP_FAILED)
		return -1;
	maps[*slot % slots].bytes = bytes;
	maps[*slot % slots].size = (size_t)status.st_size;
	return 0;
}

/* It does not outlive what is cut off of the file. */
static int peek(const char *slot) {
	printf("= %.*s\n", (int)maps[*slot % slots].size, maps[*slot % slots].bytes);
	return 0;
}

static int reopen(int fd) {
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	failing = "reopen";
	int again = open(path, O_RDONLY | O_CLOEXEC);
	return again < 0 ? -1 : close(again);
}

static int say_size(int fd) {
	struct stat info;
	failing = "fstat";
	if (fstat(fd, &info) != 0)
		return -1;
	printf("%lld bytes\n", (long long)info.st_size);
	return 0;
}

static int say_pid(void) {
	char link[32];
	failing = "readlink";
	ssize_t length = readlink("/proc/self", link, sizeof link);
	if (length < 0)
		return -1;
	printf("%.*s\n", (int)length, link);
	return 0;
}

static int become(const char *uid) {
	uid_t number = (uid_t)atol(uid);
	failing = "setresuid";
	return setresgid(number, number, number) != 0 || setresuid(number, number, number) != 0 ? -1 : 0;
}

static int trace(pid_t pid) {
	failing = "ptrace";
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0)
		return -1;
	waitpid(pid, NULL, 0);
	return (int)ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static int go_on_in_thread(void) {
	pthread_t thread;
	failing = "pthread_create";
	return (errno = pthread_create(&thread, NULL, obeys, NULL)) == 0 ? 0 : -1;
}

enum outcome { failed = -1, done = 0, said, unknown };

static enum outcome said_unless(int result) { return result < 0 ? failed : said; }
static enum outcome done_unless(int result) { return result < 0 ? failed : done; }

static enum outcome obey(int count, char **words, const char *rest) {
	const char *word = words[0], *first = count > 1 ? words[1] : "", *second = count > 2 ? words[2] : "";
	if (strcmp(word, "show") == 0)
		return said_unless(show_at(AT_FDCWD, first));
	if (strcmp(word, "names") == 0)
		return said_unless(say_names(first));
	if (strcmp(word, "look") == 0 || strcmp(word, "number") == 0)
		return said_unless(say_status(first, word[0] == 'n'));
	if (strcmp(word, "link") == 0)
		return said_unless(say_link(first));
	if (strcmp(word, "sh") == 0)
		return said_unless(run_script(rest));
	if (strcmp(word, "pid") == 0)
		return said_unless(say_pid());
	if (strcmp(word, "kill") == 0)
		return done_unless(end_process((pid_t)atol(first)));
	if (strcmp(word, "fork") == 0 || strcmp(word, "orphan") == 0)
		return done_unless(have_child(NULL, first, word[0] == 'o', 0));
	if (strcmp(word, "numbered") == 0)
		return done_unless(have_child(NULL, second, 0, (pid_t)atol(first)));
	if (strcmp(word, "spawn") == 0)
		return done_unless(have_child(words + 1, NULL, 0, 0));
	if (strcmp(word, "keep") == 0)
		return failing = "open", done_unless(keep(first, open(second, (*first < 'a' ? O_PATH : O_RDONLY) | O_CLOEXEC)));
	if (strcmp(word, "again") == 0)
		return said_unless(say_bytes(kept_in(first)));
	if (strcmp(word, "map") == 0)
		return done_unless(map(first));
	if (strcmp(word, "peek") == 0)
		return said_unless(peek(first));
	if (strcmp(word, "size") == 0)
		return said_unless(say_size(kept_in(first)));
	if (strcmp(word, "reopen") == 0)
		return done_unless(reopen(kept_in(first)));
	if (strcmp(word, "below") == 0)
		return said_unless(show_at(kept_in(first), second));
	if (strcmp(word, "listen") == 0)
		return done_unless(listen_at(first));
	if (strcmp(word, "accept") == 0)
		return done_unless(keep(first, accept_one()));
	if (strcmp(word, "send") == 0)
		return done_unless(send_to(first, kept_in(second)));
	if (strcmp(word, "connect") == 0)
		return done_unless(keep(first, connect_to(second)));
	if (strcmp(word, "ask") == 0)
		return said_unless(ask_by(kept_in(first), second, count > 3 ? words[3] : "/"));
	if (strcmp(word, "uid") == 0)
		return done_unless(become(first));
	if (strcmp(word, "setsid") == 0)
		return failing = "setsid", done_unless((int)setsid());
	if (strcmp(word, "trace") == 0)
		return done_unless(trace((pid_t)atol(first)));
	if (strcmp(word, "outlive") == 0)
		return said_unless(outlive(atoi(first), second));
	return unknown;
}

/* What is asked until nobody asks any more. */
static void *obeys(void *unused) {
	char line[room];
	(void)unused;
	while (fgets(line, sizeof line, asked)) {
		char *words[most_words + 1], *next, rest[room];
		int count = 0;
		line[strcspn(line, "\n")] = '\0';
		const char *space = strchr(line, ' ');
		snprintf(rest, sizeof rest, "%s", space ? space + 1 : "");
		for (char *word = strtok_r(line, " ", &next); word && count < most_words; word = strtok_r(NULL, " ", &next))
			words[count++] = word;
		words[count] = NULL;
		if (count > 0 && strcmp(words[0], "thread") == 0) {
			if (go_on_in_thread() == 0) {
				puts("ok\n.");
				fflush(stdout);
				pthread_exit(NULL);
			}
		}
		enum outcome outcome = count > 0 ? obey(count, words, rest) : said;
		if (outcome == unknown)
			perform(count, words);
		else if (outcome == failed)
			printf("%s %s\n", failing, strerrorname_np(errno));
		else if (outcome == done)
			puts("ok");
		puts(".");
		fflush(stdout);
	}
	_exit(0);
}

int op_obey(char **argv) {
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	obey_at(argv[0]);
	return 0;
}
