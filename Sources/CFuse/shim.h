// SPDX-License-Identifier: MIT

// The FUSE protocol as linux/fuse.h has it, and the two ways to mount, for Swift: what is variadic or a macro as plain functions.
// No logic.
#pragma once
#include <linux/fuse.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

// The structs that are read and written raw have these sizes since protocol 7.23 (Linux 3.15), and keep them: newer fields take the place
// of padding. The layouts that matter most, field by field.
_Static_assert(sizeof(struct fuse_in_header) == 40 && offsetof(struct fuse_in_header, unique) == 8 &&
    offsetof(struct fuse_in_header, nodeid) == 16 && offsetof(struct fuse_in_header, uid) == 24 &&
    offsetof(struct fuse_in_header, pid) == 32, "fuse_in_header");
_Static_assert(sizeof(struct fuse_out_header) == 16 && offsetof(struct fuse_out_header, error) == 4 &&
    offsetof(struct fuse_out_header, unique) == 8, "fuse_out_header");
_Static_assert(sizeof(struct fuse_init_out) == 64 && offsetof(struct fuse_init_out, flags) == 12 &&
    offsetof(struct fuse_init_out, max_write) == 20 && offsetof(struct fuse_init_out, time_gran) == 24 &&
    offsetof(struct fuse_init_out, flags2) == 32, "fuse_init_out");
_Static_assert(offsetof(struct fuse_init_in, flags) == 12 && offsetof(struct fuse_init_in, flags2) == 16, "fuse_init_in");
_Static_assert(sizeof(struct fuse_attr) == 88 && sizeof(struct fuse_attr_out) == 104, "fuse_attr_out");
_Static_assert(sizeof(struct fuse_entry_out) == 128 && offsetof(struct fuse_entry_out, attr) == 40, "fuse_entry_out");
_Static_assert(sizeof(struct fuse_open_out) == 16 && offsetof(struct fuse_open_out, open_flags) == 8, "fuse_open_out");
_Static_assert(sizeof(struct fuse_open_in) == 8 && sizeof(struct fuse_create_in) == 16 &&
    sizeof(struct fuse_mkdir_in) == 8, "fuse_open_in");
_Static_assert(sizeof(struct fuse_read_in) == 40 && sizeof(struct fuse_write_in) == 40 &&
    sizeof(struct fuse_write_out) == 8, "fuse_write_in");
_Static_assert(sizeof(struct fuse_setattr_in) == 88 && sizeof(struct fuse_getattr_in) == 16, "fuse_setattr_in");
_Static_assert(sizeof(struct fuse_release_in) == 24 && sizeof(struct fuse_flush_in) == 24 &&
    sizeof(struct fuse_fsync_in) == 16, "fuse_release_in");
_Static_assert(sizeof(struct fuse_rename_in) == 8 && sizeof(struct fuse_rename2_in) == 16, "fuse_rename2_in");
_Static_assert(sizeof(struct fuse_getxattr_in) == 8 && sizeof(struct fuse_getxattr_out) == 8 &&
    FUSE_COMPAT_SETXATTR_IN_SIZE == 8, "fuse_getxattr_in");
_Static_assert(sizeof(struct fuse_statfs_out) == 80 && offsetof(struct fuse_dirent, name) == 24, "fuse_statfs_out");
_Static_assert(sizeof(struct fuse_notify_inval_inode_out) == 24 && sizeof(struct fuse_notify_inval_entry_out) == 16 &&
    sizeof(struct fuse_notify_store_out) == 24, "fuse_notify");

// fuse_setxattr_in without FUSE_SETXATTR_EXT.
struct cfuse_setxattr_in { uint32_t size, flags; };

// Of linux/fuse.h, whose macros have shifts that Swift takes for signed or does not see.
static const uint32_t cfuse_posix_acl = FUSE_POSIX_ACL;
static const uint32_t cfuse_atomic_o_trunc = FUSE_ATOMIC_O_TRUNC;
static const uint32_t cfuse_dont_mask = FUSE_DONT_MASK;
static const uint32_t cfuse_auto_inval_data = FUSE_AUTO_INVAL_DATA;
static const uint32_t cfuse_parallel_dirops = FUSE_PARALLEL_DIROPS;
static const uint32_t cfuse_handle_killpriv_v2 = FUSE_HANDLE_KILLPRIV_V2;
static const uint32_t cfuse_read_lockowner = FUSE_READ_LOCKOWNER;
static const uint32_t cfuse_big_writes = FUSE_BIG_WRITES;
static const uint32_t cfuse_abort_error = FUSE_ABORT_ERROR;

// What linux/fuse.h has since protocol 7.40 (Linux 6.9), and the headers here may lack: a file that the kernel reads in the place of one of
// the mount, and the number by which OPEN is answered with it.
struct cfuse_backing_map { int32_t fd; uint32_t flags; uint64_t padding; };
_Static_assert(sizeof(struct cfuse_backing_map) == 16, "fuse_backing_map");
static const uint32_t cfuse_open_passthrough = 1u << 7;
static const uint32_t cfuse_init_ext = 1u << 30;
static const uint32_t cfuse_passthrough2 = 1u << 5; // FUSE_PASSTHROUGH, bit 37 of both words of flags

// FUSE_DEV_IOC_BACKING_OPEN: the number, above 0; -1 with errno.
static inline int cfuse_backing_open(int device, int file)
{
    struct cfuse_backing_map map = {.fd = file};
    return ioctl(device, _IOW(229, 1, struct cfuse_backing_map), &map);
}

// FUSE_DEV_IOC_BACKING_CLOSE
static inline int cfuse_backing_close(int device, int32_t number)
{
    uint32_t closed = (uint32_t)number;
    return ioctl(device, _IOW(229, 2, uint32_t), &closed);
}

// `max_stack_depth` of fuse_init_out, and `backing_id` of fuse_open_out: both in the place of padding.
static inline void cfuse_allow_passthrough(struct fuse_init_out *out)
{
    const uint32_t depth = 1;
    out->flags |= cfuse_init_ext;
    out->flags2 |= cfuse_passthrough2;
    memcpy((char *)out + 36, &depth, sizeof depth);
}
static inline void cfuse_set_backing(struct fuse_open_out *out, int32_t number)
{
    out->open_flags |= cfuse_open_passthrough;
    memcpy((char *)out + 12, &number, sizeof number);
}

// A mount of `device`, an open /dev/fuse: mount(2).
static inline int cfuse_mount(const char *source, const char *folder, const char *type, const char *options)
{
    return mount(source, folder, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, options);
}

// The descriptor that fusermount3(1) sends over a unix socket: SCM_RIGHTS of unix(7). -1 if none comes.
static inline int cfuse_receive_descriptor(int socket)
{
    char byte;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control;
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(socket, &message, 0x40000000 /* MSG_CMSG_CLOEXEC */) <= 0) return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return -1;
    if (header->cmsg_len != CMSG_LEN(sizeof(int))) return -1;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}
