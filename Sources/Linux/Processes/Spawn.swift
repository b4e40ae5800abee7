// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Running a command for what it prints.
///
/// posix_spawn(3) makes the child with its parent's memory only until it executes, so nothing of ours is copied, and it may be used
/// with threads running.
package enum Spawn {
    /// Runs a program and returns how many bytes it had printed into `output` when it ended. Its standard input is empty, its standard
    /// error ours.
    ///
    /// The end of the program counts, not that of the pipe: what it leaves running in the background may keep that open for ever. A program
    /// that takes longer than `limit`, in microseconds, is killed. It stays in this process's group, so that it can ask on the terminal.
    ///
    /// Throws what posix_spawn(3), pipe(2) and read(2) do, EOVERFLOW if it prints more than there is room for, ETIMEDOUT if it takes
    /// longer than the limit, and ECANCELED if it ends otherwise than with status 0.
    package static func output(
        of arguments: [String], into output: inout MutableRawSpan, limit: Int64 = 60_000_000
    ) throws(Errno) -> Int {
        var ends: [Int32] = [-1, -1]
        _ = try retrying { unsafe tacit_pipe(&ends) }
        let reader = FileDescriptor(owning: ends[0])
        let writer = FileDescriptor(owning: ends[1])
        try reader.setNonBlocking(true)
        var child = RunningChild(try start(arguments, output: writer.rawValue))
        try? writer.close()
        let deadline = SystemClock.monotonic() + limit
        var count = 0
        do throws(Errno) {
            while true {
                // First whether it has ended: what it printed is in the pipe then.
                let hasEnded = try child.hasEnded()
                let isAtEnd = try read(reader, into: &output, &count)
                if hasEnded { break }
                guard SystemClock.monotonic() < deadline else { throw .timedOut }
                if isAtEnd {
                    // It has closed its output: nothing more comes, and only its status is missing.
                    SystemClock.sleep(microseconds: 5_000)
                } else {
                    var readiness = Readiness()
                    _ = readiness.add(reading: reader.rawValue)
                    try readiness.wait(microseconds: 20_000)
                }
            }
        } catch {
            child.kill()
            throw error
        }
        guard child.status == 0 else { throw .canceled }
        return count
    }

    /// A child that has not been waited for.
    private struct RunningChild {
        private let id: pid_t
        /// As waitpid(2) gives it, after the end.
        private(set) var status: Int32?

        init(_ id: pid_t) { self.id = id }

        mutating func hasEnded() throws(Errno) -> Bool {
            if status != nil { return true }
            var status: Int32 = 0
            guard try retrying({ unsafe waitpid(id, &status, WNOHANG) }) == id else { return false }
            self.status = status
            return true
        }

        /// Kills it and waits for its end.
        mutating func kill() {
            guard status == nil else { return }
            _ = Glibc.kill(id, SIGKILL)
            var status: Int32 = 0
            _ = try? retrying { unsafe waitpid(id, &status, 0) }
            self.status = status
        }
    }

    /// Runs a program with the terminal and the environment of this process, waits for its end, and returns its exit status as a shell
    /// does: 128 and the signal's number for one that a signal ended. The program gets all signals, whatever this process ignores.
    ///
    /// Throws what posix_spawn(3) does.
    package static func foreground(_ arguments: [String]) throws(Errno) -> Int32 {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        guard let program = arguments.first else { throw .invalidArgument }
        let words = try ArgumentVector(arguments.map { Array($0.utf8) })
        var child: pid_t = 0
        let error = unsafe posix_spawn(&child, program, nil, &attributes, words.start, environ)
        guard error == 0 else { throw Errno(rawValue: error) }
        return try ForkedChild.status(of: child)
    }

    private static func start(_ arguments: [String], output: Int32) throws(Errno) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        // The daemon blocks signals; its children must not.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
        defer { unsafe words.forEach { unsafe free($0) } }
        guard let program = arguments.first, unsafe !words.contains(where: { unsafe $0 == nil }) else { throw .outOfMemory }
        unsafe words.append(nil)
        var child: pid_t = 0
        let error = unsafe posix_spawn(&child, program, &actions, &attributes, words, environ)
        guard error == 0 else { throw Errno(rawValue: error) }
        return child
    }

    /// Reads what is there, behind what was read before; true at the end of the pipe.
    private static func read(
        _ reader: borrowing FileDescriptor, into output: inout MutableRawSpan, _ count: inout Int
    ) throws(Errno) -> Bool {
        do throws(Errno) {
            while count < output.byteCount {
                var rest = output._mutatingExtracting(count..<output.byteCount)
                let read = try reader.read(into: &rest)
                if read == 0 { return true }
                count += read
            }
        } catch .again { return false }
        throw .overflow
    }
}
