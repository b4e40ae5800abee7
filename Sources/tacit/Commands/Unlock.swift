// SPDX-License-Identifier: MIT

import ControlAPI
import Linux

extension Command {
    static let unlock = Command(
        "unlock", summary: "give the daemon the root key",
        details: """
            Where the root key comes from a passphrase, it is asked for without echo, or read
            from standard input if that is not a terminal. Otherwise the daemon tries its own
            source again: the key file or the command it was started with. A store that is
            not locked stays as it is. Only the owner of the store may do it.
            """,
        options: [
            DeclaredOption("key-file", letter: "k", argument: "FILE", kind: .file, "send the key in FILE; - is standard input"), .json,
        ]
    ) { invocation throws(Failure) in
        do { try Hardening.forbidDumps() } catch { throw Failure(.failed, "\(error)") }
        let answer = try unlock(keyFile: invocation.arguments.argument("key-file"))
        if invocation.wantsJSON { try answer.print() }
    }

    private static func unlock(keyFile: [UInt8]?) throws(Failure) -> DaemonAnswer {
        let request = DaemonRequest("POST", Endpoint.unlock)
        if let keyFile { return try Daemon.ask(request, sending: try readKey(keyFile)) }
        let known = try Daemon.ask(DaemonRequest("GET", Endpoint.status))
        let status = try known.decoded(as: StatusReply.self)
        if !status.locked { return known }
        guard status.key == .passphrase else { return try Daemon.ask(request) }
        let passphrase = try readPassphrase()
        do { return try Daemon.ask(request, sending: passphrase) } catch {
            throw error.isWrongKey ? Failure(error.exitCode, "the passphrase is wrong") : error
        }
    }

    private static func readPassphrase() throws(Failure) -> LockedBuffer {
        do {
            return try Passphrase.read(prompt: "passphrase: ", limit: longestKey)
        } catch {
            let exitCode: ExitCode =
                switch error {
                case .empty, .tooLong, .different: .locked
                case .interrupted: .interrupted
                case .system: .failed
                }
            throw Failure(exitCode, "\(error)")
        }
    }

    private static func readKey(_ path: [UInt8]) throws(Failure) -> LockedBuffer {
        let name = path == [UInt8(ascii: "-")] ? "/dev/stdin" : String(decoding: path, as: UTF8.self)
        do {
            let file = try FileDescriptor.open(name, .readOnly)
            // One byte more than is taken, to see that there is no more.
            var key = try LockedBuffer(capacity: longestKey + 1)
            try key.append(readingAllOf: file)
            return key
        } catch {
            let reason = error == .fileTooLarge ? "it is longer than any key" : "\(error)"
            throw Failure(.locked, "can't read the key from \(text(name)): \(reason)")
        }
    }
}
