// SPDX-License-Identifier: MIT

/* Names and attributes, all of which the kernel may keep. */
#include "floor.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 18 };
static const double FOR_EVER = 86400;

struct node root = { .type = S_IFDIR };
pthread_rwlock_t tree = PTHREAD_RWLOCK_INITIALIZER;
static struct node *buckets[BUCKETS];

static struct node **bucket(struct node *parent, const char *name) {
	unsigned long hash = (unsigned long)parent >> 4;
	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
	return &buckets[(hash ^ hash >> 32) % BUCKETS];
}

static struct node *find(struct node *parent, const char *name) {
	struct node *node = *bucket(parent, name);
	while (node && (node->parent != parent || strcmp(node->name, name) != 0))
		node = node->next_in_bucket;
	return node;
}

int insert_node(struct node *parent, const char *name, mode_t type, struct node **made) {
	if (find(parent, name))
		return EEXIST;
	if (parent->places % 64 == 0) {
		struct node **more = realloc(parent->children, (parent->places + 64) * sizeof *more);
		if (!more)
			return ENOMEM;
		parent->children = more;
	}
	struct node *node = calloc(1, sizeof *node);
	if (!node || !(node->name = strdup(name))) {
		free(node);
		return ENOMEM;
	}
	node->parent = parent;
	node->type = type;
	pthread_mutex_init(&node->opening, NULL);
	clock_gettime(CLOCK_REALTIME, &node->changed);
	struct node **head = bucket(parent, name);
	node->next_in_bucket = *head;
	*head = node;
	node->index = parent->places;
	parent->children[parent->places++] = node;
	parent->count++;
	*made = node;
	return 0;
}

static int delete(struct node *parent, const char *name, mode_t type) {
	struct node *node = find(parent, name);
	if (!node)
		return ENOENT;
	if (node->type != type)
		return type == S_IFDIR ? ENOTDIR : EISDIR;
	if (node->count)
		return ENOTEMPTY;
	struct node **link = bucket(parent, name);
	while (*link != node)
		link = &(*link)->next_in_bucket;
	*link = node->next_in_bucket;
	parent->children[node->index] = NULL;
	parent->count--;
	return 0;
}

/* The group's bits are the mask of the ACL. The root's ACL is one that the kernel would not keep, and without such bits it never asks. */
static mode_t permissions(struct node *node) {
	if (node == &root)
		return 0705;
	return node->type == S_IFDIR ? 0750 : 0640;
}

static struct stat attributes(struct node *node) {
	struct stat status = { .st_ino = number_of(node), .st_mode = node->type | permissions(node), .st_nlink = 1, .st_ctim = node->changed };
	pthread_rwlock_rdlock(&values);
	status.st_size = (off_t)node->length;
	status.st_mtim = node->changed;
	pthread_rwlock_unlock(&values);
	return status;
}

struct fuse_entry_param entry_of(struct node *node) {
	return (struct fuse_entry_param){
		.ino = number_of(node), .attr = attributes(node), .attr_timeout = FOR_EVER, .entry_timeout = FOR_EVER };
}

void fs_lookup(fuse_req_t request, fuse_ino_t parent, const char *name) {
	pthread_rwlock_rdlock(&tree);
	struct node *node = find(node_of(parent), name);
	pthread_rwlock_unlock(&tree);
	if (!node) {
		fuse_reply_err(request, ENOENT);
		return;
	}
	struct fuse_entry_param found = entry_of(node);
	fuse_reply_entry(request, &found);
}

void fs_getattr(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info) {
	(void)info;
	struct stat status = attributes(node_of(number));
	fuse_reply_attr(request, &status, FOR_EVER);
}

/* Times, owners and modes are accepted and not kept. */
void fs_setattr(fuse_req_t request, fuse_ino_t number, struct stat *wanted, int which, struct fuse_file_info *info) {
	(void)wanted;
	(void)which;
	fs_getattr(request, number, info);
}

void fs_getxattr(fuse_req_t request, fuse_ino_t number, const char *name, size_t size) {
	struct node *node = node_of(number);
	if (node == &root || strcmp(name, "system.posix_acl_access") != 0) {
		fuse_reply_err(request, ENODATA);
		return;
	}
	unsigned owner = node->type == S_IFDIR ? 7 : 6, others = node->type == S_IFDIR ? 5 : 4;
	struct { unsigned tag, rights, id; } shown[] = {
		{ ACL_USER_OBJ, owner, ACL_UNDEFINED_ID }, { ACL_USER, others, reader }, { ACL_GROUP_OBJ, 0, ACL_UNDEFINED_ID },
		{ ACL_MASK, others, ACL_UNDEFINED_ID }, { ACL_OTHER, 0, ACL_UNDEFINED_ID },
	};
	enum { ENTRIES = sizeof shown / sizeof *shown };
	struct { struct posix_acl_xattr_header header; struct posix_acl_xattr_entry entries[ENTRIES]; } acl;
	acl.header.a_version = htole32(POSIX_ACL_XATTR_VERSION);
	for (int i = 0; i < ENTRIES; i++) {
		acl.entries[i].e_tag = htole16(shown[i].tag);
		acl.entries[i].e_perm = htole16(shown[i].rights);
		acl.entries[i].e_id = htole32(shown[i].id);
	}
	if (size == 0)
		fuse_reply_xattr(request, sizeof acl);
	else if (size < sizeof acl)
		fuse_reply_err(request, ERANGE);
	else
		fuse_reply_buf(request, (char *)&acl, sizeof acl);
}

void fs_readdir(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, struct fuse_file_info *info) {
	(void)info;
	struct node *folder = node_of(number);
	char *buffer = malloc(size);
	if (!buffer) {
		fuse_reply_err(request, ENOMEM);
		return;
	}
	size_t used = 0;
	pthread_rwlock_rdlock(&tree);
	for (size_t place = (size_t)offset; place < folder->places; place++) {
		struct node *node = folder->children[place];
		if (!node)
			continue;
		struct stat status = { .st_ino = number_of(node), .st_mode = node->type };
		size_t needed = fuse_add_direntry(request, buffer + used, size - used, node->name, &status, (off_t)place + 1);
		if (needed > size - used)
			break;
		used += needed;
	}
	pthread_rwlock_unlock(&tree);
	fuse_reply_buf(request, buffer, used);
	free(buffer);
}

void fs_mkdir(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode) {
	(void)mode;
	struct node *node;
	pthread_rwlock_wrlock(&tree);
	int error = insert_node(node_of(parent), name, S_IFDIR, &node);
	pthread_rwlock_unlock(&tree);
	if (error) {
		fuse_reply_err(request, error);
		return;
	}
	struct fuse_entry_param made = entry_of(node);
	fuse_reply_entry(request, &made);
}

static void removes(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t type) {
	pthread_rwlock_wrlock(&tree);
	int error = delete(node_of(parent), name, type);
	pthread_rwlock_unlock(&tree);
	fuse_reply_err(request, error);
}

void fs_unlink(fuse_req_t request, fuse_ino_t parent, const char *name) { removes(request, parent, name, S_IFREG); }
void fs_rmdir(fuse_req_t request, fuse_ino_t parent, const char *name) { removes(request, parent, name, S_IFDIR); }
