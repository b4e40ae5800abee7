// The low-level API of libfuse 3.14, for Swift: macros and variadics as plain functions. No logic.
#pragma once
#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>
#include <stddef.h>

// A macro from libfuse 3.17 on.
static inline struct fuse_session *cfuse_session_new(
    const char *name, const char *options, const struct fuse_lowlevel_ops *operations, void *userdata)
{
    char *arguments[] = {(char *)name, (char *)"-o", (char *)options, NULL};
    struct fuse_args args = FUSE_ARGS_INIT(3, arguments);
    struct fuse_session *session = fuse_session_new(&args, operations, sizeof *operations, userdata);
    fuse_opt_free_args(&args);
    return session;
}

// FUSE_BUFVEC_INIT is an initializer.
static inline int cfuse_notify_store(
    struct fuse_session *session, fuse_ino_t inode, off_t offset, const void *bytes, size_t size)
{
    struct fuse_bufvec vector = FUSE_BUFVEC_INIT(size);
    vector.buf[0].mem = (void *)bytes;
    return fuse_lowlevel_notify_store(session, inode, offset, &vector, (enum fuse_buf_copy_flags)0);
}

// Unknown to libfuse 3.14.
static inline unsigned cfuse_cap_handle_killpriv_v2(void)
{
#ifdef FUSE_CAP_HANDLE_KILLPRIV_V2
    return FUSE_CAP_HANDLE_KILLPRIV_V2;
#else
    return 0;
#endif
}
