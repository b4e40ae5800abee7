// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Synchronization
internal import Vault

/// What a writer remembers, and what it hands to a commit.
extension Writer {
    struct State: ~Copyable {
        var target: WriteTarget
        let rule: Rule
        /// What will be committed, if `isDirty`.
        var bytes: SecretBuffer
        /// Whether `bytes` holds the whole of what will be stored: if not, the stored bytes are to be fetched first.
        var isBased: Bool
        /// Where this handle wrote, as far as that is one piece: what came last and what it touches. All else may be as it was stored.
        var written = 0..<0
        /// Whether `bytes` began with what was stored.
        var isChanging = false
        /// What that was.
        var identity: ValueIdentity?
        /// It was read to the end by this handle.
        var wasRead = false
        /// Bytes came since the last commit.
        var isDirty = false
        /// How many writes there were.
        var writes: UInt64 = 0
        /// The first error. It stays.
        var failure: Errno?
        /// What earlier commits of this handle made.
        var versions: [NodeID: Int64] = [:]
        /// The thread that wrote last, and its process.
        var writer: (tid: Int32, process: Int32)
        /// Whose table of descriptors it wrote by.
        var owner: UInt64?
        /// Who removed the name.
        var remover: UInt32?
        /// Whether the process was killed that made the file, before it wrote.
        var isAbandoned = false
        /// The time that was given since the last write, for the next version. Nanoseconds since the epoch.
        var modified: Int64?
        /// At how many bytes it is looked next whether there is room for them.
        var nextCheck = 0
        /// How far the text of `env` was read.
        var parser = EnvParser()
        /// Whether it is decided only after the text was read who may read it (`Hole.errnoOracle`).
        var isDecidedLate = false

        /// Whether it takes lines for `env` beside those that are stored.
        var isMerging: Bool {
            if case .environment(_, let merge) = target { merge } else { false }
        }

        /// Whether it is a file that was made, and has no version yet.
        var isNewFile: Bool {
            switch target {
            case .new: rule == .file
            case .item, .environment: false
            }
        }

        var kept: Kept { !isChanging ? .nothing : written.upperBound < bytes.count ? .end : .some }

        mutating func noteWrite(to range: Range<Int>) {
            let touches = range.lowerBound <= written.upperBound && written.lowerBound <= range.upperBound
            written = touches ? min(written.lowerBound, range.lowerBound)..<max(written.upperBound, range.upperBound) : range
        }

        mutating func noteEnd(at count: Int) { written = written.clamped(to: 0..<count) }
    }

    /// What the bytes must be.
    enum Rule {
        case variable, file, environment
    }

    /// Who wrote last: the process, and whose table of descriptors it wrote by.
    struct LastWriter {
        let process: Int32
        let owner: UInt64?
    }

    /// What a commit is made of, while reads and writes go on.
    struct Draft: ~Copyable {
        let bytes: SecretBuffer
        let target: WriteTarget
        let kept: Kept
        let superseding: [NodeID: Int64]
        let writes: UInt64
        let modified: Int64?
    }
}

/// What a writer shows of itself.
extension Writer {
    /// How many bytes the file has for the process that writes it; nil where that is what is stored.
    ///
    /// - Parameter stored: how many are stored.
    func size(of stored: UInt64) -> UInt64? {
        state.withLock { state in
            if state.failure != nil { return nil }
            if state.isMerging { return state.isDirty ? stored &+ UInt64(state.bytes.count) : nil }
            return state.isBased ? UInt64(state.bytes.count) : nil
        }
    }

    /// Whether a thread's process has written bytes that are not committed, other than lines that are to be merged: those have no place in
    /// the file yet.
    func holdsUncommittedBytes(of tid: Int32) -> Bool {
        state.withLock { $0.isDirty && !$0.isMerging } && belongs(to: tid)
    }

    /// Whether a thread is of the process that opened it or wrote last.
    func belongs(to tid: Int32) -> Bool {
        belongs(toProcess: process(of: CallingThread(uid: 0, gid: 0, tid: tid)))
    }

    func belongs(toProcess process: Int32) -> Bool {
        process == caller.pid || state.withLock { $0.writer.process == process }
    }
}
