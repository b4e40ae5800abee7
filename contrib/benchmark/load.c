// SPDX-License-Identifier: MIT

/*
 * load: asks a file system for something, over and over, and says how often in a second that went well.
 *
 *     load read UID THREADS SECONDS SIZE < PATHS     open, read to the end, close; round the paths, each thread from another one on,
 *                                                    after each was read once
 *     load pass UID THREADS SIZE < PATHS             the same, each path once, without a warm-up
 *     load stat UID THREADS PREFIX DIGITS COUNT SUFFIX   stat of PREFIX, a number, SUFFIX, each once
 *     load create|overwrite|remove FOLDER COUNT      COUNT files `V…` in FOLDER: open, write 32 bytes, fsync, close; or unlink
 *
 * PATHS are lines. The first three run as UID, in no group but that of the same number. A file of another SIZE, or anything that fails,
 * ends it with a message and status 1. It prints: operations a second, and the median and the 99th percentile of one, in microseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Durations are counted in classes that are 1/16 of their power of two wide: from 1 ns on, at most 6 % off. */
enum { MOST_THREADS = 256, FINE = 16, CLASSES = 64 * FINE };

struct thread {
	pthread_t id;
	unsigned number;
	long count;
	double done; /* of an operation that lies in the time only in part, that part */
	long classes[CLASSES];
};

static char **paths;
static long path_count;
static unsigned thread_count;
static double seconds; /* 0: each path once */
static ssize_t size;
static double start, stop;
static atomic_long next_path;
static void (*operation)(long, char *);
static const char *prefix, *suffix;
static int digits;

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...) {
	int error = errno;
	va_list words;
	va_start(words, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, words);
	fprintf(stderr, error ? ": %s\n" : "\n", strerror(error));
	_exit(1);
}

static double now(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Counting durations */

static int class_of(double duration) {
	unsigned long nanoseconds = duration > 1e-9 ? (unsigned long)(duration * 1e9) : 1;
	int power = 63 - __builtin_clzl(nanoseconds);
	unsigned long rest = power >= 4 ? nanoseconds >> (power - 4) : nanoseconds << (4 - power);
	return power * FINE + (int)(rest % FINE);
}

/* The middle of a class, in microseconds. */
static double microseconds(int class) {
	double base = (double)(1UL << class / FINE);
	return base * (1 + (class % FINE + 0.5) / FINE) / 1000;
}

static double percentile(const long *classes, long count, double share) {
	long left = (long)((double)count * share);
	for (int class = 0; class < CLASSES; class++)
		if ((left -= classes[class]) < 0)
			return microseconds(class);
	return 0;
}

static void report(const struct thread *threads, unsigned count, double duration) {
	static long classes[CLASSES];
	long total = 0;
	double done = 0;
	for (unsigned i = 0; i < count; i++) {
		total += threads[i].count;
		done += threads[i].done;
		for (int class = 0; class < CLASSES; class++)
			classes[class] += threads[i].classes[class];
	}
	printf("%.1f %.1f %.1f\n", done / duration, percentile(classes, total, 0.5), percentile(classes, total, 0.99));
}

/* Operations */

static void read_file(long index, char *buffer) {
	int file = open(paths[index], O_RDONLY | O_CLOEXEC);
	if (file < 0)
		die("open %s", paths[index]);
	ssize_t got, all = 0;
	while ((got = read(file, buffer, 1 << 17)) > 0)
		all += got;
	if (got < 0)
		die("read %s", paths[index]);
	if (close(file) != 0)
		die("close %s", paths[index]);
	if (all != size) {
		errno = 0;
		die("%s: %zd bytes instead of %zd", paths[index], all, size);
	}
}

/* What is measured then is the steady state, also of many paths in a short time. */
static void read_all(void) {
	char *buffer = malloc(1 << 17);
	if (!buffer)
		die("malloc");
	for (long index = 0; index < path_count; index++)
		read_file(index, buffer);
	free(buffer);
}

static void stat_name(long index, char *buffer) {
	struct stat status;
	snprintf(buffer, 4096, "%s%0*ld%s", prefix, digits, index, suffix);
	if (stat(buffer, &status) != 0)
		die("stat %s", buffer);
}

static void timed(struct thread *thread, long index, char *buffer) {
	double before = now();
	operation(index, buffer);
	double after = now();
	if (after < start)
		return;
	double from = before > start ? before : start, to = after < stop ? after : stop;
	thread->done += seconds == 0 ? 1 : to <= from ? 0 : (to - from) / (after - before);
	thread->classes[class_of(after - before)]++;
	thread->count++;
}

static void *run(void *argument) {
	struct thread *thread = argument;
	char *buffer = malloc(1 << 17);
	if (!buffer)
		die("malloc");
	if (seconds == 0)
		for (long index; (index = atomic_fetch_add(&next_path, 1)) < path_count;)
			timed(thread, index, buffer);
	else
		for (long index = path_count * thread->number / thread_count; now() < stop; index = index + 1 < path_count ? index + 1 : 0)
			timed(thread, index, buffer);
	free(buffer);
	return NULL;
}

static void run_threads(void) {
	struct thread *threads = calloc(thread_count, sizeof *threads);
	if (!threads)
		die("calloc");
	double began = now();
	start = began + seconds / 4;
	stop = start + seconds;
	for (unsigned i = 0; i < thread_count; i++) {
		threads[i].number = i;
		if ((errno = pthread_create(&threads[i].id, NULL, run, &threads[i])) != 0)
			die("pthread_create");
	}
	for (unsigned i = 0; i < thread_count; i++)
		pthread_join(threads[i].id, NULL);
	report(threads, thread_count, seconds > 0 ? seconds : now() - began);
	free(threads);
}

/* One by one, as root. */
static void change(const char *what, const char *folder, long count) {
	struct thread one = { 0 };
	char path[4096], value[33];
	bool removes = strcmp(what, "remove") == 0;
	int flags = O_WRONLY | O_CLOEXEC | O_TRUNC | (strcmp(what, "create") == 0 ? O_CREAT | O_EXCL : 0);
	double began = now();
	for (long i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/V%06ld", folder, i);
		double before = now();
		if (removes) {
			if (unlink(path) != 0)
				die("unlink %s", path);
		} else {
			int file = open(path, flags, 0640);
			snprintf(value, sizeof value, "%032ld", i);
			if (file < 0 || write(file, value, 32) != 32 || fsync(file) != 0 || close(file) != 0)
				die("%s %s", what, path);
		}
		one.classes[class_of(now() - before)]++;
		one.count++;
	}
	one.done = (double)count;
	report(&one, 1, now() - began);
}

/* Arguments */

static long number(const char *text, long most) {
	char *end;
	errno = 0;
	long value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < 0 || value > most) {
		errno = 0;
		die("not a number from 0 to %ld: %s", most, text);
	}
	return value;
}

static void read_paths(void) {
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	while ((length = getline(&line, &room, stdin)) > 0) {
		if (line[length - 1] == '\n')
			line[length - 1] = 0;
		if (path_count % 1024 == 0 && !(paths = realloc(paths, (size_t)(path_count + 1024) * sizeof *paths)))
			die("realloc");
		if (!(paths[path_count++] = strdup(line)))
			die("strdup");
	}
	free(line);
	errno = 0;
	if (path_count == 0)
		die("no paths on standard input");
}

static void become(uid_t uid) {
	if (getuid() == uid && geteuid() == uid)
		return;
	if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
		die("becoming %u", uid);
}

int main(int argc, char **argv) {
	const char *what = argc > 1 ? argv[1] : "";
	if (argc == 4 && (strcmp(what, "create") == 0 || strcmp(what, "overwrite") == 0 || strcmp(what, "remove") == 0)) {
		change(what, argv[2], number(argv[3], 1000000));
		return 0;
	}
	bool reads = strcmp(what, "read") == 0 && argc == 6, passes = strcmp(what, "pass") == 0 && argc == 5;
	bool stats = strcmp(what, "stat") == 0 && argc == 8;
	if (!reads && !passes && !stats) {
		fputs("usage: load read UID THREADS SECONDS SIZE | pass UID THREADS SIZE | stat UID THREADS PREFIX DIGITS COUNT SUFFIX\n"
		      "     | create FOLDER COUNT | overwrite FOLDER COUNT | remove FOLDER COUNT\n", stderr);
		return 2;
	}
	thread_count = (unsigned)number(argv[3], MOST_THREADS);
	if (thread_count == 0)
		thread_count = 1;
	if (stats) {
		operation = stat_name;
		prefix = argv[4];
		digits = (int)number(argv[5], 18);
		path_count = number(argv[6], 100000000);
		suffix = argv[7];
	} else {
		operation = read_file;
		size = number(argv[argc - 1], 1 << 30);
		read_paths();
		if (reads && ((seconds = atof(argv[4])) < 0.01 || seconds > 3600)) {
			errno = 0;
			die("not a time from 0.01 to 3600 seconds: %s", argv[4]);
		}
	}
	become((uid_t)number(argv[2], 0xfffffffe));
	if (reads)
		read_all();
	run_threads();
	return 0;
}
