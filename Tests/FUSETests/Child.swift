import Glibc
import Testing

/// Another process: the only kind that may use a mount which this process serves.
struct Child {
    let pid: pid_t
    /// What it writes to its standard output and error, and what it reads from its standard input.
    private let output: Int32
    private let input: Int32

    /// Runs a script of sh(1), in English, as root or another user.
    init(_ script: String, as uid: UInt32? = nil) throws {
        var toChild: [Int32] = [-1, -1]
        var fromChild: [Int32] = [-1, -1]
        let made = unsafe pipe(&toChild) == 0 && pipe(&fromChild) == 0
        try #require(made)
        let ours = [toChild[1], fromChild[0]]
        for descriptor in ours { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, fromChild[1], 2)
        for descriptor in ours { unsafe posix_spawn_file_actions_addclose(&actions, descriptor) }

        var arguments = ["sh", "-c", "cd /; export LC_ALL=C; " + script]
        if let uid { arguments = ["setpriv", "--reuid=\(uid)", "--regid=\(uid)", "--clear-groups"] + arguments }
        let words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
        defer { for unsafe word in unsafe words { unsafe free(word) } }
        var pid: pid_t = 0
        let error = unsafe posix_spawnp(&pid, arguments[0], &actions, nil, words + [nil], environ)
        try #require(error == 0)
        close(toChild[0])
        close(fromChild[1])
        self.pid = pid
        output = fromChild[0]
        input = toChild[1]
    }

    /// Waits for one line of output.
    func line(within seconds: Double = 20) throws -> String {
        var line: [UInt8] = []
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&waiting, 1, 100) > 0 else { continue }
            var byte: UInt8 = 0
            guard unsafe read(output, &byte, 1) == 1 else { break }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        throw Silence(said: String(decoding: line, as: UTF8.self))
    }

    /// Lets a `read` of the script go on.
    func go() {
        _ = unsafe write(input, "\n", 1)
    }

    /// Waits for the end, and kills the child if it does not come.
    ///
    /// - Returns: the exit status, -1 if it was killed, and the rest of the output without its last newline.
    @discardableResult
    func finish(within seconds: Double = 30) -> (status: Int32, output: String) {
        var bytes: [UInt8] = []
        let end = ContinuousClock.now + .seconds(seconds)
        var isKilled = false
        while true {
            if !isKilled, ContinuousClock.now > end {
                isKilled = true
                kill(pid, SIGKILL)
            }
            var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&waiting, 1, 100) > 0 else {
                if isKilled { break }
                continue
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe read(output, &chunk, chunk.count)
            if count <= 0 { break }
            bytes += chunk.prefix(count)
        }
        close(output)
        close(input)
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return (status & 0x7f == 0 ? (status >> 8) & 0xff : -1, String(decoding: bytes, as: UTF8.self))
    }

    struct Silence: Error {
        let said: String
    }
}
