// SPDX-License-Identifier: MIT

// GNU libmicrohttpd, for Swift: variadics as plain functions. No logic.
#pragma once
#include <microhttpd.h>

struct tacit_mhd_limits {
    unsigned connections;      // at once
    size_t connection_memory;  // bytes for the head and a piece of the body
    unsigned timeout;          // seconds without a byte
    size_t stack;              // bytes, of each connection's thread
};

// A thread for each connection, so that a request that takes long (a passphrase's hash) holds up no other.
static inline struct MHD_Daemon *tacit_mhd_start(
    int listener, void *context, struct tacit_mhd_limits limits, MHD_AccessHandlerCallback answer,
    MHD_RequestCompletedCallback completed, MHD_NotifyConnectionCallback connection)
{
    return MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC, 0, NULL, NULL, answer, context,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_LIMIT, limits.connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.connection_memory,
        MHD_OPTION_CONNECTION_TIMEOUT, limits.timeout, MHD_OPTION_THREAD_STACK_SIZE, limits.stack,
        MHD_OPTION_NOTIFY_COMPLETED, completed, context, MHD_OPTION_NOTIFY_CONNECTION, connection, context,
        MHD_OPTION_END);
}

// -1 if libmicrohttpd doesn't tell.
static inline int tacit_mhd_socket(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static inline void *tacit_mhd_socket_context(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

// Seconds without a byte until the connection ends, counted from now. Taking the limit away makes the library start anew with the
// next one: otherwise it counts from the last byte, before the request was worked on.
static inline void tacit_mhd_set_timeout(struct MHD_Connection *connection, unsigned seconds)
{
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, seconds);
}
