// SPDX-License-Identifier: MIT

// Linux calls and types that Glibc's module does not show to Swift: variadics as plain functions, and what the C library's
// headers are too old for. No logic. _GNU_SOURCE must stay undefined, since Glibc's module is built without it, and types that
// both see must be the same.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static inline int tacit_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }

// renameat2(2) with RENAME_NOREPLACE, which glibc declares for _GNU_SOURCE only.
int renameat2(int oldfolder, const char *path, int newfolder, const char *newpath, unsigned int flags);
static inline int tacit_rename_noreplace(const char *path, const char *newpath) {
    return renameat2(AT_FDCWD, path, AT_FDCWD, newpath, 1);
}

// fallocate(2) with FALLOC_FL_KEEP_SIZE, which glibc declares for _GNU_SOURCE only.
int fallocate(int file, int mode, off_t start, off_t length);
static inline int tacit_fallocate_keeping_size(int file, off_t start, off_t length) { return fallocate(file, 1, start, length); }

// A tmpfs of its own that no folder shows and no page of which is ever swapped: fsopen(2), fsconfig(2), fsmount(2), and the option `noswap`
// of tmpfs(5). `size` is a number of bytes as text. The descriptor of its root folder; -1, with errno, where it can't be made.
static inline int tacit_memory_volume(const char *size) {
    const unsigned cloexec = 1, set_flag = 0, set_string = 1, create = 6, nosuid = 2, nodev = 4, noexec = 8;
    int context = (int)syscall(SYS_fsopen, "tmpfs", cloexec);
    if (context < 0) return -1;
    int volume = -1;
    if (syscall(SYS_fsconfig, context, set_flag, "noswap", (void *)0, 0) == 0 &&
        syscall(SYS_fsconfig, context, set_string, "size", size, 0) == 0 &&
        syscall(SYS_fsconfig, context, set_string, "mode", "0700", 0) == 0 &&
        syscall(SYS_fsconfig, context, create, (void *)0, (void *)0, 0) == 0)
        volume = (int)syscall(SYS_fsmount, context, cloexec, nosuid | nodev | noexec);
    int error = errno;
    close(context);
    errno = error;
    return volume;
}

// open(2) with O_TMPFILE and O_EXCL: a file in a folder that has no name, and is never given one.
static inline int tacit_unnamed_file(int folder) {
    const int unnamed = 020000000 | O_DIRECTORY;
    return openat(folder, ".", unnamed | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
}

// statx(2), where only the number of the mount is asked for: it takes no descriptor, and the file system there is not asked. glibc has the
// structure for _GNU_SOURCE only; stx_mnt_id lies at byte 144. -1, with errno, where it can't be told.
static inline int64_t tacit_mount_number(const char *path) {
    uint64_t status[32] = { 0 };
    const int dont_sync = 0x4000, no_automount = 0x800;
    const unsigned mount_id = 0x1000;
    if (syscall(SYS_statx, AT_FDCWD, path, dont_sync | no_automount | AT_SYMLINK_NOFOLLOW, mount_id, status) != 0) return -1;
    if (!((uint32_t)status[0] & mount_id)) { errno = ENOSYS; return -1; }
    return (int64_t)status[18];
}

// pidfd_open(2), and what Linux 6.13 and later tell of a thread: `struct pidfd_info` of linux/pidfd.h in its first size.
struct tacit_pidfd_info {
    uint64_t mask;
    uint64_t cgroupid;
    uint32_t pid, tgid, ppid;
    uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
    int32_t exit_code;
};
#define TACIT_PIDFD_INFO_PID (1ULL << 0)
#define TACIT_PIDFD_INFO_CREDS (1ULL << 1)
#define TACIT_PIDFD_INFO_CGROUPID (1ULL << 2)
#define TACIT_PIDFD_THREAD O_EXCL

static inline int tacit_pidfd_open(pid_t thread, unsigned flags) { return (int)syscall(SYS_pidfd_open, thread, flags); }
static inline int tacit_pidfd_get_info(int pidfd, struct tacit_pidfd_info *info) {
    return ioctl(pidfd, _IOWR(0xFF, 11, struct tacit_pidfd_info), info);
}

// PR_SET_PDEATHSIG of prctl(2): the signal that this process gets when its parent ends.
static inline int tacit_set_parent_death_signal(int number) { return prctl(PR_SET_PDEATHSIG, number, 0, 0, 0); }

// pidfd_send_signal(2). Signal 0 asks whether the process is there, as a zombie too.
static inline int tacit_pidfd_signal(int pidfd, int number) { return (int)syscall(SYS_pidfd_send_signal, pidfd, number, 0, 0); }

// epoll(7) for descriptors that will be readable. The last waits for one of them, and returns it.
static inline int tacit_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
static inline int tacit_epoll_add(int epoll, int descriptor) {
    struct epoll_event event = { .events = EPOLLIN, .data.fd = descriptor };
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}
static inline int tacit_epoll_remove(int epoll, int descriptor) {
    struct epoll_event event = { 0 };
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event);
}
static inline int tacit_epoll_wait(int epoll) {
    struct epoll_event event;
    return epoll_wait(epoll, &event, 1, -1) < 0 ? -1 : event.data.fd;
}

// SO_PEERPIDFD of unix(7), Linux 6.5 and later.
static inline int tacit_peer_pidfd(int socket) {
    int pidfd = -1;
    socklen_t size = sizeof pidfd;
    return getsockopt(socket, SOL_SOCKET, 77 /* SO_PEERPIDFD */, &pidfd, &size) < 0 ? -1 : pidfd;
}

// openat2(2): a folder below another, with O_PATH, by no link and in the same mount.
static inline int tacit_open_below(int folder, const char *path) {
    struct open_how how = {
        .flags = 010000000 /* O_PATH */ | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
    };
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

// fstatfs(2): the type of the file system that a file is of, as in linux/magic.h; 0 if it does not tell.
#define TACIT_CGROUP2 0x63677270
static inline long tacit_file_system(int file) {
    struct statfs status;
    return fstatfs(file, &status) < 0 ? 0 : (long)status.f_type;
}

// getrusage(2) of the calling thread: nanoseconds of processor time, and how often it has waited for something.
#include <sys/resource.h>
#ifndef RUSAGE_THREAD
#define RUSAGE_THREAD 1 // linux/resource.h
#endif
static inline void tacit_thread_use(int64_t *nanoseconds, int64_t *waits) {
    struct rusage use;
    if (getrusage(RUSAGE_THREAD, &use) < 0) {
        *nanoseconds = *waits = 0;
        return;
    }
    *nanoseconds = (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000000LL + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000LL;
    *waits = use.ru_nvcsw;
}

// statfs(2): the same of the file system that the working directory is in.
#define TACIT_FUSE 0x65735546
static inline long tacit_working_file_system(void) {
    struct statfs status;
    return statfs(".", &status) < 0 ? 0 : (long)status.f_type;
}

// pthread_mutex_init(3) with PTHREAD_MUTEX_ADAPTIVE_NP, which is hidden without _GNU_SOURCE.
static inline int tacit_adaptive_mutex_init(pthread_mutex_t *mutex) {
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);
    if (error == 0) error = pthread_mutexattr_settype(&attributes, 3 /* PTHREAD_MUTEX_ADAPTIVE_NP */);
    if (error == 0) error = pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return error;
}

// prctl(2) with PR_SET_DUMPABLE.
static inline int tacit_set_dumpable(int dumpable) { return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0); }

// sigaction(2): whether the process handles a signal, or can't tell. Handlers are a union that Swift does not see.
static inline int tacit_has_handler(int number) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0 || action.sa_flags & SA_SIGINFO) return 1;
    return action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
}

// prctl(2) with PR_SET_NAME: at most 15 bytes count.
static inline int tacit_set_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

// prctl(2) with PR_SET_CHILD_SUBREAPER.
static inline int tacit_set_subreaper(int on) { return prctl(PR_SET_CHILD_SUBREAPER, on, 0, 0, 0); }

// openat(2) for a folder that names are looked up in, and no more: O_PATH is hidden without _GNU_SOURCE.
static inline int tacit_open_path(int folder, const char *path) {
    return openat(folder, path, 010000000 /* O_PATH */ | O_DIRECTORY | O_CLOEXEC);
}
static inline int tacit_open_path_itself(int folder, const char *path) {
    return openat(folder, path, 010000000 /* O_PATH */ | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// The same for whatever has the name, a link itself too.
static inline int tacit_open_path_any(int folder, const char *path) {
    return openat(folder, path, 010000000 /* O_PATH */ | O_NOFOLLOW | O_CLOEXEC);
}

// openat(2) for the folder itself, to lock it.
static inline int tacit_open_folder(int folder) { return openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

// openat(2) for a file that is made for its user alone, unless it is there; whatever it is, this does not wait for it.
static inline int tacit_open_own(int folder, const char *name, int flags) {
    return openat(folder, name, flags | O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
}

// fcntl(2) with a lock of an open file description, hidden without _GNU_SOURCE: F_OFD_SETLK on one byte, and F_OFD_GETLK on some,
// which changes the type to that of what is in the way.
static inline int tacit_lock_byte(int file, int64_t byte, short type) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(file, 37, &lock);
}
static inline int tacit_find_lock(int file, int64_t byte, int64_t count, short *type) {
    struct flock lock = {.l_type = *type, .l_whence = SEEK_SET, .l_start = byte, .l_len = count};
    int result = fcntl(file, 36, &lock);
    *type = lock.l_type;
    return result;
}

// renameat2(2) with RENAME_NOREPLACE, and close_range(2), of which the C library's headers may know nothing.
static inline int tacit_rename_new(int folder, const char *from, const char *to) {
    return (int)syscall(SYS_renameat2, folder, from, folder, to, 1U /* RENAME_NOREPLACE */);
}
static inline int tacit_close_range(unsigned first, unsigned last) { return (int)syscall(SYS_close_range, first, last, 0U); }

// pipe2(2), close-on-exec.
static inline int tacit_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

// unshare(2), and memfd_create(2) without flags: the descriptor is for a child that executes another program.
#define TACIT_CLONE_FILES 0x00000400
#define TACIT_CLONE_NEWNS 0x00020000
#define TACIT_CLONE_NEWUSER 0x10000000
static inline int tacit_unshare(int flags) { return (int)syscall(SYS_unshare, flags); }
static inline int tacit_memfd(const char *name) { return (int)syscall(SYS_memfd_create, name, 0); }

// memfd_create(2), close-on-exec, for memory that nobody executes: MFD_NOEXEC_SEAL, which Linux may insist on, from 6.3 on.
static inline int tacit_memfd_data(const char *name) {
    int file = (int)syscall(SYS_memfd_create, name, 1U | 8U /* MFD_CLOEXEC | MFD_NOEXEC_SEAL */);
    return file >= 0 || errno != EINVAL ? file : (int)syscall(SYS_memfd_create, name, 1U /* MFD_CLOEXEC */);
}

// signalfd(2), close-on-exec: its flags are an enumeration that Glibc's module does not have.
static inline int tacit_signalfd(const sigset_t *signals) { return signalfd(-1, signals, SFD_CLOEXEC); }

// signalfd(2), one signal at a time, without waiting: EAGAIN where none has come.
static inline int tacit_next_signal(int file, struct signalfd_siginfo *info) {
    ssize_t count = read(file, info, sizeof *info);
    return count == (ssize_t)sizeof *info ? 0 : -1;
}

// ioctl_tty(2).
static inline int tacit_terminal_size(int terminal, struct winsize *size) { return ioctl(terminal, TIOCGWINSZ, size); }
static inline int tacit_set_terminal_size(int terminal, const struct winsize *size) { return ioctl(terminal, TIOCSWINSZ, size); }
static inline int tacit_lead_terminal(int terminal) { return ioctl(terminal, TIOCSCTTY, 0); }
// The terminal of a new master, unlocked first. TIOCGPTPEER is of Linux 4.13.
static inline int tacit_terminal_of(int master) {
    int locked = 0;
    if (ioctl(master, TIOCSPTLCK, &locked) < 0) return -1;
    return ioctl(master, _IO('T', 0x41), O_RDWR | O_NOCTTY | O_CLOEXEC);
}
// fork(2), which Swift hides: only for a process that has no threads yet.
static inline pid_t tacit_fork(void) { return fork(); }

// SO_PEERCRED of unix(7): struct ucred is hidden without _GNU_SOURCE.
struct tacit_peer { pid_t pid; uid_t uid; gid_t gid; };
static inline int tacit_peer_credentials(int socket, struct tacit_peer *peer) {
    socklen_t size = sizeof *peer;
    return getsockopt(socket, SOL_SOCKET, 17 /* SO_PEERCRED */, peer, &size);
}
