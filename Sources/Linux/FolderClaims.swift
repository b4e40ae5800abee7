internal import CLinux
internal import Glibc

/// What processes tell each other about names in a folder, by locks on it, which the kernel takes back from those who end.
///
/// - A claim: the holder needs a name. Any number may claim one at once: a read lock of fcntl(2), of an open file description, on the
///   byte that a hash of the name numbers. Two names with one hash are kept longer than needed.
/// - The turn: names are changed by one at a time, who looks at the claims before: flock(2).
/// - The mark: the folder was made for names that are claimed, and is not worth keeping without them: an extended attribute, so
///   that it outlives who made it.
///
/// All of it binds only those who ask. In a folder that can't be read or locked, each is as if alone there.
package final class FolderClaims: Sendable {
    private let folder: FileDescriptor
    /// Whether there is one.
    private let isOpen: Bool
    /// How long turns of others are waited for yet, in microseconds.
    private let patience: Guarded<Int64>

    /// `folder` is no descriptor where the folder can't be read.
    init(_ folder: consuming FileDescriptor, patience: Int64) {
        isOpen = folder.rawValue >= 0
        self.folder = folder
        self.patience = Guarded(patience)
    }

    /// Whoever may read the folder can lock it too, for as long as they like: they are not waited for longer in all, in microseconds.
    package static let longestWait: Int64 = 10_000_000
    private static let mark = "user.tacit.made"

    /// Runs `change` when it is this one's turn.
    package func inTurn<Result, Problem: Error>(_ change: () throws(Problem) -> Result) throws(Problem) -> Result {
        guard isOpen, wait() else { return try change() }
        defer { _ = flock(folder.rawValue, LOCK_UN) }
        return try change()
    }

    private func wait() -> Bool {
        let start = Clock.monotonic()
        let end = start + patience.withLock { $0 }
        defer { patience.withLock { $0 = max(0, $0 - (Clock.monotonic() - start)) } }
        var pause: UInt32 = 100
        while flock(folder.rawValue, LOCK_EX | LOCK_NB) < 0 {
            let error = Errno.current
            guard error == .again || error == .interrupted, Clock.monotonic() < end else { return false }
            Clock.sleep(microseconds: pause)
            pause = min(2 * pause, 5000)
        }
        return true
    }

    /// Claims a name until this is released or goes.
    package func claim(_ name: [UInt8]) {
        lock(name, as: F_RDLCK)
    }

    /// Takes the claim back.
    package func release(_ name: [UInt8]) {
        lock(name, as: F_UNLCK)
    }

    private func lock(_ name: [UInt8], as type: Int32) {
        guard isOpen else { return }
        // Fails where the file system has no such locks.
        _ = tacit_lock_byte(folder.rawValue, Self.byte(of: name), Int16(type))
    }

    /// Whether somebody else claims it: then nobody could have it alone.
    package func isClaimedByOthers(_ name: [UInt8]) -> Bool {
        guard isOpen else { return false }
        var type = Int16(F_WRLCK)
        return unsafe tacit_find_lock(folder.rawValue, Self.byte(of: name), &type) == 0 && type != Int16(F_UNLCK)
    }

    /// Puts the mark on it, where the file system takes one.
    package func setMade() {
        guard isOpen else { return }
        _ = unsafe fsetxattr(folder.rawValue, Self.mark, "1", 1, 0)
    }

    /// Whether it has the mark. Only that of this process's own user counts, on a folder that others can't write to.
    package var isMade: Bool {
        guard isOpen, let status = try? folder.status(), status.uid == geteuid(), status.permissions & 0o022 == 0 else { return false }
        return unsafe fgetxattr(folder.rawValue, Self.mark, nil, 0) >= 0
    }

    /// FNV-1a, cut to what an offset can be.
    private static func byte(of name: [UInt8]) -> Int64 {
        let hash = name.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Int64(hash >> 2)
    }
}
