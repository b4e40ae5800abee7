// SPDX-License-Identifier: MIT

/*
 * ring HOW FILE: opens FILE through io_uring(7) and closes it. HOW:
 *
 *     plain     by a thread of the kernel's that works for the process (IOSQE_ASYNC)
 *     UID       the same with the credentials of this user, which root has lent to the ring
 *
 * `io_uring_setup ENOSYS` or EPERM: the kernel has it not, or not for this process.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int lend(int ring, const char *uid) {
	uid_t number = (uid_t)atol(uid), own = geteuid();
	failing = "seteuid";
	if (seteuid(number) != 0)
		return -1;
	failing = "io_uring_register";
	int personality = (int)syscall(SYS_io_uring_register, ring, IORING_REGISTER_PERSONALITY, NULL, 0), saved = errno;
	failing = personality < 0 ? failing : "seteuid";
	if (seteuid(own) != 0)
		return -1;
	errno = saved;
	return personality;
}

int op_ring(char **argv) {
	struct io_uring_params params = { .flags = 0 };
	failing = "io_uring_setup";
	int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
	if (ring < 0)
		return -1;
	int personality = strcmp(argv[0], "plain") == 0 ? 0 : lend(ring, argv[0]);
	if (personality < 0)
		return -1;
	size_t size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	size_t least = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
	size = size > least ? size : least;
	failing = "mmap";
	char *queues = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *entry = mmap(NULL, params.sq_entries * sizeof *entry, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
		IORING_OFF_SQES);
	if (queues == MAP_FAILED || entry == MAP_FAILED)
		return -1;
	memset(entry, 0, sizeof *entry);
	entry->opcode = IORING_OP_OPENAT;
	entry->flags = IOSQE_ASYNC;
	entry->fd = AT_FDCWD;
	entry->addr = (uint64_t)(uintptr_t)argv[1];
	entry->open_flags = O_RDONLY | O_CLOEXEC;
	entry->personality = (uint16_t)personality;
	((uint32_t *)(queues + params.sq_off.array))[0] = 0;
	atomic_store((_Atomic uint32_t *)(queues + params.sq_off.tail), 1);
	failing = "io_uring_enter";
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	int result = ((struct io_uring_cqe *)(queues + params.cq_off.cqes))->res;
	munmap(entry, params.sq_entries * sizeof *entry);
	munmap(queues, size);
	close(ring);
	failing = "open";
	errno = -result;
	return result < 0 ? -1 : close(result);
}
