// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Vault

/// Names that exist from creat(2) on, though nothing of them is stored before the first commit.
///
/// To everybody who may list the folder they are empty files, of the number that they will have. What ends without a commit was never
/// there. Somebody else may store something by such a name meanwhile, by the socket: then what is written becomes a version of that.
final class PendingFiles: Sendable {
    struct PendingFile: Sendable {
        let target: WriteTarget
        let name: [UInt8]
        let parent: Inode
        /// Who made it. They are shown as its owner, so that the kernel lets them give it a mode and a time before it is closed, as cp(1)
        /// and tar(1) do: nothing comes of the one, and the other is kept.
        let maker: UInt32
        /// Microseconds since the epoch.
        let made: Int64
        /// The item that it became a version of.
        var item: Inode?
    }

    private struct State {
        var files: [Inode: PendingFile] = [:]
        /// By folder, the names that stand for something.
        var names: [Inode: [[UInt8]: Inode]] = [:]
        /// Items that were stored, and that their makers still have open.
        var made: Set<Inode> = []

        mutating func removeName(of file: PendingFile) {
            guard names[file.parent]?[file.name] == file.target.inode else { return }
            names[file.parent]?[file.name] = nil
            if names[file.parent]?.isEmpty == true { names[file.parent] = nil }
        }
    }

    private let state = Guarded(State())

    func add(_ target: WriteTarget, _ name: [UInt8], in parent: Inode, by maker: UInt32) {
        state.withLock { state in
            state.files[target.inode] = PendingFile(target: target, name: name, parent: parent, maker: maker, made: SystemClock.now())
            state.names[parent, default: [:]][name] = target.inode
        }
    }

    func pendingFile(_ inode: Inode) -> PendingFile? {
        state.withLock { $0.files[inode] }
    }

    /// One that nothing was committed to.
    func unstored(_ inode: Inode) -> PendingFile? {
        pendingFile(inode).flatMap { $0.item == nil ? $0 : nil }
    }

    /// Whether its maker has it open since they made it. A mode that they give it, as redis does after fsync(2), is one of their own file.
    func isBeingMade(_ inode: Inode) -> Bool {
        state.withLock { $0.files[inode] != nil || $0.made.contains(inode) }
    }

    /// What a name stands for that is not stored.
    func inode(of name: [UInt8], in parent: Inode) -> Inode? {
        state.withLock { $0.names.isEmpty ? nil : $0.names[parent]?[name] }
    }

    /// The names in a folder with what they stand for, in the order of that.
    func names(in parent: Inode) -> [(name: [UInt8], inode: Inode)] {
        let names = state.withLock { $0.names[parent] } ?? [:]
        return names.map { (name: $0.key, inode: $0.value) }.sorted { $0.inode.number < $1.inode.number }
    }

    /// The inode under which a pending file was stored: for most its own.
    func committed(_ inode: Inode) -> Inode {
        state.withLock { $0.files.isEmpty ? inode : $0.files[inode]?.item ?? inode }
    }

    /// Notes that a pending file was stored. False if it was so before, or is none.
    func commit(_ inode: Inode, as item: Inode) -> Bool {
        state.withLock { state in
            guard let file = state.files[inode], file.item == nil else { return false }
            state.removeName(of: file)
            state.files[inode]?.item = item
            state.made.insert(item)
            if inode == item { state.files[inode] = nil }
            return true
        }
    }

    /// The name was removed, or is another file's now. Who has the file open keeps it.
    func removeName(_ name: [UInt8], in parent: Inode) {
        state.withLock { state in
            guard let inode = state.names[parent]?[name], let file = state.files[inode] else { return }
            state.removeName(of: file)
        }
    }

    /// The last descriptor of it is closed.
    func remove(_ inode: Inode) {
        state.withLock { state in
            guard let file = state.files.removeValue(forKey: inode) else {
                if !state.made.isEmpty { state.made.remove(inode) }
                return
            }
            state.removeName(of: file)
            if let item = file.item { state.made.remove(item) }
        }
    }
}
