// SPDX-License-Identifier: MIT

import Foundation
import Glibc

/// A store, a daemon and a mount of their own in a throwaway folder.
///
///     try withMount { mount in
///         try mount.make("acme/web/db")
///         #expect(mount.probe("open", "r", "acme/web/db/vars/NONE") == "open ENOENT")
///     }
package final class Mount {
    /// How a mount is made.
    package struct Options: Sendable {
        /// Who runs the daemon, and so owns the store.
        package var owner: TestUser = .root
        /// Further words for `tacitd`, before the mountpoint.
        package var words: [String] = []
        package var environment: [String: String] = [:]
        /// Words that name the root key to `tacitd`; nil: the key file that `tacit init` made.
        package var key: [String]?
        /// Audit log; nil: a file in the folder `state`.
        package var audit: String?
        /// A line of the daemon's output that contains one of these is no fault.
        package var expectedOutput: [String] = []

        package init() {}
    }

    package let scratch: Scratch
    package let options: Options
    package let point: String
    package let store: String
    package let key: String
    package let audit: String
    package let socket: String
    /// All that any daemon of this mount has printed, and that `tacit init` has.
    package let output: String
    /// The daemon that serves the mount now.
    package private(set) var daemon: Child?

    /// Makes a folder and a store in it, and starts no daemon yet.
    /// - Throws: `Trouble` if this process isn't root, can't mount, or a program fails.
    package init(_ options: Options = Options()) throws {
        try Programs.require()
        self.options = options
        scratch = try Scratch()
        let uid = options.owner.uid
        // As udev would have it, which a container may lack.
        if uid != 0 { try Command("chmod", "666", "/dev/fuse").run().orThrow() }
        let state = try scratch.folder("state", owner: uid)
        point = try scratch.folder("secrets", mode: 0o755, owner: uid)
        let run = try scratch.folder("run", mode: 0o755, owner: uid)
        store = state + "/tacit.db"
        key = state + "/root.key"
        audit = options.audit ?? state + "/audit.log"
        socket = run + "/tacit.sock"
        output = try scratch.file("output")
        for program in ["tacitd", "tacit", "probe"] { try Programs.install(program, in: scratch.path) }
    }

    /// `tacit init` with a key file.
    package func initialize() throws {
        try plain([scratch.path + "/tacit", "init", "--store", store, "--key-file", key]).run().orThrow()
    }

    /// As `initialize`, with secrets in it, as `storefill` takes them.
    package func initialize(filledWith projects: String...) throws {
        var filling = plain([try Programs.path(of: "storefill"), (store as NSString).deletingLastPathComponent] + projects)
        filling.limit = 600
        try filling.run().orThrow()
    }

    /// The words that start the daemon in the foreground.
    package func daemonWords(key words: [String]? = nil) -> [String] {
        [scratch.path + "/tacitd", "-f", "--store", store] + (words ?? options.key ?? ["--key-file", key])
            + ["--socket", socket, "--audit", audit] + options.words + [point]
    }

    /// Starts the daemon and waits until the mount and the socket answer.
    /// - Throws: `Trouble` with what it printed if it ended, or does not answer in time.
    package func start(key words: [String]? = nil) throws {
        try start(daemonWords(key: words))
    }

    /// As `start(key:)`, with these words, for a shell around them for example.
    package func start(_ words: [String]) throws {
        var starting = plain(words)
        starting.folder = scratch.path
        let daemon = try Child(starting, output: output, alone: false)
        self.daemon = daemon
        try Wait.until("an answer from tacitd; it printed: \(daemon.printed)", seconds: 30) {
            guard daemon.isRunning else { throw Trouble("tacitd ended at once and printed: \(daemon.printed)") }
            return answers
        }
    }

    /// Whether the daemon answers, on the mount and on the socket. The kernel alone answers a stat from what it remembers.
    package var answers: Bool {
        guard isMounted, FileManager.default.fileExists(atPath: socket) else { return false }
        var asking = plain(["sh", "-c", "\"$0\" status > /dev/null 2>&1 && ls \"$1\" > /dev/null", scratch.path + "/tacit", point])
        asking.limit = 5
        return (try? asking.run().succeeded) ?? false
    }

    /// Whether the kernel has something mounted there, be it dead. Asks nothing of the daemon.
    package var isMounted: Bool {
        Scratch.mounts.contains(" \(point) ")
    }

    /// SIGTERM, after which the daemon must unmount and exit with 0.
    /// - Throws: `Trouble` if it does not.
    package func stop() throws {
        guard let daemon else { return }
        self.daemon = nil
        daemon.signal(SIGTERM)
        let ending = daemon.end(within: 20)
        let mounted = isMounted
        clear()
        guard ending == .exited(0) else { throw Trouble("tacitd, after SIGTERM: \(ending); printed: \(daemon.printed)") }
        guard !mounted else { throw Trouble("tacitd exited and left its mount") }
    }

    /// A signal that ends the daemon without its help. The mount stays, dead.
    package func crash(_ signal: Int32 = SIGKILL) throws -> Outcome.Ending {
        guard let daemon else { throw Trouble("no daemon to end") }
        self.daemon = nil
        daemon.signal(signal)
        return daemon.end(within: 20)
    }

    /// Stops the daemon and takes care that nothing stays, whatever happened before.
    /// - Throws: `Trouble` if the daemon did not exit with 0, left its mount, or printed what nobody expected.
    package func close() throws {
        defer { clear() }
        try stop()
        let strange = printed.split(separator: "\n").filter { line in
            !options.expectedOutput.contains { line.contains($0) }
        }
        guard strange.isEmpty else { throw Trouble("tacitd printed: \(strange.joined(separator: "\n"))") }
    }

    private func clear() {
        daemon = nil
        for _ in 0..<3 where isMounted { _ = try? Command("umount", "-l", point).run() }
    }

    deinit {
        clear()
    }

    package var printed: String {
        String(decoding: Scratch.contents(output), as: UTF8.self)
    }

    /// The daemon's resident memory in bytes.
    /// - Throws: `Trouble` if it doesn't run.
    package func residentMemory() throws -> Int {
        guard let daemon else { throw Trouble("no daemon") }
        let words = String(decoding: Scratch.contents("/proc/\(daemon.pid)/statm"), as: UTF8.self).split(separator: " ")
        guard words.count > 1, let pages = Int(words[1]) else { throw Trouble("no statm of tacitd") }
        return pages * Int(getpagesize())
    }

    /// A command outside the mount, as the store's owner.
    private func plain(_ words: [String]) -> Command {
        var command = Command(words)
        command.caller = options.owner
        command.environment = ["TACIT_SOCKET": socket].merging(options.environment) { $1 }
        return command
    }
}

/// Runs a test on a mount of its own and takes it away afterwards, also when the test throws.
/// - Throws: what the test throws; else what `Mount.close()` finds.
package func withMount(
    _ options: Mount.Options = Mount.Options(), _ test: (Mount) throws -> Void
) throws {
    let mount = try Mount(options)
    do {
        try mount.initialize()
        try mount.start()
        try test(mount)
    } catch {
        try? mount.close()
        throw mount.printed.isEmpty ? error : Trouble("\(error)\ntacitd printed: \(mount.printed)")
    }
    try mount.close()
}
