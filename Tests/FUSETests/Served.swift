// SPDX-License-Identifier: MIT

import FUSE
import Foundation
import Linux
import TestSupport

/// A file system that this process serves, on a folder of its own. Only children may touch it: this process would wait
/// for itself.
struct Served {
    let session: Session
    let files: MemoryFileSystem
    /// The mountpoint.
    let point: String

    /// Mounts for as long as `test` runs.
    /// - Throws: `Trouble` if this process isn't root or can't mount; what `test` throws.
    static func run(
        _ files: MemoryFileSystem = MemoryFileSystem(), ended: @escaping @Sendable (SessionEnd) -> Void = { _ in },
        _ test: (Served) throws -> Void
    ) throws {
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt", mode: 0o755)
        let session = Session(mountpoint: point, allowOthers: true)
        try session.serve(files, ended: ended)
        defer { session.stop(patience: 2) }
        try test(Served(session: session, files: files, point: point))
    }

    /// A command in the mountpoint.
    func command(_ words: [String], as caller: TestUser = .root) -> Command {
        var command = Command(words)
        command.caller = caller
        command.folder = point
        command.environment = ["PATH": programs + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")]
        return command
    }

    /// A script for `sh` that must succeed. Gives its standard output.
    @discardableResult
    func must(_ script: String, as caller: TestUser = .root) throws -> String {
        try command(["sh", "-c", script], as: caller).run().orThrow().text
    }

    /// What a script says of its failure, on standard error.
    func complaint(_ script: String, as caller: TestUser = .root) throws -> String {
        try command(["sh", "-c", script], as: caller).run().complaint
    }

    /// One operation of `probe`: `ok`, or the system call and the errno's name.
    func probe(_ words: String...) throws -> String {
        try command(["probe"] + words).run().orThrow().text
    }

    /// The folder of this program, and of `probe`.
    private var programs: String {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    }
}

/// These tests are about the kernel's side too: without it they fail.
func requireFUSE() throws {
    guard geteuid() == 0 else { throw Trouble("these tests need root") }
    guard FileManager.default.isWritableFile(atPath: "/dev/fuse") else { throw Trouble("these tests need /dev/fuse") }
}

/// The line of /proc/self/mountinfo for a mountpoint; nil if there is none.
func mountLine(_ point: String) throws -> String? {
    try proc("self/mountinfo").last { $0.contains(" \(point) ") }
}

/// The lines of a file of /proc, which Foundation would read the beginning of.
func proc(_ name: String) throws -> [String] {
    let bytes = try FileDescriptor.open("/proc/" + name, .readOnly).readToEnd(limit: 1 << 24)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}
