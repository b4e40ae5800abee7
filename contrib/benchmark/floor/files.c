// SPDX-License-Identifier: MIT

/* Values: read through the page that comes with the OPEN, written whole when the writer closes. */
#include "floor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, SWEEP_MS = 50, KEEP_MS = 100 };

pthread_rwlock_t values = PTHREAD_RWLOCK_INITIALIZER;
/* Files that were closed a while ago, or will have been. */
static struct node *idle;
static pthread_mutex_t idle_lock = PTHREAD_MUTEX_INITIALIZER;

static long long milliseconds(struct timespec since) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since.tv_sec) * 1000LL + (now.tv_nsec - since.tv_nsec) / 1000000;
}

/* Reading */

/* A copy of the value, which a later version does not change. */
static struct handle *snapshot(struct node *node) {
	struct handle *handle = calloc(1, sizeof *handle);
	if (!handle)
		return NULL;
	pthread_rwlock_rdlock(&values);
	handle->bytes = malloc(node->length + 1);
	if (handle->bytes) {
		handle->length = node->length;
		if (node->length)
			memcpy(handle->bytes, node->value, node->length);
	}
	pthread_rwlock_unlock(&values);
	if (handle->bytes)
		return handle;
	free(handle);
	return NULL;
}

/* With `opening` held by the first reader, for whom no READ can be on its way. */
static void store(struct node *node) {
	char bytes[PAGE];
	pthread_rwlock_rdlock(&values);
	size_t length = node->length;
	if (length && length <= PAGE)
		memcpy(bytes, node->value, length);
	pthread_rwlock_unlock(&values);
	if (!length || length > PAGE)
		return;
	struct fuse_bufvec buffer = FUSE_BUFVEC_INIT(length);
	buffer.buf[0].mem = bytes;
	node->stored = fuse_lowlevel_notify_store(session, number_of(node), 0, &buffer, 0) == 0;
}

static void open_reader(fuse_req_t request, struct node *node, struct fuse_file_info *info) {
	info->noflush = 1;
	pthread_rwlock_rdlock(&values);
	bool fits = node->length <= PAGE;
	pthread_rwlock_unlock(&values);
	if (fits && pthread_mutex_trylock(&node->opening) == 0) {
		if (!node->stored && node->readers == 0)
			store(node);
		node->readers++;
		pthread_mutex_unlock(&node->opening);
		info->keep_cache = 1;
		info->fh = 0;
	} else {
		struct handle *handle = snapshot(node);
		if (!handle) {
			fuse_reply_err(request, ENOMEM);
			return;
		}
		info->direct_io = 1;
		info->fh = (uint64_t)handle;
	}
	fuse_reply_open(request, info);
}

static void open_writer(struct fuse_file_info *info, struct handle *handle) {
	handle->writes = true;
	handle->dirty = false;
	info->direct_io = 1;
	info->fh = (uint64_t)handle;
}

void fs_open(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info) {
	if ((info->flags & O_ACCMODE) == O_RDONLY) {
		open_reader(request, node_of(number), info);
		return;
	}
	struct handle *handle = info->flags & O_TRUNC ? calloc(1, sizeof *handle) : snapshot(node_of(number));
	if (!handle) {
		fuse_reply_err(request, ENOMEM);
		return;
	}
	handle->room = handle->length;
	open_writer(info, handle);
	fuse_reply_open(request, info);
}

void fs_create(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *info) {
	(void)mode;
	struct handle *handle = calloc(1, sizeof *handle);
	struct node *node;
	pthread_rwlock_wrlock(&tree);
	int error = handle ? insert_node(node_of(parent), name, S_IFREG, &node) : ENOMEM;
	pthread_rwlock_unlock(&tree);
	if (error) {
		free(handle);
		fuse_reply_err(request, error);
		return;
	}
	open_writer(info, handle);
	struct fuse_entry_param made = entry_of(node);
	fuse_reply_create(request, &made, info);
}

static void lend(fuse_req_t request, const char *bytes, size_t length, size_t size, off_t offset) {
	size_t start = (size_t)offset < length ? (size_t)offset : length;
	size_t count = length - start < size ? length - start : size;
	fuse_reply_buf(request, count ? bytes + start : NULL, count);
}

void fs_read(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, struct fuse_file_info *info) {
	struct handle *handle = (struct handle *)info->fh;
	if (handle) {
		lend(request, handle->bytes, handle->length, size, offset);
		return;
	}
	struct node *node = node_of(number);
	pthread_rwlock_rdlock(&values);
	lend(request, node->value, node->length, size, offset);
	pthread_rwlock_unlock(&values);
}

/* Writing */

void fs_write(fuse_req_t request, fuse_ino_t number, const char *bytes, size_t size, off_t offset, struct fuse_file_info *info) {
	(void)number;
	struct handle *handle = (struct handle *)info->fh;
	size_t end = (size_t)offset + size;
	if (end > handle->room) {
		char *more = realloc(handle->bytes, end * 2);
		if (!more) {
			fuse_reply_err(request, ENOMEM);
			return;
		}
		handle->bytes = more;
		handle->room = end * 2;
	}
	if ((size_t)offset > handle->length)
		memset(handle->bytes + handle->length, 0, (size_t)offset - handle->length);
	memcpy(handle->bytes + offset, bytes, size);
	if (end > handle->length)
		handle->length = end;
	handle->dirty = true;
	fuse_reply_write(request, size);
}

/* The new version is there, and what the kernel has of the old one is not, before the writer is told. */
void fs_flush(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info) {
	struct handle *handle = (struct handle *)info->fh;
	struct node *node = node_of(number);
	if (handle && handle->dirty) {
		char *bytes = malloc(handle->length + 1);
		if (!bytes) {
			fuse_reply_err(request, ENOMEM);
			return;
		}
		memcpy(bytes, handle->bytes, handle->length);
		pthread_mutex_lock(&node->opening);
		pthread_rwlock_wrlock(&values);
		char *before = node->value;
		node->value = bytes;
		node->length = handle->length;
		clock_gettime(CLOCK_REALTIME, &node->changed);
		pthread_rwlock_unlock(&values);
		free(before);
		node->stored = false;
		fuse_lowlevel_notify_inval_inode(session, number, 0, 0);
		pthread_mutex_unlock(&node->opening);
		handle->dirty = false;
	}
	fuse_reply_err(request, 0);
}

void fs_fsync(fuse_req_t request, fuse_ino_t number, int only_data, struct fuse_file_info *info) {
	(void)number;
	(void)only_data;
	(void)info;
	fuse_reply_err(request, 0);
}

/* Closing, and what comes a while after */

void fs_release(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info) {
	struct handle *handle = (struct handle *)info->fh;
	fuse_reply_err(request, 0);
	if (handle) {
		free(handle->bytes);
		free(handle);
		return;
	}
	struct node *node = node_of(number);
	pthread_mutex_lock(&node->opening);
	if (--node->readers == 0) {
		clock_gettime(CLOCK_MONOTONIC, &node->since);
		if (!node->is_idle) {
			node->is_idle = true;
			pthread_mutex_lock(&idle_lock);
			node->next_idle = idle;
			idle = node;
			pthread_mutex_unlock(&idle_lock);
		}
	}
	pthread_mutex_unlock(&node->opening);
}

void *sweep(void *unused) {
	(void)unused;
	for (;;) {
		usleep(SWEEP_MS * 1000);
		pthread_mutex_lock(&idle_lock);
		struct node *list = idle;
		idle = NULL;
		pthread_mutex_unlock(&idle_lock);
		while (list) {
			struct node *node = list;
			list = node->next_idle;
			pthread_mutex_lock(&node->opening);
			if (node->readers == 0 && milliseconds(node->since) < KEEP_MS) {
				pthread_mutex_lock(&idle_lock);
				node->next_idle = idle;
				idle = node;
				pthread_mutex_unlock(&idle_lock);
			} else {
				node->is_idle = false;
				if (node->readers == 0 && node->stored) {
					node->stored = false;
					fuse_lowlevel_notify_inval_inode(session, number_of(node), 0, 0);
				}
			}
			pthread_mutex_unlock(&node->opening);
		}
	}
	return NULL;
}
