// SPDX-License-Identifier: MIT

internal import FUSE
internal import Linux
internal import Secrets

/// The parts of secrets that processes have removed, to make them again: `env`, `vars` and `files` come and go with their secret.
///
/// tar(1) removes a file before it makes it, and mv(1), from one file system to another, whatever it is about to make. So a part that a
/// process removed is absent to that process, until it has made it again or a minute is over. Nothing is removed of it, and everybody else
/// finds it. What is remembered is lost with the daemon.
///
/// mv(1) may come to `env` before it comes to `vars`: a process that has made `env` again may remove `vars` too, with the variables that it
/// has now.
final class AbsentParts: Sendable {
    /// How long it is remembered. Microseconds.
    private static let lifetime: Int64 = 60_000_000
    /// How many are remembered of one user.
    private static let capacityOfOne = 256

    private struct Part: Hashable {
        let inode: Inode
        let process: Int32
    }

    private struct Removal {
        /// When, since the machine started. Microseconds.
        let time: Int64
        /// Whether it was made again since.
        var isMade = false
    }

    private struct State {
        /// Those that were removed, by user.
        var parts: [UInt32: [Part: Removal]] = [:]

        mutating func expire(at now: Int64) {
            for (uid, parts) in parts {
                let left = parts.filter { now - $1.time < AbsentParts.lifetime }
                self.parts[uid] = left.isEmpty ? nil : left
            }
        }
    }

    private let state = Guarded(State())

    /// The caller's process has removed a part.
    func note(_ inode: Inode, by request: Request) {
        guard let process = process(of: request) else { return }
        let now = SystemClock.sinceBoot()
        state.withLock { state in
            state.expire(at: now)
            guard state.parts[request.uid]?.count ?? 0 < Self.capacityOfOne else { return }
            state.parts[request.uid, default: [:]][Part(inode: inode, process: process)] = Removal(time: now)
        }
    }

    /// Whether the caller's process has removed a part, and not made it again.
    func contains(_ inode: Inode, for request: Request) -> Bool { removal(of: inode, by: request).map { !$0.isMade } ?? false }

    /// Whether the caller's process has removed a part, and made it again.
    func isMade(_ inode: Inode, by request: Request) -> Bool { removal(of: inode, by: request)?.isMade ?? false }

    private func removal(of inode: Inode, by request: Request) -> Removal? {
        let now = SystemClock.sinceBoot()
        let parts = state.withLock { $0.parts.isEmpty ? nil : $0.parts[request.uid] }
        guard let parts, parts.keys.contains(where: { $0.inode == inode }), let process = process(of: request),
            let removal = parts[Part(inode: inode, process: process)], now - removal.time < Self.lifetime
        else { return nil }
        return removal
    }

    /// The caller's process has made it again.
    func noteMaking(of inode: Inode, by request: Request) {
        guard let process = process(of: request) else { return }
        state.withLock { $0.parts[request.uid]?[Part(inode: inode, process: process)]?.isMade = true }
    }

    /// Nil for one in a foreign pid namespace, and for one that is gone.
    private func process(of request: Request) -> Int32? {
        guard request.tid != 0 else { return nil }
        return try? CallingThread(uid: request.uid, gid: request.gid, tid: request.tid).inspect().tgid
    }
}
