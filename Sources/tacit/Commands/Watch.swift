// SPDX-License-Identifier: MIT

import ControlAPI
import FoundationEssentials
import Glibc
import Linux
import Secrets

extension Command {
    static let watch = Command(
        "watch", operands: [Operand("[REF]", .reference), Operand("[COMMAND]", .program), Operand("[ARGUMENT]…", .file)],
        summary: "print what changes, or run a command at each change",
        details: """
            A line each for what you may list, at REF and below it, or anywhere: the place,
            what was done, and the version that was made. Nothing is printed of values. It
            ends when it is interrupted, and goes on where it was when the daemon comes back.
            With REF and COMMAND, that is run after each change instead, and changes that
            come while it runs are one. TACIT_CHANGED has the places, a line each.
              tacit watch acme/web
              tacit watch acme/web/db -- systemctl reload app
            """,
        options: [DeclaredOption("json", "print each change as a line of JSON")]
    ) { invocation throws(Failure) in
        let reference = invocation.operand(0) == nil ? nil : try invocation.placeReference()
        let command = Array(invocation.arguments.operands.dropFirst())
        if !command.isEmpty, invocation.wantsJSON { throw .usage("--json is for watch without COMMAND", of: invocation.command) }
        let watcher = Watcher(command, asJSON: invocation.wantsJSON)
        var stream = ChangeStream(of: reference)
        try stream.follow { events throws(Failure) in try watcher.act(on: events) }
    }
}

/// What is done with changes.
private struct Watcher {
    private let command: [[UInt8]]
    private let asJSON: Bool
    private let decoder = JSONDecoder()

    /// Bytes.
    private static let longestList = 64 << 10

    init(_ command: [[UInt8]], asJSON: Bool) { (self.command, self.asJSON) = (command, asJSON) }

    func act(on events: [ServerSentEvents.Event]) throws(Failure) {
        guard !events.isEmpty else { return }
        if !command.isEmpty { return try runCommand(for: events) }
        for event in events {
            if asJSON {
                try put(
                    event.name == "reset" ? Array(#"{"action":"reset"}"#.utf8) + [UInt8(ascii: "\n")] : event.data + [UInt8(ascii: "\n")])
            } else if event.name == "reset" {
                try put("some changes are not known any more\n")
            } else if let change = try? decoder.decode(ChangeReply.self, from: Data(event.data)) {
                try put("\(text(change.ref)) \(text(change.action))\(change.version.map { " v\($0)" } ?? "")\n")
            }
        }
    }

    private func runCommand(for events: [ServerSentEvents.Event]) throws(Failure) {
        var places = ""
        for event in events {
            guard let place = try? decoder.decode(ChangeReply.self, from: Data(event.data)).ref else { continue }
            // As many as an environment has room for.
            guard places.utf8.count + place.utf8.count < Self.longestList else { break }
            places += (places.isEmpty ? "" : "\n") + place
        }
        _ = unsafe setenv("TACIT_CHANGED", places, 1)
        let status: Int32
        // The shell looks the program up.
        do throws(Errno) { status = try Spawn.foreground(["/bin/sh", "-c", "exec \"$@\"", "sh"] + command.map { string($0) }) } catch {
            throw Failure(.failed, "can't run \(text(command[0])): \(error)")
        }
        switch status {
        case 0: return
        case ExitCode.noProgram.rawValue: throw Failure(.noProgram, "\(text(command[0])): command not found")
        case ExitCode.notExecutable.rawValue: throw Failure(.notExecutable, "\(text(command[0])) can't be executed")
        default: complain("tacit: \(text(command[0])) ended with status \(status)")
        }
    }
}
