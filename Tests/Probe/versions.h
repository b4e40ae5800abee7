// SPDX-License-Identifier: MIT

/*
 * Values that tell whether they are whole and which version they are, and what is known of their order.
 *
 * A *cell* is what one write replaces: a variable, a file, or an `env` with two variables. Each of its versions has a
 * number, from which all its bytes follow: `NUMBER:LENGTH:CHECKSUM:letters`, or as many low digits of the number as fit
 * where the value is too short for that.
 *
 * Order is told by ticks, of one clock that all processes share. A version is *begun* before its file is opened for writing and
 * *acknowledged* after close(2) has returned. Version v is older than u for certain if v was acknowledged before u began.
 */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { most_bytes = 20480, most_versions = 1 << 18, cell_count = 5 };

struct version {
	_Atomic uint64_t begun, acknowledged;
};

struct cell {
	pthread_mutex_t lock; /* Of the writers of those cells that have one at a time. */
	_Atomic uint64_t begun; /* How many versions. They are numbered from 1. */
	_Atomic uint64_t known; /* When the newest version began that is known to be stored: acknowledged, or seen. */
	struct version versions[most_versions];
};

/* Some of the bytes of a version: part 0 alone of a variable or file, parts 0 and 1 of an env. */
struct part {
	const char *bytes;
	size_t length;
};

enum verdict { verdict_whole, verdict_old, verdict_torn };

extern struct cell *cells;
extern _Atomic uint64_t *ticks;

/* How many parts a cell has. */
int cell_parts(int cell);

/* The bytes of a whole version: what is written. At most most_bytes. */
size_t compose_version(int cell, uint64_t number, char *bytes);

/*
 * What some bytes are that were read by an open that began when `known` was the cell's. The first part of a cell that has
 * two may be judged alone.
 */
enum verdict judge(int cell, const struct part *parts, int count, uint64_t known, uint64_t *number);

/* The version is stored for certain. */
void note_known(int cell, uint64_t number);
