import ControlAPI
import Linux

extension Command {
    static let unlock = Command(
        "unlock", summary: "give the daemon the root key",
        details: """
            Where the root key comes from a passphrase, it is asked for without echo, or read
            from standard input if that is not a terminal. Otherwise the daemon tries its own
            source again: the key file or the command it was started with. Only the owner of
            the store may do it.
            """,
        options: [
            CommandOption("key-file", letter: "k", argument: "FILE", "send the key in FILE; - is standard input"), .json,
        ]
    ) { invocation throws(Failure) in
        let request = Request("POST", Endpoint.unlock)
        let answer: Answer
        if let file = invocation.arguments.argument("key-file") {
            answer = try Daemon.ask(request, sending: try readKey(file))
        } else {
            let status = try Daemon.status()
            if status.key == .passphrase && status.locked {
                answer = try Daemon.ask(request, sending: try readPassphrase())
            } else {
                answer = try Daemon.ask(request)
            }
        }
        if invocation.wantsJSON { try answer.print() }
    }

    private static func readPassphrase() throws(Failure) -> LockedBuffer {
        do {
            return try Passphrase.read(prompt: "passphrase: ", limit: longestKey)
        } catch {
            throw Failure(error == .interrupted ? .interrupted : .failed, "\(error)")
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
            throw Failure(.failed, "can't read the key from \(text(name)): \(reason)")
        }
    }
}
