internal import Glibc

/// A passphrase from whoever runs the program: typed without echo, or from standard input where that is not a terminal.
package enum Passphrase {
    /// Why there is none.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// Nothing was given.
        case empty
        /// It has more bytes than `limit`.
        case tooLong(limit: Int)
        /// Typed twice, and not the same.
        case different
        /// Whoever types pressed ^C, or ^D on an empty line.
        case interrupted
        /// The terminal or standard input can't be read, or no memory can be locked.
        case system(Errno)

        package var description: String {
            switch self {
            case .empty: "the passphrase is empty"
            case .tooLong(let limit): "the passphrase is longer than \(limit) bytes"
            case .different: "the passphrases are not the same"
            case .interrupted: "interrupted"
            case .system(let error): "can't read the passphrase: \(error)"
            }
        }
    }

    /// Whether a passphrase would be asked for on a terminal.
    package static var isAsked: Bool { isatty(STDIN_FILENO) == 1 }

    /// Reads one of at most `limit` bytes. On a terminal it is asked for with `prompt`, and once more with `again` if that is
    /// given; otherwise it is all of standard input, without its last newline.
    package static func read(prompt: String, again: String? = nil, limit: Int) throws(Failure) -> LockedBuffer {
        guard isAsked else { return try readStandardInput(limit: limit) }
        let terminal = try attempt { () throws(Errno) in try FileDescriptor.open("/dev/tty", .readWrite) }
        let passphrase = try ask(prompt, on: terminal, limit: limit)
        guard passphrase.count > 0 else { throw .empty }
        if let again {
            let repeated = try ask(again, on: terminal, limit: limit)
            guard passphrase.equals(repeated) else { throw .different }
        }
        return passphrase
    }

    private static func readStandardInput(limit: Int) throws(Failure) -> LockedBuffer {
        let input = try attempt { () throws(Errno) in FileDescriptor(owning: try retrying { dup(STDIN_FILENO) }) }
        // One more for the newline, and one to see that there is no more.
        var bytes = try attempt { () throws(Errno) in try LockedBuffer(capacity: limit + 2) }
        do {
            try bytes.append(readingAllOf: input)
        } catch {
            throw error == .fileTooLarge ? .tooLong(limit: limit) : .system(error)
        }
        if let last = bytes.removeLast(), last != UInt8(ascii: "\n") { _ = bytes.append(last) }
        guard bytes.count > 0 else { throw .empty }
        guard bytes.count <= limit else { throw .tooLong(limit: limit) }
        return bytes
    }

    /// One line from a terminal. Echo, line editing and the keys that send signals are off meanwhile, so that the terminal is as
    /// it was whatever key ends the line, and the terminal's own buffer never holds the line as a whole.
    private static func ask(
        _ prompt: String, on terminal: borrowing FileDescriptor, limit: Int
    ) throws(Failure) -> LockedBuffer {
        var before = termios()
        guard unsafe tcgetattr(terminal.rawValue, &before) == 0 else { throw .system(.current) }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG)
        guard unsafe tcsetattr(terminal.rawValue, TCSAFLUSH, &silent) == 0 else { throw .system(.current) }
        // A prompt that can't be shown is no reason not to read on: the answer may still be typed.
        try? terminal.writeAll(Array(prompt.utf8))
        let line = Result { () throws(Failure) in try readLine(from: terminal, limit: limit) }
        unsafe tcsetattr(terminal.rawValue, TCSAFLUSH, &before)
        try? terminal.writeAll([UInt8(ascii: "\n")])
        return try line.get()
    }

    private static func readLine(from terminal: borrowing FileDescriptor, limit: Int) throws(Failure) -> LockedBuffer {
        var line = try attempt { () throws(Errno) in try LockedBuffer(capacity: limit) }
        var key = try attempt { () throws(Errno) in try LockedBuffer(capacity: 1) }
        while true {
            let got: Int
            do { got = try key.append(readingFrom: terminal) } catch { throw .system(error) }
            guard got > 0, let byte = key.removeLast() else { return line }
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                return line
            case 0x03:  // ^C
                throw .interrupted
            case 0x04:  // ^D
                guard line.count > 0 else { throw .interrupted }
                return line
            case 0x08, 0x7F:  // a whole character of UTF-8 goes, its continuation bytes (0b10xx_xxxx) first
                while let last = line.removeLast(), last & 0xC0 == 0x80 {}
            case 0x15:  // ^U
                line.removeAll()
            default:
                guard line.append(byte) else { throw .tooLong(limit: limit) }
            }
        }
    }

    private static func attempt<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(Failure) -> Value {
        do { return try body() } catch { throw .system(error) }
    }
}
