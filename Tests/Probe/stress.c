/*
 * stress SECONDS READERS WRITERS FILE…: threads read and write the same few files, in every way there is.
 *
 * Each version carries its number, its length and a checksum. Writers of one file take turns, so that its numbers grow, and note the
 * number when close(2) has returned. Of every read it must be true that
 *
 *     it is one whole version;
 *     it is not older than what was acknowledged before its open;
 *     it is not older than what this reader has seen of the file before;
 *     a second read of the same open shows the same.
 *
 * sendfile(2) and splice(2) take a value that nobody writes at that moment, and ask for its size before, as programs do that need it: the
 * kernel bounds those by the size that it knows, and asks for none. What they took must arrive, whatever is written afterwards.
 *
 * Says how many reads and writes there were, and what was wrong with the first that was. A FILE named `env` gets its
 * versions as the one variable of its secret.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { most_files = 16, head = 40, largest = 20480, most_threads = 256 };
/* An operation that takes longer than this hangs, as far as a user is concerned. */
static const double patience = 20;

static struct file {
	const char *path;
	int is_env;
	pthread_mutex_t turn;
	atomic_uint_fast64_t tried, acknowledged;
} files[most_files];
static int file_count;
static double end;
static atomic_uint_fast64_t reads, writes;
static atomic_int has_failed;
static char failure[256];

static double now(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

__attribute__((format(printf, 1, 2))) static void fail(const char *form, ...) {
	va_list arguments;
	if (atomic_exchange(&has_failed, 1))
		return;
	va_start(arguments, form);
	vsnprintf(failure, sizeof failure, form, arguments);
	va_end(arguments);
}

static uint64_t checksum(const char *bytes, size_t count) {
	uint64_t sum = 14695981039346656037u;
	for (size_t i = 0; i < count; i++)
		sum = (sum ^ (unsigned char)bytes[i]) * 1099511628211u;
	return sum;
}

static uint64_t next(uint64_t *state) {
	*state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
	return *state;
}

/* A version of `length` bytes: number, length, checksum of the rest, each with an underscore behind it, and the rest. */
static void compose(char *bytes, uint64_t number, size_t length) {
	uint64_t state = number * 2654435761u + 1;
	char start[head + 1];
	for (size_t i = head; i < length; i++)
		bytes[i] = (char)('a' + next(&state) % 26);
	snprintf(start, sizeof start, "%014" PRIu64 "_%07zu_%016" PRIx64 "_", number, length, checksum(bytes + head, length - head));
	memcpy(bytes, start, head);
}

/* The number of a whole version; 0 and a failure if it is none. */
static uint64_t check(const struct file *file, const char *bytes, size_t count, const char *way) {
	uint64_t number, sum;
	size_t length;
	char start[head + 1] = "";
	if (file->is_env) {
		if (count < 3 || memcmp(bytes, "V=", 2) != 0 || bytes[count - 1] != '\n')
			return fail("%s: %zu bytes that are no line of env", way, count), 0;
		bytes += 2, count -= 3;
	}
	if (count < head)
		return fail("%s: only %zu bytes", way, count), 0;
	memcpy(start, bytes, head);
	if (sscanf(start, "%14" SCNu64 "_%7zu_%16" SCNx64 "_", &number, &length, &sum) != 3)
		return fail("%s: no version begins so", way), 0;
	if (length != count)
		return fail("%s: %zu bytes of version %" PRIu64 ", which has %zu", way, count, number, length), 0;
	if (checksum(bytes + head, count - head) != sum)
		return fail("%s: version %" PRIu64 " is torn", way, number), 0;
	return number;
}

static ssize_t drain(int from, char *bytes) {
	size_t got = 0;
	while (got < largest + 16) {
		ssize_t count = read(from, bytes + got, largest + 16 - got);
		if (count < 0)
			return -1;
		if (count == 0)
			break;
		got += (size_t)count;
	}
	return (ssize_t)got;
}

static ssize_t by_read(int fd, char *bytes, pthread_mutex_t *turn) {
	(void)turn;
	return drain(fd, bytes);
}

static ssize_t by_pieces(int fd, char *bytes, pthread_mutex_t *turn) {
	(void)turn;
	size_t got = 0;
	for (;;) {
		ssize_t count = pread(fd, bytes + got, 700, (off_t)got);
		if (count <= 0)
			return count < 0 ? -1 : (ssize_t)got;
		got += (size_t)count;
		sched_yield();
	}
}

/* As a shell that reads a line at a time, and does something with each. */
static ssize_t slowly(int fd, char *bytes, pthread_mutex_t *turn) {
	(void)turn;
	size_t got = 0;
	for (int pauses = 0;;) {
		ssize_t count = read(fd, bytes + got, 97);
		if (count <= 0)
			return count < 0 ? -1 : (ssize_t)got;
		got += (size_t)count;
		if (pauses++ < 5)
			usleep(2000);
	}
}

static ssize_t late(int fd, char *bytes, pthread_mutex_t *turn) {
	(void)turn;
	usleep(30000);
	return drain(fd, bytes);
}

/* What was given to a socket before the file was closed must arrive as it was. */
static ssize_t by_socket(int fd, char *bytes, pthread_mutex_t *turn) {
	int ends[2];
	ssize_t got = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return pthread_mutex_unlock(turn), -1;
	int size = 1 << 20;
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	ssize_t sent;
	struct stat status;
	fstat(fd, &status);
	do
		sent = sendfile(ends[1], fd, NULL, largest + 16);
	while (sent > 0);
	close(fd);
	close(ends[1]);
	pthread_mutex_unlock(turn);
	if (sent == 0) {
		usleep(500);
		got = drain(ends[0], bytes);
	}
	close(ends[0]);
	return got;
}

static ssize_t by_pipe(int fd, char *bytes, pthread_mutex_t *turn) {
	int ends[2];
	ssize_t got = -1, moved;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return pthread_mutex_unlock(turn), -1;
	fcntl(ends[1], F_SETPIPE_SZ, 1 << 17);
	struct stat status;
	fstat(fd, &status);
	do
		moved = splice(fd, NULL, ends[1], NULL, largest + 16, 0);
	while (moved > 0);
	close(fd);
	close(ends[1]);
	pthread_mutex_unlock(turn);
	if (moved == 0) {
		usleep(500);
		got = drain(ends[0], bytes);
	}
	close(ends[0]);
	return got;
}

static const struct way {
	const char *name;
	ssize_t (*take)(int fd, char *bytes, pthread_mutex_t *turn);
	/* It closes the file, and takes it while nobody writes. */
	int closes;
} ways[] = {
	{ "read", by_read, 0 }, { "read", by_read, 0 }, { "read", by_read, 0 }, { "pread", by_pieces, 0 },
	{ "slow read", slowly, 0 }, { "late read", late, 0 }, { "sendfile", by_socket, 1 }, { "splice", by_pipe, 1 },
};

static void *reader(void *argument) {
	uint64_t state = (uint64_t)(uintptr_t)argument * 104729 + 7, seen[most_files] = { 0 };
	char *bytes = malloc(2 * (largest + 16)), *again = bytes + largest + 16;
	while (bytes != NULL && now() < end && !atomic_load(&has_failed)) {
		int which = (int)(next(&state) % (uint64_t)file_count);
		struct file *file = &files[which];
		const struct way *way = &ways[next(&state) % (sizeof ways / sizeof *ways)];
		uint64_t acknowledged = atomic_load(&file->acknowledged);
		double start = now();
		if (way->closes)
			pthread_mutex_lock(&file->turn);
		int fd = open(file->path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			fail("open: %s", strerrorname_np(errno));
			break;
		}
		ssize_t count = way->take(fd, bytes, &file->turn);
		int error = errno;
		if (!way->closes && count >= 0 && next(&state) % 4 == 0) {
			if (lseek(fd, 0, SEEK_SET) != 0 || drain(fd, again) != count || memcmp(bytes, again, (size_t)count) != 0)
				fail("%s: the same open shows something else the second time", way->name);
		}
		if (!way->closes)
			close(fd);
		if (count < 0) {
			fail("%s: %s", way->name, strerrorname_np(error));
			break;
		}
		uint64_t number = check(file, bytes, (size_t)count, way->name);
		if (number == 0)
			break;
		if (number < acknowledged)
			fail("%s: version %" PRIu64 " after %" PRIu64 " was acknowledged", way->name, number, acknowledged);
		if (number < seen[which])
			fail("%s: version %" PRIu64 " after this reader saw %" PRIu64, way->name, number, seen[which]);
		seen[which] = number;
		if (now() - start > patience)
			fail("%s: it took %.0f s", way->name, now() - start);
		atomic_fetch_add(&reads, 1);
	}
	free(bytes);
	return NULL;
}

static size_t some_length(uint64_t *state) {
	static const size_t lengths[] = { head, 41, 100, 1000, 4000, 4092, 4093, 4094, 4095, 4096, 4097, 4100, 8191, 8192, largest };
	uint64_t choice = next(state) % 20;
	return choice < sizeof lengths / sizeof *lengths ? lengths[choice] : head + next(state) % 4000;
}

static int put(const struct file *file, const char *bytes, size_t count) {
	int fd = open(file->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	failing = "open";
	if (fd < 0)
		return -1;
	int result = file->is_env ? write_all(fd, "V=", 2) : 0;
	if (result == 0)
		result = write_all(fd, bytes, count);
	if (result == 0 && file->is_env)
		result = write_all(fd, "\n", 1);
	failing = "close";
	return close(fd) == 0 ? result : -1;
}

static void *writer(void *argument) {
	uint64_t state = (uint64_t)(uintptr_t)argument * 7919 + 3;
	char *bytes = malloc(largest);
	while (bytes != NULL && now() < end && !atomic_load(&has_failed)) {
		struct file *file = &files[next(&state) % (uint64_t)file_count];
		size_t length = some_length(&state);
		pthread_mutex_lock(&file->turn);
		uint64_t number = atomic_fetch_add(&file->tried, 1) + 1;
		compose(bytes, number, length);
		double start = now();
		if (put(file, bytes, length) != 0)
			fail("writing: %s %s", failing, strerrorname_np(errno));
		else
			atomic_store(&file->acknowledged, number);
		if (now() - start > patience)
			fail("writing: it took %.0f s", now() - start);
		pthread_mutex_unlock(&file->turn);
		atomic_fetch_add(&writes, 1);
		usleep((unsigned)(next(&state) % 20000));
	}
	free(bytes);
	return NULL;
}

int op_stress(char **argv) {
	int readers = atoi(argv[1]), writers = atoi(argv[2]), started = 0;
	pthread_t threads[most_threads];
	char first[largest];
	for (char **path = argv + 3; *path != NULL && file_count < most_files; path++, file_count++) {
		struct file *file = &files[file_count];
		const char *name = strrchr(*path, '/');
		file->path = *path;
		file->is_env = name != NULL && strcmp(name, "/env") == 0;
		pthread_mutex_init(&file->turn, NULL);
		compose(first, 1, 1000);
		if (put(file, first, 1000) != 0)
			return -1;
		file->tried = file->acknowledged = 1;
	}
	failing = "pthread_create";
	if (readers + writers > most_threads)
		return errno = EINVAL, -1;
	end = now() + atof(argv[0]);
	for (; started < readers + writers; started++) {
		int error = pthread_create(
			&threads[started], NULL, started < readers ? reader : writer, (void *)(uintptr_t)(started + 1));
		if (error != 0)
			return errno = error, -1;
	}
	for (int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (atomic_load(&has_failed))
		puts(failure);
	fprintf(stderr, "%" PRIuFAST64 " reads, %" PRIuFAST64 " writes\n", atomic_load(&reads), atomic_load(&writes));
	failing = "stress";
	errno = ECANCELED;
	return atomic_load(&has_failed) || reads == 0 || writes == 0 ? -1 : 0;
}
