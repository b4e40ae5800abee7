// SPDX-License-Identifier: MIT

/* The versions that the stress test writes and reads: see versions.h. */
#include "probe.h"
#include "versions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cell *cells;
_Atomic uint64_t *ticks;

enum { env_cell = cell_count - 1, env_frame = 6 /* A= B= and two newlines */, number_digits = 36 };

int cell_parts(int cell) { return cell == env_cell ? 2 : 1; }

static uint64_t mix(uint64_t seed) {
	seed += 0x9e3779b97f4a7c15u;
	seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9u;
	seed = (seed ^ (seed >> 27)) * 0x94d049bb133111ebu;
	return seed ^ (seed >> 31);
}

/* Lengths around a page, and around the buffers on the way. */
static size_t version_length(int cell, uint64_t number) {
	static const size_t lengths[] = { 1, 2, 31, 100, 1000, 4000, 4094, 4095, 4096, 4097, 5000, 8191, 8192, 8193, 12288, most_bytes };
	uint64_t random = mix(number * 31 + (uint64_t)cell);
	size_t length = random % 4 == 0 ? random / 4 % most_bytes + 1 : lengths[random / 4 % (sizeof lengths / sizeof *lengths)];
	return cell == env_cell && length < env_frame + 2 ? env_frame + 2 : length;
}

static size_t part_length(int cell, uint64_t number, int part) {
	size_t length = version_length(cell, number);
	if (cell != env_cell)
		return length;
	size_t first = (length - env_frame) / 2;
	return part == 0 ? first : length - env_frame - first;
}

/* Puts the bytes of one part there; gives their count. */
static size_t compose_part(int cell, uint64_t number, int part, char *bytes) {
	size_t length = part_length(cell, number, part);
	char head[80];
	uint64_t state = mix(number * 64 + (uint64_t)(cell * 2 + part)) | 1, checksum = 14695981039346656037u;
	/* The head has a fixed length for its number and its value's length, whatever the checksum. */
	size_t start = (size_t)snprintf(head, sizeof head, "%" PRIu64 ":%zu:%016x:", number, length, 0u);
	if (start > length) {
		for (size_t i = 0; i < length; i++, number /= number_digits)
			bytes[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % number_digits];
		return length;
	}
	for (size_t i = start; i < length; i++) {
		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		bytes[i] = (char)('a' + state % 26);
		checksum = (checksum ^ (unsigned char)bytes[i]) * 1099511628211u;
	}
	snprintf(head, sizeof head, "%" PRIu64 ":%zu:%016" PRIx64 ":", number, length, checksum);
	memcpy(bytes, head, start);
	return length;
}

size_t compose_version(int cell, uint64_t number, char *bytes) {
	if (cell != env_cell)
		return compose_part(cell, number, 0, bytes);
	size_t at = 0;
	for (int part = 0; part < 2; part++) {
		bytes[at++] = (char)('A' + part);
		bytes[at++] = '=';
		at += compose_part(cell, number, part, bytes + at);
		bytes[at++] = '\n';
	}
	return at;
}

static int is_version(int cell, const struct part *parts, int count, uint64_t number) {
	char bytes[most_bytes];
	for (int part = 0; part < count; part++) {
		if (part_length(cell, number, part) != parts[part].length)
			return 0;
		compose_part(cell, number, part, bytes);
		if (memcmp(bytes, parts[part].bytes, parts[part].length) != 0)
			return 0;
	}
	return 1;
}

static int is_old(int cell, uint64_t number, uint64_t known) {
	uint64_t acknowledged = cells[cell].versions[number].acknowledged;
	return acknowledged != 0 && acknowledged < known;
}

enum verdict judge(int cell, const struct part *parts, int count, uint64_t known, uint64_t *number) {
	uint64_t newest = cells[cell].begun;
	const char *colon = memchr(parts[count - 1].bytes, ':', parts[count - 1].length);
	*number = 0;
	if (colon != NULL) {
		*number = strtoull(parts[count - 1].bytes, NULL, 10);
		if (*number == 0 || *number > newest || !is_version(cell, parts, count, *number))
			return verdict_torn;
		return is_old(cell, *number, known) ? verdict_old : verdict_whole;
	}
	/* Too short to say which: any version that may be shown will do. */
	enum verdict verdict = verdict_torn;
	for (uint64_t at = newest; at > 0; at--) {
		if (!is_version(cell, parts, count, at))
			continue;
		if (!is_old(cell, at, known))
			return verdict_whole;
		verdict = verdict_old;
	}
	return verdict;
}

void note_known(int cell, uint64_t number) {
	uint64_t begun = number == 0 ? 0 : cells[cell].versions[number].begun, known = cells[cell].known;
	while (known < begun && !atomic_compare_exchange_weak(&cells[cell].known, &known, begun))
		;
}
