// SPDX-License-Identifier: MIT

/* What the files of probe share. */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stddef.h>

/* Name of the system call that is made now: what a failing operation reports. */
extern const char *failing;

/* Writes all of it. -1 with errno. */
int write_all(int fd, const char *bytes, size_t count);

/* The bytes that an argument stands for, to be freed: see text.c. */
char *text(const char *argument, size_t *count);

/* Does an operation and says how it ended. */
void perform(int argc, char **argv);

/* A descriptor through a unix socket, SCM_RIGHTS of unix(7); -1 with errno and `failing`. */
int send_descriptor(int to, int fd);
int receive_descriptor(int from);

/* Operations in files of their own. They return 0, or -1 with errno and `failing`. */
int op_threads(char **argv);
int op_crash_write(char **argv);
int op_crash_check(char **argv);
int op_stress(char **argv);
int op_late(char **argv);
int op_mapped(char **argv);
int op_reopen(char **argv);
int op_reopen_held(char **argv);
int op_pass(char **argv);
int op_pass_reopen(char **argv);
int op_pass_write(char **argv);
int op_touch(char **argv);
int op_spin(char **argv);
int op_lookups(char **argv);
int op_look_all(char **argv);
int op_open_all(char **argv);
int op_crowd(char **argv);
int op_family(char **argv);
int op_terminal(char **argv);
int op_obey(char **argv);
int op_ring(char **argv);
int op_stall_list(char **argv);
int op_stall_epoll(char **argv);
