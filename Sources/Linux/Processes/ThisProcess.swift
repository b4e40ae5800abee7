// SPDX-License-Identifier: MIT

internal import CArguments
internal import CLinux
internal import Glibc

/// This process.
package enum ThisProcess {
    /// The effective uid.
    package static var uid: UInt32 { geteuid() }
    /// The effective gid.
    package static var gid: UInt32 { getegid() }
    /// Its number, in its own pid namespace.
    package static var id: Int32 { getpid() }

    /// The program's file: `readlink("/proc/self/exe")`, or, where /proc is not mounted, the absolute path that execve(2) was called
    /// with (AT_EXECFN of getauxval(3)). Nil where neither tells.
    package static var executable: String? {
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe readlink("/proc/self/exe", &path, path.count)
        if length > 0, length < path.count { return String(decoding: path.prefix(length), as: UTF8.self) }
        guard let executed = unsafe tacit_executed_path() else { return nil }
        let name = unsafe String(cString: executed)
        return name.hasPrefix("/") ? name : nil
    }

    /// The folder that relative paths are below, `getcwd(3)`; the root where it can't be told.
    package static var workingFolder: [UInt8] { knownWorkingFolder ?? [UInt8(ascii: "/")] }

    /// The same; nil where it can't be told, as of a folder that was removed.
    package static var knownWorkingFolder: [UInt8]? {
        guard let path = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(path) }
        return unsafe bytes(of: path)
    }

    /// Whether the working directory is in a file system of FUSE, statfs(2).
    package static var worksInFUSE: Bool { tacit_working_file_system() == TACIT_FUSE }

    /// Whether /proc is there to tell of callers, as proc(5) has it.
    package static var procIsMounted: Bool { unsafe access("/proc/self/status", R_OK) == 0 }

    /// Sets the name that ps(1) and pgrep(1) show. `Hardening` may have started the program again by another name than its own.
    package static func setName(_ name: String) {
        _ = unsafe tacit_set_name(name)
    }

    /// Has processes whose parents have ended become children of this one, as long as they descend from it: PR_SET_CHILD_SUBREAPER of
    /// prctl(2).
    package static func becomeSubreaper() throws(Errno) {
        _ = try retrying { tacit_set_subreaper(1) }
    }

    /// Has this process killed when its parent ends. It ends at once where another than `parent` is that by now.
    package static func endWith(parent: Int32) {
        _ = tacit_set_parent_death_signal(SIGKILL)
        if getppid() != parent { _exit(1) }
    }

    /// Lends each assignment of the environment, without its NUL. They are where the kernel has put them, or setenv(3).
    package static func forEachVariable(_ body: (RawSpan) -> Void) {
        var next = unsafe environ
        while let assignment = unsafe next.pointee {
            body(unsafe RawSpan(_unsafeStart: assignment, byteCount: strlen(assignment)))
            unsafe next += 1
        }
    }

    /// Makes this process one that nothing around it concerns: in a session of its own, where no terminal is; in the root folder; with
    /// all signals blocked; standard input, output and error nowhere; and of the other descriptors only `kept` open.
    package static func withdraw(keeping kept: [Int32]) {
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
        _ = setsid()
        _ = unsafe chdir("/")
        let nowhere = unsafe tacit_open("/dev/null", O_RDWR | O_CLOEXEC, 0)
        for number: Int32 in 0...2 where !kept.contains(number) {
            if nowhere < 0 { close(number) } else { dup2(nowhere, number) }
        }
        var first: UInt32 = 3
        for number in kept.sorted() where number >= 3 {
            let number = UInt32(number)
            if number > first { closeAll(first...number - 1) }
            first = number + 1
        }
        closeAll(first...UInt32.max)
    }

    /// close_range(2); one by one before Linux 5.9, and where a sandbox does not know that call.
    private static func closeAll(_ numbers: ClosedRange<UInt32>) {
        guard tacit_close_range(numbers.lowerBound, numbers.upperBound) < 0 else { return }
        for number in OpenDescriptors.own where numbers.contains(UInt32(number)) { close(number) }
    }
}
