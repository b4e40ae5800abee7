// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Claims of one user's processes on names in a folder, made by locks on a file in it that nobody else can open, so
/// that nobody else's count. The kernel takes locks back from those who end.
///
/// - A claim: the holder needs a name. Any number may claim one at once: a read lock of fcntl(2), of an open file description, on the
///   byte that a hash of the name numbers. Two names with one hash are kept longer than needed.
/// - The turn: names are changed by one at a time, who looks at the claims before: a write lock on the byte behind all claims.
/// - The file goes with the turn at whose end nobody claims anything. One that a crash has left serves the next.
/// - The mark: the folder was made for names that are claimed, and is not worth keeping without them: an extended attribute, so
///   that it outlives who made it.
///
/// Where the file system has no locks, each is as if alone there.
package final class FolderClaims: Sendable {
    private let held: HeldFolder
    private let patience: FolderPatience
    private let state = Guarded(State())

    private struct State {
        var file: LockFile?
        /// The names that are claimed here.
        var names: Set<[UInt8]> = []
    }

    private final class LockFile: Sendable {
        let descriptor: FileDescriptor
        init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
    }

    init(_ held: HeldFolder, patience: FolderPatience) {
        self.held = held
        self.patience = patience
    }

    /// The name of the file, which has the number of this process's user in it.
    package static var fileName: [UInt8] { Array(".tacit-claims-\(ThisProcess.uid)".utf8) }

    /// Names that nobody uses but who has the turn, for a short time, in place of another.
    package static func spareNames(for name: [UInt8]) -> [[UInt8]] {
        (0..<16).map { fileName + Array(".\(String(byte(of: name), radix: 16)).\($0)".utf8) }
    }

    /// How often the file is looked for again, because whoever had the turn has removed it.
    private static let attempts = 1000
    /// The byte for the turn. Claims are below.
    private static let turn: Int64 = 1 << 62
    private static let mark = "user.tacit.made"

    /// Runs `change` when it is this one's turn. Where there is none to be had it runs too, and is told why: `noEntry` where the folder
    /// has been removed, `exists` where the file's name is that of something which is not this user's alone, and what open(2) says.
    package func inTurn<Result, Problem: Error>(_ change: (_ without: Errno?) throws(Problem) -> Result) throws(Problem) -> Result {
        let (file, isLocked): (LockFile, Bool)
        do throws(Errno) { (file, isLocked) = try takeTurn() } catch { return try change(error) }
        defer { if isLocked { endTurn(file) } }
        return try change(nil)
    }

    private func takeTurn() throws(Errno) -> (LockFile, isLocked: Bool) {
        for _ in 0..<Self.attempts {
            let kept = state.withLock { $0.file }
            let file = if let kept { kept } else { try open() }
            let isLocked = wait(for: file)
            if isNamed(file) {
                if file !== kept { keep(file) }
                return (file, isLocked)
            }
            lock(file, Self.turn, as: F_UNLCK)
            state.withLock { $0.file = nil }
        }
        throw .again
    }

    private func open() throws(Errno) -> LockFile {
        // One that was just made is this user's alone, whatever a file system shows that maps owners and modes.
        if let made = try open(O_EXCL) { return made }
        guard let found = try open(0) else { throw .exists }
        let status = try found.descriptor.status()
        guard status.isRegularFile, status.uid == ThisProcess.uid, status.permissions & 0o077 == 0 else { throw .exists }
        return found
    }

    /// Nil where there is something that can't be opened so.
    private func open(_ flags: Int32) throws(Errno) -> LockFile? {
        do throws(Errno) {
            let descriptor = try retrying { unsafe tacit_open_own(held.descriptor, Self.string(Self.fileName), flags) }
            return LockFile(FileDescriptor(owning: descriptor))
        } catch {
            // A link, a folder, or a file of somebody else: to make one would be refused for the folder.
            guard error == .exists || held.has(Self.fileName) else { throw error }
            return nil
        }
    }

    /// Whether the file is in the folder yet: one that was removed is locked by nobody who comes later.
    private func isNamed(_ file: LockFile) -> Bool {
        guard let status = try? file.descriptor.status() else { return false }
        return held.identity(of: Self.fileName).map { $0.device == status.device && $0.inode == status.inode } ?? false
    }

    /// Claims in it what was claimed in one that somebody has removed.
    private func keep(_ file: LockFile) {
        let names = state.withLock { state in
            state.file = file
            return state.names
        }
        for name in names { lock(file, Self.byte(of: name), as: F_RDLCK) }
    }

    /// Returns false if it was waited for in vain, and where there are no locks.
    private func wait(for file: LockFile) -> Bool {
        patience.wait { () throws(Errno) in
            _ = try retrying { tacit_lock_byte(file.descriptor.rawValue, Self.turn, Int16(F_WRLCK)) }
        }
    }

    private func endTurn(_ file: LockFile) {
        let isClaimed = state.withLock { !$0.names.isEmpty } || isLocked(file, from: 0, Self.turn)
        if !isClaimed, isNamed(file) {
            try? held.remove(Self.fileName)
            state.withLock { $0.file = nil }
        }
        lock(file, Self.turn, as: F_UNLCK)
    }

    /// Claims a name until this is released or goes. To be called in turn.
    package func claim(_ name: [UInt8]) {
        let file = state.withLock { state in
            state.names.insert(name)
            return state.file
        }
        if let file { lock(file, Self.byte(of: name), as: F_RDLCK) }
    }

    /// Takes the claim back.
    package func release(_ name: [UInt8]) {
        let file = state.withLock { state in
            state.names.remove(name)
            return state.file
        }
        if let file { lock(file, Self.byte(of: name), as: F_UNLCK) }
    }

    private func lock(_ file: LockFile, _ byte: Int64, as type: Int32) {
        // Fails where the file system has no such locks.
        _ = tacit_lock_byte(file.descriptor.rawValue, byte, Int16(type))
    }

    /// Whether somebody else claims it: then nobody could have it alone. To be called in turn.
    package func isClaimedByOthers(_ name: [UInt8]) -> Bool {
        guard let file = state.withLock({ $0.file }) else { return false }
        return isLocked(file, from: Self.byte(of: name), 1)
    }

    private func isLocked(_ file: LockFile, from byte: Int64, _ count: Int64) -> Bool {
        var type = Int16(F_WRLCK)
        return unsafe tacit_find_lock(file.descriptor.rawValue, byte, count, &type) == 0 && type != Int16(F_UNLCK)
    }

    /// Puts the mark on it, where the file system takes one.
    package func setMade() {
        guard let folder = try? held.openToRead() else { return }
        _ = unsafe fsetxattr(folder.rawValue, Self.mark, "1", 1, 0)
    }

    /// Whether it has the mark. Only that of this process's own user counts, on a folder that others can't write to.
    package var isMade: Bool {
        guard let folder = try? held.openToRead(), let status = try? folder.status(), status.uid == ThisProcess.uid,
            status.permissions & 0o022 == 0
        else { return false }
        return unsafe fgetxattr(folder.rawValue, Self.mark, nil, 0) >= 0
    }

    /// FNV-1a, cut to what is below the byte for the turn.
    private static func byte(of name: [UInt8]) -> Int64 {
        let hash = name.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Int64(hash >> 2)
    }

    private static func string(_ bytes: [UInt8]) -> [CChar] { bytes.map(CChar.init(bitPattern:)) + [0] }
}

/// How long a process waits for turns in folders, in all of them together.
package final class FolderPatience: Sendable {
    private let left: Guarded<Int64>

    /// `microseconds`: in all.
    package init(microseconds: Int64) {
        left = Guarded(microseconds)
    }

    /// This process's. A turn takes less than a millisecond, and who has it is this user's: only one that was stopped keeps it.
    package static let shared = FolderPatience(microseconds: 10_000_000)

    /// Tries until `take` throws no `again`. Returns false if it has thrown something else, or patience is at an end.
    func wait(_ take: () throws(Errno) -> Void) -> Bool {
        let start = SystemClock.monotonic()
        let end = start + left.withLock { $0 }
        defer { left.withLock { $0 = max(0, $0 - (SystemClock.monotonic() - start)) } }
        var pause: UInt32 = 100
        while true {
            do throws(Errno) {
                try take()
                return true
            } catch {
                guard error == .again || error == .accessDenied, SystemClock.monotonic() < end else { return false }
            }
            SystemClock.sleep(microseconds: pause)
            pause = min(2 * pause, 5000)
        }
    }
}
