// SPDX-License-Identifier: MIT

/*
 * What the parts of the floor share. main.c says what it is.
 *
 * Locks, from the outside in: `tree`, a node's `opening`, `idle_lock`; and `values`, within which no other is taken. Only `opening` is
 * held while the kernel is told something, and then it may wait for a page that a READ has locked: so READ never takes it, and OPEN
 * only tries it.
 *
 * Nodes are never freed: the kernel may still know a removed one, and this runs for some minutes only.
 */
#ifndef FLOOR_H
#define FLOOR_H
#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

struct node {
	struct node *parent, *next_in_bucket;
	char *name;
	mode_t type;
	struct timespec changed;
	/* A folder: what is in it, with a gap where something was removed. */
	struct node **children;
	size_t places, count, index;
	/* A file, under `values`. */
	char *value;
	size_t length;
	/* A file, under `opening`. */
	pthread_mutex_t opening;
	unsigned readers;
	bool stored, is_idle;
	struct timespec since;
	struct node *next_idle;
};

/* What an open file has. NULL: a reader of the page that the kernel has. */
struct handle {
	bool writes, dirty;
	char *bytes;
	size_t length, room;
};

extern struct fuse_session *session;
extern struct node root;
/* Who may read. */
extern uid_t reader;
extern pthread_rwlock_t tree, values;

static inline struct node *node_of(fuse_ino_t number) { return number == FUSE_ROOT_ID ? &root : (struct node *)number; }
static inline fuse_ino_t number_of(struct node *node) { return node == &root ? FUSE_ROOT_ID : (fuse_ino_t)node; }

/* tree.c: names and attributes. `insert_node` needs `tree` and returns an errno. */
int insert_node(struct node *parent, const char *name, mode_t type, struct node **made);
struct fuse_entry_param entry_of(struct node *node);
void fs_lookup(fuse_req_t request, fuse_ino_t parent, const char *name);
void fs_getattr(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info);
void fs_setattr(fuse_req_t request, fuse_ino_t number, struct stat *wanted, int which, struct fuse_file_info *info);
void fs_getxattr(fuse_req_t request, fuse_ino_t number, const char *name, size_t size);
void fs_readdir(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, struct fuse_file_info *info);
void fs_mkdir(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode);
void fs_unlink(fuse_req_t request, fuse_ino_t parent, const char *name);
void fs_rmdir(fuse_req_t request, fuse_ino_t parent, const char *name);

/* files.c: values. `sweep` is what the thread runs that drops pages. */
void *sweep(void *unused);
void fs_open(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info);
void fs_create(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *info);
void fs_read(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, struct fuse_file_info *info);
void fs_write(fuse_req_t request, fuse_ino_t number, const char *bytes, size_t size, off_t offset, struct fuse_file_info *info);
void fs_flush(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info);
void fs_fsync(fuse_req_t request, fuse_ino_t number, int only_data, struct fuse_file_info *info);
void fs_release(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info);
#endif
