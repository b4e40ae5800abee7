// SPDX-License-Identifier: MIT

import Foundation
package import Glibc

/// A control group with little memory, of either version of cgroups: what its processes put into the page cache is pushed out
/// all the time.
package final class MemoryGroup {
    private let path: String
    private let root: String
    private let counter: String
    private var guests: [pid_t] = []

    /// - Parameter limit: bytes.
    /// - Returns: nil where no such group can be made.
    package init?(limit: Int) {
        let name = "/tacit-test-" + UUID().uuidString.prefix(8)
        for (root, file, counter) in [
            ("/sys/fs/cgroup", "memory.max", "memory.events"),
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.failcnt"),
        ] {
            guard unsafe mkdir(root + name, 0o755) == 0 else { continue }
            // A mount that only looks like a hierarchy of groups makes a folder with nothing in it.
            if FileManager.default.fileExists(atPath: root + name + "/" + file),
                (try? "\(limit)".write(toFile: root + name + "/" + file, atomically: false, encoding: .utf8)) != nil
            {
                path = root + name
                self.root = root
                self.counter = counter
                return
            }
            unsafe rmdir(root + name)
        }
        return nil
    }

    /// Moves a process that was started elsewhere, until `close`.
    /// - Throws: what Foundation says of the file.
    package func take(_ pid: pid_t) throws {
        try Self.move(pid, to: path)
        guests.append(pid)
    }

    /// The words that run others in it.
    package func prefix(_ words: [String]) -> [String] {
        ["sh", "-c", "echo $$ > \(path)/cgroup.procs && exec \"$@\"", "sh"] + words
    }

    /// How often its limit was met.
    package var pressure: Int {
        let text = String(decoding: Scratch.contents(path + "/" + counter), as: UTF8.self)
        let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
        let line = lines.first { $0.first == "max" } ?? lines.first
        return line?.last.flatMap { Int($0) } ?? 0
    }

    /// Takes it away. Its own processes must have ended.
    package func close() {
        for pid in guests { try? Self.move(pid, to: root) }
        guests = []
        for _ in 0..<50 where unsafe rmdir(path) != 0 && errno == EBUSY { usleep(20_000) }
    }

    deinit {
        close()
    }

    private static func move(_ pid: pid_t, to group: String) throws {
        try "\(pid)".write(toFile: group + "/cgroup.procs", atomically: false, encoding: .utf8)
    }
}
