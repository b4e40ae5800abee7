// SPDX-License-Identifier: MIT

#define _GNU_SOURCE
#include "FaultPoints.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// The calls themselves are made without the C library, which has only these names for them.

enum { MOST = 64 };

static struct watch {
    char folder[PATH_MAX], image[PATH_MAX];
    size_t length;
    unsigned calls;
    enum fault_kind kind;
    long at, count;
    int error;
    int used, dead;
} watches[MOST];
static atomic_int used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int fault_watch(const char *folder, unsigned calls, enum fault_kind kind, long at, int error, const char *image) {
    pthread_mutex_lock(&lock);
    int number = -1;
    for (int i = 0; i < MOST && number < 0; i++) {
        if (watches[i].used) continue;
        number = i;
        struct watch *w = &watches[i];
        memset(w, 0, sizeof *w);
        w->used = 1;
        w->length = (size_t)snprintf(w->folder, sizeof w->folder, "%s", folder);
        if (image) snprintf(w->image, sizeof w->image, "%s", image);
        w->calls = calls, w->kind = kind, w->at = at, w->error = error;
        atomic_fetch_add(&used, 1);
    }
    pthread_mutex_unlock(&lock);
    return number;
}

long fault_count(int watch) {
    pthread_mutex_lock(&lock);
    long count = watches[watch].count;
    pthread_mutex_unlock(&lock);
    return count;
}

long fault_end(int watch) {
    pthread_mutex_lock(&lock);
    long count = watches[watch].count;
    watches[watch].used = 0;
    atomic_fetch_sub(&used, 1);
    pthread_mutex_unlock(&lock);
    return count;
}

enum verdict { DO, FAIL, DO_THEN_FAIL, TEAR };

static enum verdict judge(const char *path, unsigned call, int *error, char *image) {
    enum verdict verdict = DO;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST; i++) {
        struct watch *w = &watches[i];
        if (!w->used || strncmp(path, w->folder, w->length) != 0) continue;
        if (path[w->length] != '/' && path[w->length] != 0) continue;
        if (image) strcpy(image, w->image);
        *error = w->error;
        if (w->dead && (call & FAULT_ALL)) { verdict = FAIL; break; }
        if (!(call & w->calls)) break;
        w->count++;
        if (w->kind == FAULT_NONE || w->count < w->at || (w->count > w->at && w->kind != FAULT_ALWAYS)) break;
        switch (w->kind) {
            case FAULT_AFTER: verdict = DO_THEN_FAIL; w->dead = 1; break;
            case FAULT_TORN: verdict = TEAR; w->dead = 1; break;
            case FAULT_BEFORE: verdict = FAIL; w->dead = 1; break;
            default: verdict = FAIL;
        }
        break;
    }
    pthread_mutex_unlock(&lock);
    return verdict;
}

static enum verdict judge_file(int file, unsigned call, int *error, char *image) {
    char name[64], path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length <= 0) return DO;
    path[length] = 0;
    return judge(path, call, error, image);
}

static int failed(int error) { errno = error; return -1; }

static ssize_t writing(int file, const void *bytes, size_t count, off_t offset) {
    int error = 0;
    enum verdict verdict = DO;
    if (atomic_load(&used)) verdict = judge_file(file, FAULT_WRITE, &error, 0);
    if (verdict == FAIL) return failed(error);
    if (verdict == TEAR) count /= 2;
    ssize_t written = offset < 0 ? syscall(SYS_write, file, bytes, count) : syscall(SYS_pwrite64, file, bytes, count, offset);
    return verdict == DO ? written : failed(error);
}

ssize_t write(int file, const void *bytes, size_t count) { return writing(file, bytes, count, -1); }
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) { return writing(file, bytes, count, offset); }
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) { return writing(file, bytes, count, offset); }

static void keep(int file, const char *image) {
    char name[64], path[PATH_MAX], copy[PATH_MAX + NAME_MAX + 2], bytes[65536];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    snprintf(copy, sizeof copy, "%s/%s", image, strrchr(path, '/') + 1);
    // The descriptor may be for writing alone.
    int from = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    int to = (int)syscall(SYS_openat, AT_FDCWD, copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t count;
    while (from >= 0 && to >= 0 && (count = read(from, bytes, sizeof bytes)) > 0) syscall(SYS_write, to, bytes, (size_t)count);
    if (from >= 0) close(from);
    if (to >= 0) close(to);
}

static int syncing(int file, long number) {
    int error = 0;
    char image[PATH_MAX] = "";
    enum verdict verdict = DO;
    if (atomic_load(&used)) verdict = judge_file(file, FAULT_SYNC, &error, image);
    if (verdict == FAIL || verdict == TEAR) return failed(error);
    int result = (int)syscall(number, file);
    if (result == 0 && image[0]) keep(file, image);
    return verdict == DO ? result : failed(error);
}

int fsync(int file) { return syncing(file, SYS_fsync); }
int fdatasync(int file) { return syncing(file, SYS_fdatasync); }

static int truncating(int file, off_t size) {
    int error = 0;
    enum verdict verdict = DO;
    if (atomic_load(&used)) verdict = judge_file(file, FAULT_TRUNCATE, &error, 0);
    if (verdict == FAIL || verdict == TEAR) return failed(error);
    int result = (int)syscall(SYS_ftruncate, file, size);
    return verdict == DO ? result : failed(error);
}

int ftruncate(int file, off_t size) { return truncating(file, size); }
int ftruncate64(int file, off64_t size) { return truncating(file, size); }

static int opening(const char *path, int flags, mode_t mode) {
    int error = 0;
    enum verdict verdict = DO;
    unsigned call = (flags & O_ACCMODE) == O_RDONLY && !(flags & (O_CREAT | O_TRUNC)) ? FAULT_READ : FAULT_OPEN;
    if (atomic_load(&used)) verdict = judge(path, call, &error, 0);
    if (verdict == FAIL || verdict == TEAR) return failed(error);
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (verdict == DO) return file;
    if (file >= 0) close(file);
    return failed(error);
}

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | __O_TMPFILE)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return opening(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | __O_TMPFILE)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return opening(path, flags | O_LARGEFILE, mode);
}

static int naming(const char *path, const char *other, long number) {
    int error = 0;
    enum verdict verdict = DO;
    if (atomic_load(&used)) verdict = judge(path, FAULT_NAME, &error, 0);
    if (verdict == FAIL || verdict == TEAR) return failed(error);
    int result = other ? (int)syscall(number, path, other) : (int)syscall(number, path, 0777);
    return verdict == DO ? result : failed(error);
}

int unlink(const char *path) { return naming(path, 0, SYS_unlink); }
int rename(const char *from, const char *to) { return naming(from, to, SYS_rename); }

int renameat2(int folder, const char *path, int newfolder, const char *newpath, unsigned int flags) {
    int error = 0;
    enum verdict verdict = DO;
    if (atomic_load(&used)) verdict = judge(path, FAULT_NAME, &error, 0);
    if (verdict == FAIL || verdict == TEAR) return failed(error);
    int result = (int)syscall(SYS_renameat2, folder, path, newfolder, newpath, flags);
    return verdict == DO ? result : failed(error);
}
