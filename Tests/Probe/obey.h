// SPDX-License-Identifier: MIT

/* What `obey` is made of, beside itself. Functions return -1 with errno and `failing`. */
#pragma once

/* Unix sockets: one that listens, and descriptors that are sent to it. */
int listen_at(const char *path);
int connect_to(const char *path);
int send_to(const char *path, int fd);
int accept_one(void);

/* One request by a connection, and its status. The body of the answer is taken, and not told. */
int ask_by(int connected, const char *method, const char *path);

/* See outlive.c. */
int outlive(int count, const char *path);
