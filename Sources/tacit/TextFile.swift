// SPDX-License-Identifier: MIT

import Formats
import Glibc
import Linux
import Secrets

/// FILE on the command line: a text that holds values.
enum TextFile {
    /// All of it, in locked memory; `-` is standard input.
    static func read(_ path: [UInt8]) throws(Failure) -> LockedBuffer {
        let isInput = path == [UInt8(ascii: "-")]
        do {
            let file = isInput ? FileDescriptor(owning: dup(STDIN_FILENO)) : try FileDescriptor.open(string(path), .readOnly)
            var text = try LockedBuffer(capacity: 4096)
            try text.append(readingAllOf: file, limit: LockedBuffer.longestText)
            return text
        } catch {
            if error == .again || error == .outOfMemory { throw .noLockedMemory(error) }
            let reason = error == .fileTooLarge ? "it is longer than \(LockedBuffer.longestText >> 20) MiB" : "\(error)"
            throw Failure(.failed, "can't read \(isInput ? "standard input" : text(path)): \(reason)")
        }
    }
}

extension Failure {
    /// Why values can't be written in a format.
    init(_ error: FormatError) {
        if case .memory(let reason) = error {
            self = .noLockedMemory(reason)
        } else {
            self.init(.failed, text(error.description), hint: error.hint)
        }
    }

    /// The failure for a text with a fault, which it names. A reader of standard input that got nothing may stand after a command that has
    /// failed.
    init(input error: FormatError, in path: [UInt8]? = nil, isEmpty: Bool = false) {
        if case .memory(let reason) = error {
            self = .noLockedMemory(reason)
        } else if case .nothing = error, isEmpty, path == [UInt8(ascii: "-")] {
            self.init(.input, "standard input is empty", hint: "the command before it may have failed; --empty takes it so")
        } else {
            self.init(.input, (path.map { text($0) + ": " } ?? "") + text(error.description), hint: error.hint.map { text($0) })
        }
    }
}

/// Says what is to be said of what was brought: the same words whichever way it comes.
func complain(_ notice: Notice) {
    complain("tacit: warning: \(notice.text)")
    if let hint = notice.hint { complain("hint: \(hint)") }
}

extension CaseIterable where Self: RawRepresentable, RawValue == String {
    /// All there are, as the command line has them.
    static var words: [String] { allCases.map(\.rawValue) }
}

extension Invocation {
    /// The format that `--format` names. Throws a usage failure for none and for one that there is not.
    func format<Format: RawRepresentable & CaseIterable>() throws(Failure) -> Format where Format.RawValue == String {
        let names = Format.words.joined(separator: ", ")
        guard let word = arguments.argument("format") else {
            throw Failure(.usage, "\(command.name) needs --format", hint: "the formats are \(names)")
        }
        guard let format = Format(rawValue: string(word)) else {
            throw Failure(.usage, "no format is called '\(text(word))'", hint: "the formats are \(names)")
        }
        return format
    }

    /// The operand as a reference to a secret, and not to what is in one.
    func wholeSecret() throws(Failure) -> SecretPlace {
        let place = try secretPlace()
        guard place.below.isEmpty else {
            throw .usage("\(command.name) takes a secret, and \(text(try reference())) is in one", of: command)
        }
        return place
    }

    /// Keeps what this process is about to hold out of core dumps, and other processes of the same user out of it.
    func forbidDumps() throws(Failure) {
        do { try Hardening.forbidDumps() } catch { throw Failure(.failed, "\(error)") }
    }
}
