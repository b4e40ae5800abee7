// SPDX-License-Identifier: MIT

/*
 * family STEPS ARGUMENT…: becomes a family of processes, one letter a step, the last of them going on with the next step:
 *
 *     n   says `PROCESS THREAD`, as /proc numbers them            f   forks: the child goes on, the parent sleeps
 *     o   forks: the parent ends, the child goes on orphaned      v   vforks, and the child executes probe for the rest
 *     t   a new thread goes on, the first ends                    h   a new thread goes on, the first sleeps
 *     x   executes probe for the rest                             X   the same from a new thread
 *     s   is given the orphans below it (PR_SET_CHILD_SUBREAPER)  S   is a session of its own
 *     u   has a user namespace of its own                         p   its children have a pid namespace of their own
 *     j   its children are in the pid namespace ARGUMENT          c   sits in the control group of the folder ARGUMENT
 *     q   connects the unix socket ARGUMENT                       =   forks a child with the number ARGUMENT, which goes on
 *     C   forks ARGUMENT children, each of which says who it is   e   executes the ARGUMENTs
 *
 * It says `ready` and sleeps, each for a minute at most, when it has come to the end. Nobody leaves a zombie.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { lifetime = 60 };

static char **arguments;

static void *go_on(void *steps);

static void fail(char step) {
	printf("%c %s %s\n", step, failing, strerrorname_np(errno));
	exit(1);
}

static void sleep_on(void) {
	for (;;)
		pause();
}

/* A line of its own, in one write: several processes say something at once. */
static void say(void) {
	char link[64];
	failing = "readlink";
	ssize_t length = readlink("/proc/thread-self", link, sizeof link - 1);
	if (length < 0)
		fail('n');
	link[length] = '\0';
	dprintf(STDOUT_FILENO, "%ld %ld\n", atol(link), atol(strrchr(link, '/') + 1));
}

static void in_a_thread(const char *rest) {
	pthread_t thread;
	failing = "pthread_create";
	if ((errno = pthread_create(&thread, NULL, go_on, (void *)rest)) != 0)
		fail('t');
}

static void execute(const char *rest) {
	char *words[64] = { "probe", "family", (char *)rest };
	for (int i = 0; i < 60 && arguments[i]; i++)
		words[3 + i] = arguments[i];
	failing = "execv";
	execv("/proc/self/exe", words);
	fail('x');
}

static void born(void) { alarm(lifetime); }

static void sit_in(const char *folder) {
	char path[4096];
	snprintf(path, sizeof path, "%s/cgroup.procs", folder);
	failing = "cgroup.procs";
	int file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0 || write(file, "0", 1) != 1)
		fail('c');
	close(file);
}

static void connect_to(const char *path) {
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	failing = "connect";
	int connected = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connected < 0 || connect(connected, (struct sockaddr *)&address, sizeof address) != 0)
		fail('q');
}

static pid_t fork_as(pid_t number) {
	struct clone_args how = { .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&number, .set_tid_size = 1 };
	failing = "clone3";
	return (pid_t)syscall(SYS_clone3, &how, sizeof how);
}

/* Returns when all have said who they are. */
static void crowd(long count) {
	int said[2];
	char none;
	failing = "fork";
	if (pipe(said) != 0)
		fail('C');
	for (long left = count; left > 0; left--) {
		pid_t child = fork();
		if (child < 0)
			fail('C');
		if (child == 0) {
			born();
			say();
			close(said[0]);
			close(said[1]);
			sleep_on();
		}
	}
	close(said[1]);
	while (read(said[0], &none, 1) != 0)
		;
	close(said[0]);
}

static void follow(const char *steps) {
	for (; *steps; steps++) {
		pid_t parent = getpid(), child;
		int space;
		failing = "fork";
		switch (*steps) {
		case 'n': say(); break;
		case 'f':
			if ((child = fork()) != 0)
				child < 0 ? fail('f') : sleep_on();
			born();
			break;
		case 'o':
			if ((child = fork()) != 0)
				child < 0 ? fail('o') : _exit(0);
			born();
			while (getppid() == parent)
				usleep(500);
			break;
		case 'v':
			if ((child = vfork()) == 0)
				execute(steps + 1);
			child < 0 ? fail('v') : sleep_on();
			break;
		case '=':
			if ((child = fork_as((pid_t)atol(*arguments++))) != 0)
				child < 0 ? fail('=') : sleep_on();
			born();
			break;
		case 'C': crowd(atol(*arguments++)); break;
		case 't': in_a_thread(steps + 1); pthread_exit(NULL);
		case 'h': in_a_thread(steps + 1); sleep_on(); break;
		case 'x': execute(steps + 1); break;
		case 'X': {
			char rest[64];
			snprintf(rest, sizeof rest, "x%s", steps + 1);
			in_a_thread(rest);
			sleep_on();
			break;
		}
		case 's':
			failing = "prctl";
			if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
				fail('s');
			break;
		case 'S':
			failing = "setsid";
			if (setsid() < 0)
				fail('S');
			break;
		case 'u':
		case 'p':
			failing = "unshare";
			if (unshare(*steps == 'u' ? CLONE_NEWUSER : CLONE_NEWPID) != 0)
				fail(*steps);
			break;
		case 'j':
			failing = "setns";
			space = open(*arguments++, O_RDONLY | O_CLOEXEC);
			if (space < 0 || setns(space, CLONE_NEWPID) != 0)
				fail('j');
			close(space);
			break;
		case 'c': sit_in(*arguments++); break;
		case 'q': connect_to(*arguments++); break;
		case 'e':
			failing = "execvp";
			execvp(*arguments, arguments);
			fail('e');
			break;
		default: fprintf(stderr, "probe: no such step: %c\n", *steps); exit(2);
		}
	}
	dprintf(STDOUT_FILENO, "ready\n");
	sleep_on();
}

static void *go_on(void *steps) {
	follow(steps);
	return NULL;
}

int op_family(char **argv) {
	arguments = argv + 1;
	signal(SIGCHLD, SIG_IGN);
	born();
	follow(argv[0]);
	return 0;
}
