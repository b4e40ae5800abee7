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
        var watcher = Watcher(reference, command, asJSON: invocation.wantsJSON)
        try watcher.run()
    }
}

/// Follows changes for as long as it runs, over as many connections as it takes.
private struct Watcher {
    private let reference: [UInt8]?
    private let command: [[UInt8]]
    private let asJSON: Bool
    private var lastID: Int64?
    /// Why it ends: what was printed can't be, or the command can't be run.
    private var ending: Failure?
    private let decoder = JSONDecoder()

    /// Bytes.
    private static let longestList = 64 << 10
    /// How long it waits before it connects again, in microseconds.
    private static let pause: UInt32 = 500_000

    init(_ reference: [UInt8]?, _ command: [[UInt8]], asJSON: Bool) {
        (self.reference, self.command, self.asJSON) = (reference, command, asJSON)
    }

    /// Throws what keeps it from its first connection, and what no later one would mend.
    mutating func run() throws(Failure) {
        while true {
            do throws(Failure) { try follow() } catch {
                // A daemon that is started anew has the same changes.
                if let ending { throw ending }
                guard lastID != nil, error.exitCode == .unreachable || error.exitCode == .failed else { throw error }
            }
            SystemClock.sleep(microseconds: Self.pause)
        }
    }

    private mutating func follow() throws(Failure) {
        var request = DaemonRequest("GET", Endpoint.changes, query: reference.map { [(name: "ref", value: $0)] } ?? [])
        request.lastEvent = lastID
        var events = ServerSentEvents()
        defer { lastID = events.lastID ?? lastID }
        try Daemon.stream(request) { part throws(Failure) in
            let found = events.add(part)
            do throws(Failure) { try act(on: found) } catch {
                ending = error
                throw error
            }
        }
    }

    private func act(on events: [ServerSentEvents.Event]) throws(Failure) {
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
