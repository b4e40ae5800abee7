// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Questions on the controlling terminal, wherever standard input comes from.
package enum Prompt {
    /// Why there is no answer.
    package enum Failure: Error, Equatable, Sendable {
        /// The process has no terminal to ask on.
        case noTerminal
        /// It has more bytes than `limit`.
        case tooLong(limit: Int)
        /// The user pressed ^C or ^\, or ^D on an empty line; or a signal asks the program to end.
        case interrupted
        /// The terminal can't be read, or no memory can be locked.
        case system(Errno)
    }

    /// Asks for one line without echo, of at most `limit` bytes.
    package static func silently(_ question: String, limit: Int) throws(Failure) -> LockedBuffer {
        try ask(question, on: try terminal(), limit: limit)
    }

    /// Asks for a yes: `y` or `yes`. Anything else is a no.
    package static func confirm(_ question: String) throws(Failure) -> Bool {
        let terminal = try terminal()
        try? terminal.writeAll(Array(question.utf8))
        var answer = [UInt8](repeating: 0, count: 64)
        do {
            var span = answer.mutableSpan
            var bytes = unsafe span.mutableBytes
            let count = try terminal.read(into: &bytes)
            let word = String(decoding: answer.prefix(count), as: UTF8.self).lowercased()
            return word == "y\n" || word == "yes\n"
        } catch {
            throw .system(error)
        }
    }

    /// Whether there is a terminal to ask on.
    package static var isPossible: Bool { (try? terminal()) != nil }

    private static func terminal() throws(Failure) -> FileDescriptor {
        do { return try FileDescriptor.open("/dev/tty", .readWrite) } catch { throw .noTerminal }
    }

    /// One line from a terminal. Echo, line editing and the keys that send signals are off meanwhile, so that the terminal is as
    /// it was whatever key ends the line, and the terminal's own buffer never holds the line as a whole. A signal that comes meanwhile
    /// ends the program once the terminal is as it was.
    private static func ask(
        _ question: String, on terminal: borrowing FileDescriptor, limit: Int
    ) throws(Failure) -> LockedBuffer {
        var before = termios()
        guard unsafe tcgetattr(terminal.rawValue, &before) == 0 else { throw .system(.current) }
        let signals = try attempt { () throws(Errno) in try HeldSignals() }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG)
        guard unsafe tcsetattr(terminal.rawValue, TCSAFLUSH, &silent) == 0 else { throw .system(.current) }
        // A question that can't be shown is no reason not to read on: the answer may still be typed.
        try? terminal.writeAll(Array(question.utf8))
        let line = Result { () throws(Failure) in try readLine(from: terminal, limit: limit, signals) }
        unsafe tcsetattr(terminal.rawValue, TCSAFLUSH, &before)
        try? terminal.writeAll([UInt8(ascii: "\n")])
        _ = consume signals
        return try line.get()
    }

    private static func readLine(
        from terminal: borrowing FileDescriptor, limit: Int, _ signals: borrowing HeldSignals
    ) throws(Failure) -> LockedBuffer {
        var line = try attempt { () throws(Errno) in try LockedBuffer(capacity: limit) }
        var key = try attempt { () throws(Errno) in try LockedBuffer(capacity: 1) }
        while true {
            guard try attempt({ () throws(Errno) in try signals.wait(for: terminal) }) else { throw .interrupted }
            let got: Int
            do { got = try key.append(readingFrom: terminal) } catch { throw .system(error) }
            guard got > 0, let byte = key.removeLast() else { return line }
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                return line
            case 0x03, 0x1C:  // ^C, ^\
                throw .interrupted
            case 0x04:  // ^D
                guard line.count > 0 else { throw .interrupted }
                return line
            case 0x08, 0x7F:  // a whole character of UTF-8 goes, its continuation bytes (0b10xx_xxxx) first
                while let last = line.removeLast(), last & 0xC0 == 0x80 {}
            case 0x15:  // ^U
                line.removeAll()
            case 0x1A:  // ^Z, which stops nothing while keys send no signals, and is not meant for a part of the line
                continue
            default:
                guard line.append(byte) else { throw .tooLong(limit: limit) }
            }
        }
    }

    private static func attempt<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(Failure) -> Value {
        do { return try body() } catch { throw .system(error) }
    }
}
