// SPDX-License-Identifier: MIT

/*
 * probe terminal STEP… -- COMMAND…: runs a command in a session of its own on a new terminal, and is who sits there.
 *
 *     type:TEXT       types it, with the escapes of text.c
 *     expect:TEXT     waits until it is shown, after what was expected before
 *     size:ROWSxCOLS  makes the window so large
 *     settings        says `cooked` or `raw`
 *     await:SETTINGS  waits until they are so
 *     send:SIGNAL     sends the command a signal
 *     pause:MS        waits
 *     hangup          closes the terminal, as a window is
 *     end             waits for the command's end, and says `exited STATUS` or `signaled NUMBER`
 *
 * The window has 24 rows and 80 columns. What was shown follows a line `shown`, also where a step fails, which ends with status 1.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { limit = 15000, most = 1 << 20 };

static int master, status;
static pid_t command;
static char *shown;
static size_t length, expected;

static long now(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Takes what is shown, for at most so long; 0 if that is nothing. */
static int look(int milliseconds) {
	struct pollfd waiting = { .fd = master, .events = POLLIN };
	if (master < 0) {
		usleep((useconds_t)milliseconds * 1000);
		return 0;
	}
	if (poll(&waiting, 1, milliseconds) <= 0 || length == most)
		return 0;
	ssize_t got = read(master, shown + length, most - length);
	if (got <= 0) {
		usleep(1000);
		return 0;
	}
	length += (size_t)got;
	return 1;
}

static void finish(int result) {
	while (look(0))
		;
	printf("shown\n");
	fwrite(shown, 1, length, stdout);
	fflush(stdout);
	if (command > 0 && waitpid(command, NULL, WNOHANG) == 0)
		kill(-command, SIGKILL);
	exit(result);
}

static void miss(const char *step) {
	printf("missed %s\n", step);
	finish(1);
}

static void expect(const char *step, const char *wanted) {
	size_t count;
	char *bytes = text(wanted, &count);
	for (long end = now() + limit;; look(20)) {
		char *found = memmem(shown + expected, length - expected, bytes, count);
		if (found) {
			expected = (size_t)(found - shown) + count;
			free(bytes);
			return;
		}
		if (now() > end)
			miss(step);
	}
}

static const char *settings(void) {
	struct termios all;
	return tcgetattr(master, &all) != 0 ? "none" : all.c_lflag & ICANON ? "cooked" : "raw";
}

static void resize(int rows, int columns) {
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
	ioctl(master, TIOCSWINSZ, &size);
}

static void start(char **words) {
	failing = "posix_openpt";
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		miss("terminal");
	resize(24, 80);
	command = fork();
	if (command != 0)
		return;
	setsid();
	int terminal = open(ptsname(master), O_RDWR);
	for (int number = 0; number < 3; number++)
		dup2(terminal, number);
	close(terminal);
	execvp(words[0], words);
	_exit(127);
}

static void perform_step(const char *step) {
	const char *colon = strchr(step, ':'), *rest = colon ? colon + 1 : "";
	size_t name = colon ? (size_t)(colon - step) : strlen(step), count;
	long end = now() + limit;
	int rows, columns;
	if (strncmp(step, "type", name) == 0) {
		char *bytes = text(rest, &count);
		write_all(master, bytes, count);
		free(bytes);
	} else if (strncmp(step, "expect", name) == 0) {
		expect(step, rest);
	} else if (strncmp(step, "size", name) == 0 && sscanf(rest, "%dx%d", &rows, &columns) == 2) {
		resize(rows, columns);
	} else if (strncmp(step, "settings", name) == 0) {
		puts(settings());
	} else if (strncmp(step, "await", name) == 0) {
		while (strcmp(settings(), rest) != 0) {
			look(10);
			if (now() > end)
				miss(step);
		}
	} else if (strncmp(step, "send", name) == 0) {
		kill(command, atoi(rest));
	} else if (strncmp(step, "pause", name) == 0) {
		for (end = now() + atol(rest); now() < end;)
			look((int)(end - now()));
	} else if (strncmp(step, "hangup", name) == 0) {
		close(master);
		master = -1;
	} else if (strncmp(step, "end", name) == 0) {
		while (waitpid(command, &status, WNOHANG) == 0) {
			look(10);
			if (now() > end)
				miss(step);
		}
		command = 0;
		printf(WIFEXITED(status) ? "exited %d\n" : "signaled %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	} else {
		miss(step);
	}
}

int op_terminal(char **argv) {
	char **words = argv;
	while (*words && strcmp(*words, "--") != 0)
		words++;
	if (*words == NULL || words[1] == NULL)
		exit(2);
	shown = malloc(most);
	start(words + 1);
	for (; argv < words; argv++)
		perform_step(*argv);
	finish(0);
	return 0;
}
