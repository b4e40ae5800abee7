// SPDX-License-Identifier: MIT

import Foundation
import Glibc

/// A control group of a test's own, at the top of the tree of version 2. Removed when it is let go.
package final class ControlGroup {
    /// As in `/proc/<pid>/cgroup`.
    package let path: String
    /// Its folder.
    package let folder: String

    package init(_ path: String = "/tacit-test-" + UUID().uuidString.prefix(8), owner: TestUser = .root) throws {
        let mounted = Scratch.mounts.split(separator: "\n").map { $0.split(separator: " ") }.first { $0.count > 2 && $0[2] == "cgroup2" }
        guard let place = mounted?[1] else { throw Trouble("these tests need a mount of cgroup2") }
        self.path = path
        folder = place + path
        guard unsafe mkdir(folder, 0o755) == 0, unsafe chown(folder, owner.uid, owner.gid) == 0 else {
            throw Trouble("can't make \(folder)")
        }
    }

    /// A group in it.
    package func below(_ name: String) throws -> ControlGroup { try ControlGroup(path + "/" + name) }

    /// Moves a process into it.
    package func take(_ pid: String) throws {
        try pid.write(toFile: folder + "/cgroup.procs", atomically: false, encoding: .utf8)
    }

    /// Moves a process out of it, to the top of the tree.
    package func release(_ pid: String) throws {
        try pid.write(toFile: folder.dropLast(path.count) + "/cgroup.procs", atomically: false, encoding: .utf8)
    }

    /// Removes it, when it is empty.
    package func remove() throws {
        try Wait.until("\(path) is empty") { unsafe rmdir(folder) == 0 || access(folder, F_OK) != 0 }
    }

    deinit { try? remove() }
}
