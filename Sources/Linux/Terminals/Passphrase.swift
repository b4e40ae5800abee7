// SPDX-License-Identifier: MIT

internal import CLinux
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
        /// The user pressed ^C, or ^D on an empty line.
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
        let passphrase = try ask(prompt, limit: limit)
        guard passphrase.count > 0 else { throw .empty }
        if let again {
            let repeated = try ask(again, limit: limit)
            guard passphrase.equals(repeated) else { throw .different }
        }
        return passphrase
    }

    private static func ask(_ prompt: String, limit: Int) throws(Failure) -> LockedBuffer {
        do {
            return try Prompt.silently(prompt, limit: limit)
        } catch {
            switch error {
            case .noTerminal: throw .system(.notTerminal)
            case .tooLong(let limit): throw .tooLong(limit: limit)
            case .interrupted: throw .interrupted
            case .system(let error): throw .system(error)
            }
        }
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

    private static func attempt<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(Failure) -> Value {
        do { return try body() } catch { throw .system(error) }
    }
}
