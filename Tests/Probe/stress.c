// SPDX-License-Identifier: MIT

/*
 * stress FOLDER SECONDS READERS WRITERS: readers and writers on a few files, all at once.
 *
 * FOLDER has two secrets: `db`, whose variables A and B and files f and d/g are written one by one, and `all`, whose env is
 * written whole. Of three of these five there is one writer at a time, of two several. Readers read these files, db/env and
 * all/vars/A, each in a way of its own. versions.h says what they find out: each read must be one whole version, and none
 * that is older for certain than one that was acknowledged, or seen by anybody, before the open.
 *
 * While somebody writes, or has a version open that was replaced, the size that fstat(2) tells may be of another version than the
 * open's, since the kernel knows but one of a file: a mapping, what is spliced, or what an old open reads again, may then be cut off,
 * have NULs behind, or be of the other version. That is counted, and no fault. At other times it is one: every few seconds all rest
 * until each mapping is of the current version, which must be soon, and then the readers read for a while and nobody writes.
 *
 * Prints what was done, a line for each thing that was wrong, with numbers of versions and never their bytes, and `ok`
 * if nothing was. No operation may take longer than `patience`.
 */
#include "probe.h"
#include "versions.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { room = 65536, most_workers = 256, most_faults = 16, patience = 20 /* seconds */ };
enum { between_rests = 3 /* seconds */, rested = 50 /* quiet mappings and splices */ };

static const struct {
	const char *path;
	int cells[2]; /* Of the variables in an env, or of the file. */
	int is_env, is_written;
} targets[] = {
	{ "db/vars/A", { 0, -1 }, 0, 1 }, { "db/vars/B", { 1, -1 }, 0, 1 }, { "db/files/f", { 2, -1 }, 0, 1 },
	{ "db/files/d/g", { 3, -1 }, 0, 1 }, { "all/env", { 4, -1 }, 1, 1 }, { "db/env", { 0, 1 }, 1, 0 }, { "all/vars/A", { 4, -1 }, 0, 0 },
};
enum { target_count = sizeof targets / sizeof *targets };

/* Whether it shows two cells, of which each has a version of its own. */
static int is_joint(int target) { return targets[target].cells[1] >= 0; }

static int is_alone(int cell) { return cell != 1 && cell != 3; }

struct worker {
	_Atomic int64_t since; /* When its operation began, or 0. */
	_Atomic uint64_t done;
	pid_t pid;
};

static struct {
	_Atomic int ends;
	_Atomic int rests; /* No write begins. */
	_Atomic int pauses; /* Nor a read. */
	_Atomic uint64_t stillness; /* Odd while nobody writes, nor has a version open that was replaced. */
	_Atomic int faults;
	_Atomic uint64_t mixed;
	_Atomic uint64_t quiet; /* Mappings and splices at a time when neither may be. */
	_Atomic uint64_t cut; /* Opens whose size was another version's while somebody wrote: see `is_cut`. */
	_Atomic int64_t longest;
	char fault[most_faults][200];
	struct worker workers[most_workers];
} *shared;

static int64_t now(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

__attribute__((format(printf, 1, 2))) static void fault(const char *format, ...) {
	int at = shared->faults++;
	if (at >= most_faults)
		return;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(shared->fault[at], sizeof shared->fault[at], format, arguments);
	va_end(arguments);
}

static void pause_for(uint64_t microseconds) {
	struct timespec time = { (time_t)(microseconds / 1000000), (long)(microseconds % 1000000 * 1000) };
	nanosleep(&time, NULL);
}

/* Begins an operation when `rests` is not set: it is looked at afterwards, so that who sets it sees who has begun. */
static void begin(struct worker *worker, const _Atomic int *rests) {
	while (1) {
		worker->since = now();
		if (!*rests)
			return;
		worker->since = 0;
		pause_for(1000);
	}
}

static void end(struct worker *worker) {
	int64_t took = now() - worker->since, longest = shared->longest;
	while (longest < took && !atomic_compare_exchange_weak(&shared->longest, &longest, took))
		;
	worker->since = 0;
	worker->done++;
}

static uint64_t random_state;

static uint64_t at_random(uint64_t below) {
	random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
	return random_state % below;
}

/* Whether this is one of the stretches of time, so many milliseconds long, that are the first of so many. */
static int is_time(int64_t stretch, int64_t count) { return now() / 1000000 / stretch % count == 0; }

/* Writing. */

static void write_version(int target) {
	static char bytes[most_bytes];
	int cell = targets[target].cells[0];
	if (is_alone(cell))
		pthread_mutex_lock(&cells[cell].lock);
	uint64_t number = ++cells[cell].begun;
	if (number >= most_versions) {
		cells[cell].begun--;
		shared->ends = 1;
	} else {
		struct version *version = &cells[cell].versions[number];
		size_t length = compose_version(cell, number, bytes), first = at_random(3) == 0 ? at_random(length) : 0;
		version->begun = ++*ticks;
		failing = "open";
		int fd = open(targets[target].path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), result = fd;
		if (fd >= 0) {
			result = write_all(fd, bytes, first) != 0 ? -1 : write_all(fd, bytes + first, length - first);
			int saved = errno;
			if (close(fd) != 0 && result == 0) {
				failing = "close";
				result = -1;
			} else {
				errno = saved;
			}
		}
		if (result < 0) {
			fault("%s: version %" PRIu64 ": %s: %s", targets[target].path, number, failing, strerrorname_np(errno));
		} else {
			version->acknowledged = ++*ticks;
			note_known(cell, number);
		}
	}
	if (is_alone(cell))
		pthread_mutex_unlock(&cells[cell].lock);
}

static void write_on(struct worker *worker, int index) {
	static const int written[] = { 0, 1, 2, 3, 4 };
	while (!shared->ends) {
		/* Now and then all at once; else with pauses in which values get into the page cache. */
		if (!is_time(200, 5))
			pause_for(at_random(60000));
		begin(worker, &shared->rests);
		write_version(written[at_random(4) == 0 ? (int)at_random(5) : index % 5]);
		end(worker);
	}
}

/* Reading: each way gives the count of bytes, or -1 with errno and `failing`. */

static char found[room];
/* The size of the file, or a mapping of it, was of another version than its bytes. */
static int is_cut;
/* What was mapped or spliced is of another version than what was read. */
static int is_mixed;

static ssize_t read_to_end(int fd, size_t at, size_t piece) {
	ssize_t got;
	failing = "read";
	while ((got = read(fd, found + at, at + piece < room ? piece : room - at)) > 0)
		at += (size_t)got;
	return got < 0 ? -1 : (ssize_t)at;
}

static ssize_t read_pieces(int fd) {
	size_t at = 0;
	ssize_t got;
	failing = "pread";
	while ((got = pread(fd, found + at, 1000, (off_t)at)) > 0 && at < room - 1000)
		at += (size_t)got;
	return got < 0 ? -1 : (ssize_t)at;
}

static ssize_t size_of(int fd) {
	struct stat info;
	failing = "fstat";
	if (fstat(fd, &info) != 0)
		return -1;
	return info.st_size < room ? info.st_size : room;
}

/* As programs do that ask for the size first; then on to the end. */
static ssize_t read_by_size(int fd) {
	ssize_t size = size_of(fd), at = 0, got = 1;
	failing = "read";
	while (at < size && (got = read(fd, found + at, (size_t)(size - at))) > 0)
		at += got;
	if (size < 0 || got < 0)
		return -1;
	/* Behind the end that it was told of, a file that has become longer goes on. */
	ssize_t length = got == 0 ? at : read_to_end(fd, (size_t)at, room);
	is_cut = length >= 0 && length != size;
	return length;
}

/* By lseek(2) to the end, which must be that of the open's version. */
static ssize_t read_by_seek(int fd) {
	failing = "lseek";
	off_t size = lseek(fd, 0, SEEK_END);
	if (size < 0 || lseek(fd, 0, SEEK_SET) != 0)
		return -1;
	ssize_t length = read_to_end(fd, 0, room);
	is_cut = length >= 0 && length != size;
	return length;
}

static sigjmp_buf bus;

static void jump(int number) {
	(void)number;
	siglongjmp(bus, 1);
}

/* Whether bytes are others cut off, or with NUL behind. */
static int is_part(const char *bytes, size_t count, const char *whole, size_t length) {
	size_t same = count < length ? count : length;
	if (memcmp(bytes, whole, same) != 0)
		return 0;
	while (same < count)
		if (bytes[same++] != '\0')
			return 0;
	return 1;
}

/* By a mapping, compared with what read(2) says of the same open. */
static ssize_t read_mapped(int fd) {
	static char mapped[room];
	ssize_t size = size_of(fd);
	if (size < 0)
		return -1;
	failing = "mmap";
	char *bytes = size == 0 ? NULL : mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -1;
	/* Behind the end of a value that has become shorter meanwhile there is nothing. */
	volatile ssize_t at = 0;
	if (sigsetjmp(bus, 1) == 0)
		for (; at < size; at += 512)
			memcpy(mapped + at, bytes + at, (size_t)(size - at < 512 ? size - at : 512));
	if (bytes != NULL)
		munmap(bytes, (size_t)size);
	ssize_t length = read_to_end(fd, 0, room), count = at < size ? at : size;
	if (length < 0)
		return -1;
	is_cut = count != length;
	is_mixed = !is_part(mapped, (size_t)count, found, (size_t)length);
	return length;
}

/*
 * By sendfile(2) into a socket or splice(2) into a pipe, compared with what read(2) says of the same open. The file is closed before
 * anything is received.
 */
static ssize_t read_through(int fd, int splices) {
	static char sent[room];
	int ends[2];
	ssize_t moved, at = 0, got;
	failing = splices ? "pipe" : "socketpair";
	if ((splices ? pipe2(ends, O_CLOEXEC) : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) != 0)
		return -1;
	int from = ends[0], to = ends[1];
	failing = splices ? "splice" : "sendfile";
	while ((moved = splices ? splice(fd, NULL, to, NULL, room, 0) : sendfile(to, fd, NULL, room)) > 0)
		;
	int saved = errno;
	ssize_t length = lseek(fd, 0, SEEK_SET) < 0 ? -1 : read_to_end(fd, 0, room);
	close(fd);
	close(to);
	if (at_random(8) == 0)
		pause_for(150000); /* Until the page has been dropped. */
	while (moved == 0 && (got = read(from, sent + at, room - (size_t)at)) > 0)
		at += got;
	close(from);
	errno = saved;
	if (moved < 0 || length < 0)
		return -1;
	is_cut = at != length;
	is_mixed = !is_part(sent, (size_t)at, found, (size_t)length);
	return length;
}

enum way { way_end, way_pieces, way_size, way_seek, way_map, way_sendfile, way_splice, way_again, way_count };
static const char *const way_names[] = { "read", "pread", "fstat and read", "lseek and read", "mmap", "sendfile", "splice", "read again" };

/* What db/env and all/env consist of: NAME=VALUE lines for A and B. */
static int env_parts(const char *bytes, size_t length, struct part *parts) {
	for (int part = 0; part < 2; part++) {
		const char *line = memchr(bytes, '\n', length);
		if (line == NULL || line < bytes + 2 || bytes[0] != 'A' + part || bytes[1] != '=')
			return -1;
		parts[part] = (struct part){ bytes + 2, (size_t)(line - bytes - 2) };
		length -= (size_t)(line + 1 - bytes);
		bytes = line + 1;
	}
	return length == 0 ? 0 : -1;
}

struct look {
	uint64_t known[2];
	uint64_t stillness;
};

static struct look look(int target) {
	struct look look = { .stillness = shared->stillness };
	for (int i = 0; i < 2 && targets[target].cells[i] >= 0; i++) {
		struct cell *cell = &cells[targets[target].cells[i]];
		look.known[i] = cell->known;
	}
	return look;
}

/* What was read of a target, as one version of each of its cells. */
static enum verdict judge_read(int target, const char *bytes, size_t length, const struct look *look, uint64_t *number) {
	struct part parts[2] = { { bytes, length }, { NULL, 0 } };
	if (!targets[target].is_env)
		return judge(targets[target].cells[0], parts, 1, look->known[0], number);
	if (env_parts(bytes, length, parts) != 0)
		return verdict_torn;
	if (!is_joint(target))
		return judge(targets[target].cells[0], parts, 2, look->known[0], number);
	enum verdict worst = verdict_whole;
	for (int i = 0; i < 2; i++) {
		enum verdict verdict = judge(targets[target].cells[i], &parts[i], 1, look->known[i], number);
		if (verdict == verdict_whole)
			note_known(targets[target].cells[i], *number);
		worst = verdict > worst ? verdict : worst;
	}
	*number = 0;
	return worst;
}

/* From the start, when it was read to the end: the same version, or one that is current. */
static void read_again(int target, int fd, size_t length, uint64_t number) {
	static char before[room];
	for (int i = 0; i < 5; i++) {
		memcpy(before, found, length);
		pause_for(at_random(60000));
		struct look looked = look(target);
		failing = "pread";
		ssize_t got = pread(fd, found, room, 0);
		if (got == (ssize_t)length && memcmp(found, before, length) == 0)
			continue;
		enum verdict verdict = got < 0 ? verdict_torn : judge_read(target, found, (size_t)got, &looked, &number);
		if (verdict != verdict_whole) {
			fault("%s: version %" PRIu64 ", read again from one open: %s", targets[target].path, number,
				got < 0 ? strerrorname_np(errno) : verdict == verdict_old ? "old" : "torn");
			return;
		}
		length = (size_t)got;
	}
}

static ssize_t read_in(enum way way, int fd) {
	switch (way) {
	case way_pieces: return read_pieces(fd);
	case way_size: return read_by_size(fd);
	case way_seek: return read_by_seek(fd);
	case way_map: return read_mapped(fd);
	case way_sendfile: case way_splice: return read_through(fd, way == way_splice);
	default: return read_to_end(fd, 0, room);
	}
}

static void read_version(int target, enum way way) {
	const char *path = targets[target].path;
	struct look before = look(target);
	is_cut = is_mixed = 0;
	failing = "open";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read_in(way, fd);
	if (got < 0) {
		fault("%s: %s: %s: %s", path, way_names[way], failing, strerrorname_np(errno));
		return;
	}
	uint64_t number;
	enum verdict verdict = judge_read(target, found, (size_t)got, &before, &number);
	if (verdict == verdict_whole && way == way_again)
		read_again(target, fd, (size_t)got, number);
	if (way != way_sendfile && way != way_splice)
		close(fd);
	int was_quiet = before.stillness % 2 == 1 && shared->stillness == before.stillness;
	if (verdict != verdict_whole)
		fault("%s: %s: version %" PRIu64 ": %s, %zd bytes, %s", path, way_names[way], number,
			verdict == verdict_old ? "old" : "torn", got, was_quiet ? "nobody wrote" : "somebody wrote");
	else if (!is_joint(target))
		note_known(targets[target].cells[0], number);
	if ((is_cut || is_mixed) && was_quiet)
		fault("%s: %s: version %" PRIu64 ": another %s, and nobody wrote", path, way_names[way], number, is_mixed ? "version" : "size");
	shared->quiet += (uint64_t)(was_quiet && (way == way_map || way == way_sendfile || way == way_splice));
	shared->cut += (uint64_t)is_cut;
	shared->mixed += (uint64_t)is_mixed;
}

static void read_on(struct worker *worker, int index) {
	enum way way = (enum way)(index % way_count);
	while (!shared->ends) {
		if (at_random(3) == 0)
			pause_for(at_random(20000));
		/* Who keeps a file open has others read past the page cache: not all the time. */
		enum way this_way = way == way_again && !is_time(1500, 3) ? way_end : way;
		begin(worker, &shared->pauses);
		read_version((int)at_random(target_count), this_way);
		end(worker);
	}
}

/* Running. */

static void *share(size_t size) {
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		perror("probe: mmap");
		exit(2);
	}
	return memory;
}

static void start(int index, int readers) {
	struct worker *worker = &shared->workers[index];
	fflush(stdout);
	worker->pid = fork();
	if (worker->pid != 0)
		return;
	random_state = (uint64_t)(index + 1) * 2654435761u;
	if (index < readers)
		read_on(worker, index);
	else
		write_on(worker, index - readers);
	_exit(0);
}

/* Kills everybody if one hangs: a process that waits for a FUSE answer can be killed. */
static int is_hung(int count) {
	for (int i = 0; i < count; i++) {
		int64_t since = shared->workers[i].since;
		if (since == 0 || now() - since < patience * 1000000000ll)
			continue;
		fault("worker %d: no answer for %d s", i, patience);
		return 1;
	}
	return 0;
}

/* Whether somebody is at something. */
static int is_busy(int count) {
	for (int i = 0; i < count; i++)
		if (shared->workers[i].since != 0)
			return 1;
	return 0;
}

/* Whether a mapping of each file shows what is read. */
static int is_still(void) {
	for (int i = 0; i < target_count; i++) {
		is_cut = is_mixed = 0;
		int fd = open(targets[i].path, O_RDONLY | O_CLOEXEC);
		ssize_t length = fd < 0 ? -1 : read_mapped(fd);
		if (fd >= 0)
			close(fd);
		if (length < 0 || is_cut || is_mixed)
			return 0;
	}
	return 1;
}

/* Lets nobody write until there were enough reads that nobody's write excuses. */
static void rest(int count) {
	uint64_t enough = shared->quiet + rested;
	int64_t limit = now() + patience * 1000000000ll;
	shared->rests = shared->pauses = 1;
	/* The daemon learns of a close some time after it. */
	do {
		pause_for(20000);
		if (now() > limit) {
			fault("nobody has read or written for a while, and mappings are of older versions");
			break;
		}
	} while (!shared->ends && !is_hung(count) && (is_busy(count) || !is_still()));
	shared->stillness++;
	shared->pauses = 0;
	limit = now() + patience * 1000000000ll;
	while (shared->quiet < enough && !shared->ends && !is_hung(count)) {
		if (now() > limit) {
			fault("nobody wrote for %d s, and too few could read", patience);
			break;
		}
		pause_for(5000);
	}
	shared->stillness++;
	shared->rests = 0;
}

static void end_all(int count) {
	int64_t limit = now() + (patience + 5) * 1000000000ll;
	shared->ends = 1;
	for (int i = 0; i < count; i++) {
		int status = 0;
		pid_t ended;
		while ((ended = waitpid(shared->workers[i].pid, &status, WNOHANG)) == 0) {
			if (now() > limit || is_hung(count)) {
				kill(shared->workers[i].pid, SIGKILL);
				waitpid(shared->workers[i].pid, &status, 0);
				break;
			}
			pause_for(10000);
		}
		if (status != 0)
			fault("worker %d: status %x", i, status);
	}
}

int op_stress(char **argv) {
	int seconds = atoi(argv[1]), readers = atoi(argv[2]), writers = atoi(argv[3]), count = readers + writers;
	failing = "chdir";
	if (chdir(argv[0]) != 0)
		return -1;
	struct sigaction action = { .sa_handler = jump };
	sigaction(SIGBUS, &action, NULL);
	shared = share(sizeof *shared);
	cells = share(sizeof *cells * cell_count);
	ticks = share(sizeof *ticks);
	pthread_mutexattr_t attributes;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	for (int i = 0; i < cell_count; i++)
		pthread_mutex_init(&cells[i].lock, &attributes);
	for (int i = 0; i < target_count; i++)
		if (targets[i].is_written)
			write_version(i);

	errno = EINVAL;
	failing = "arguments";
	if (count > most_workers)
		return -1;
	for (int i = 0; i < count; i++)
		start(i, readers);
	int64_t limit = now() + seconds * 1000000000ll, rest_at = now() + between_rests * 1000000000ll;
	while (now() < limit && !shared->ends && !is_hung(count)) {
		pause_for(50000);
		if (now() > rest_at) {
			rest(count);
			rest_at = now() + between_rests * 1000000000ll;
		}
	}
	end_all(count);

	uint64_t reads = 0, writes = 0;
	for (int i = 0; i < count; i++) {
		*(i < readers ? &reads : &writes) += shared->workers[i].done;
		if (shared->workers[i].done == 0)
			fault("worker %d: did nothing", i);
	}
	if (shared->longest > patience * 1000000000ll)
		fault("an operation took %" PRId64 " ms", shared->longest / 1000000);
	if (shared->quiet == 0)
		fault("somebody wrote all the time");
	printf("%" PRIu64 " reads, %" PRIu64 " writes, %" PRIu64 " cut, %" PRIu64 " mixed, %" PRIu64 " quiet, longest %" PRId64 " ms\n", reads,
		writes, shared->cut, shared->mixed, shared->quiet, shared->longest / 1000000);
	for (int i = 0; i < shared->faults && i < most_faults; i++)
		puts(shared->fault[i]);
	failing = "stress";
	errno = EBADMSG;
	return shared->faults == 0 ? 0 : -1;
}
