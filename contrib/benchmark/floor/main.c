// SPDX-License-Identifier: MIT

/*
 * floor UID MOUNTPOINT: a file system in memory that does nothing but be asked as seldom as can be.
 *
 * It is what tacit could reach if deciding, logging and decrypting took no time, so it uses the same means: names and attributes that the
 * kernel keeps, POSIX ACLs that the kernel checks (UID may read everything, through the ACL alone), a value that travels with
 * the OPEN, and pages that are dropped when nobody has had the file open for a while. Values longer than a page go by direct I/O
 * from a copy made at OPEN, and what is written counts when the writer closes.
 */
#include "floor.h"

#include <stdio.h>
#include <stdlib.h>

struct fuse_session *session;
uid_t reader;

static void fs_init(void *unused, struct fuse_conn_info *connection) {
	(void)unused;
	connection->want = connection->capable
		& (FUSE_CAP_POSIX_ACL | FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_DONT_MASK | FUSE_CAP_PARALLEL_DIROPS);
	pthread_t sweeper;
	if (!(connection->want & FUSE_CAP_POSIX_ACL) || pthread_create(&sweeper, NULL, sweep, NULL) != 0) {
		fputs("floor: the kernel has no POSIX ACLs for FUSE, or there is no thread\n", stderr);
		fuse_session_exit(session);
	}
}

static const struct fuse_lowlevel_ops operations = {
	.init = fs_init, .lookup = fs_lookup, .getattr = fs_getattr, .setattr = fs_setattr, .getxattr = fs_getxattr,
	.readdir = fs_readdir, .mkdir = fs_mkdir, .unlink = fs_unlink, .rmdir = fs_rmdir, .open = fs_open, .create = fs_create,
	.read = fs_read, .write = fs_write, .flush = fs_flush, .fsync = fs_fsync, .release = fs_release,
};

int main(int argc, char **argv) {
	if (argc != 3) {
		fputs("usage: floor UID MOUNTPOINT\n", stderr);
		return 2;
	}
	reader = (uid_t)strtoul(argv[1], NULL, 10);
	clock_gettime(CLOCK_REALTIME, &root.changed);
	char *words[] = { argv[0], "-o", "allow_other,fsname=floor,subtype=floor" };
	struct fuse_args arguments = FUSE_ARGS_INIT(3, words);
	session = fuse_session_new(&arguments, &operations, sizeof operations, NULL);
	if (!session || fuse_set_signal_handlers(session) != 0 || fuse_session_mount(session, argv[2]) != 0)
		return 1;
	struct fuse_loop_config loop = { .clone_fd = 1, .max_idle_threads = 16 };
	int ended = fuse_session_loop_mt(session, &loop);
	fuse_session_unmount(session);
	fuse_remove_signal_handlers(session);
	fuse_session_destroy(session);
	/* The signal that ended it. */
	return ended < 0;
}
