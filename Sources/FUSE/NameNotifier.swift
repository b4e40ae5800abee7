// SPDX-License-Identifier: MIT

internal import Linux

/// The threads that make the kernel forget names.
///
/// That takes the folder's lock, which a user can hold for as long as they like: by reading the folder into memory whose pages a
/// file system of their own serves, and does not. So each folder has a queue of its own, and a thread to itself while something is
/// in it; nobody waits for a folder beyond a deadline, nor at all for one that is known to hang; and of the threads no user has
/// more than a few. What could not be forgotten in time is when the lock is free.
final class NameNotifier: Sendable {
    typealias Forget = @Sendable ([Invalidation]) -> Void

    /// Threads at the same time: as many folders may hang before others wait.
    static let most = 64
    /// Folders that may hang with the changes of one user.
    static let mostOfOne = 8
    /// Names of one folder that wait. Those beyond are forgotten when they are used: what they stood for is gone, and its inode too.
    static let mostNames = 4096

    fileprivate struct Folder {
        var names: Set<[UInt8]> = []
        /// How often something was added, and how much of that is done.
        var added: UInt64 = 0
        var done: UInt64 = 0
        var isBusy = false
        /// Whether somebody has waited for it in vain.
        var hangs = false
        /// The user whose change made it wait first.
        var uid: UInt32?
        /// Whether its thread counts to that user. Not one that hangs: it is another user who stalls it.
        var isCounted = false
    }

    fileprivate struct State {
        var folders: [UInt64: Folder] = [:]
        /// Folders that have names and no thread.
        var ready: [UInt64] = []
        /// Folders that have a thread which counts, by user.
        var busy: [UInt32?: Int] = [:]
        var running = 0
        var idle = 0
        var isFinishing = false
    }

    private let state = Monitor(State())
    /// Kept in the threads' own file tables: see `Notifier`.
    private let descriptor: Int32

    init(keeping descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Has names forgotten, soon.
    ///
    /// - Parameter uid: the user whose change it was; nil if that is not known.
    func submit(_ entries: [Invalidation], by uid: UInt32?, _ forget: @escaping Forget) {
        _ = add(entries, by: uid, forget)
    }

    /// Has names forgotten, and returns when they are, or when there is no more waiting for that.
    func perform(_ entries: [Invalidation], by uid: UInt32?, until deadline: Deadline, _ forget: @escaping Forget) {
        let added = add(entries, by: uid, forget)
        guard !added.isEmpty else { return }
        let isDone = state.wait(until: deadline, quietly: true) { state -> Bool? in
            // Only what has a thread, and does not hang, is waited for.
            let isPending = added.contains { parent, number in
                guard let folder = state.folders[parent], folder.done < number, !folder.hangs else { return false }
                return folder.isBusy || state.mayHaveThread(folder)
            }
            return isPending ? nil : true
        }
        guard isDone == nil else { return }
        state.change { state in
            for (parent, number) in added where state.folders[parent].map({ $0.done < number }) == true { state.noteHanging(parent) }
        }
    }

    /// Ends the threads when they have done what was submitted.
    ///
    /// - Returns: false if they have not by then.
    func finish(until deadline: Deadline) -> Bool {
        state.change { $0.isFinishing = true }
        return state.wait(until: deadline) { $0.running == 0 ? true : nil } ?? false
    }

    /// For tests: how many folders have something to be forgotten.
    var pendingFolders: Int { state.change { $0.folders.count } }

    /// - Returns: the folders, and the number up to which each must be done.
    private func add(_ entries: [Invalidation], by uid: UInt32?, _ forget: @escaping Forget) -> [(UInt64, UInt64)] {
        guard !entries.isEmpty else { return [] }
        let (added, wanted) = state.change { state -> ([(UInt64, UInt64)], Int) in
            guard !state.isFinishing else { return ([], 0) }
            var parents: [UInt64] = []
            for case .entry(let parent, let name) in entries {
                var folder = state.folders[parent] ?? Folder(uid: uid)
                if folder.names.count < Self.mostNames { folder.names.insert(name) }
                if !parents.contains(parent) {
                    parents.append(parent)
                    folder.added += 1
                    if !folder.isBusy, !state.ready.contains(parent) { state.ready.append(parent) }
                }
                state.folders[parent] = folder
            }
            let wanted = min(max(state.ready.count - state.idle, 0), Self.most - state.running)
            state.running += wanted
            return (parents.map { ($0, state.folders[$0]?.added ?? 0) }, wanted)
        }
        for _ in 0..<wanted {
            do throws(Errno) {
                try DetachedThread.start(keepingOnly: [descriptor]) { self.run(forget) }
            } catch {
                state.change { $0.running -= 1 }
            }
        }
        return added
    }

    private func run(_ forget: Forget) {
        while let (parent, names, number) = next() {
            forget(names.map { .entry(parent: parent, name: $0) })
            state.change { $0.finish(parent, number) }
        }
    }

    /// - Returns: nil at the end.
    private func next() -> (parent: UInt64, names: Set<[UInt8]>, number: UInt64)? {
        state.change { $0.idle += 1 }
        let next = state.wait { state -> (UInt64, Set<[UInt8]>, UInt64)?? in
            if let next = state.take() { return next }
            return state.isFinishing && state.ready.isEmpty ? .some(nil) : nil
        }
        return state.change { state in
            state.idle -= 1
            if next ?? nil == nil { state.running -= 1 }
            return next ?? nil
        }
    }
}

extension NameNotifier.State {
    /// Whether there is a thread for a folder that has none, or can be.
    fileprivate func mayHaveThread(_ folder: NameNotifier.Folder) -> Bool {
        busy[folder.uid, default: 0] < NameNotifier.mostOfOne && (idle > 0 || running < NameNotifier.most)
    }

    /// The first folder that is ready, of a user who may have another thread.
    fileprivate mutating func take() -> (UInt64, Set<[UInt8]>, UInt64)? {
        let index = ready.firstIndex { parent in busy[folders[parent]?.uid, default: 0] < NameNotifier.mostOfOne }
        guard let index else { return nil }
        let parent = ready.remove(at: index)
        guard var folder = folders[parent] else { return nil }
        defer { folders[parent] = folder }
        folder.isBusy = true
        folder.isCounted = true
        busy[folder.uid, default: 0] += 1
        defer { folder.names = [] }
        return (parent, folder.names, folder.added)
    }

    fileprivate mutating func noteHanging(_ parent: UInt64) {
        guard var folder = folders[parent] else { return }
        folder.hangs = true
        uncount(&folder)
        folders[parent] = folder
    }

    private mutating func uncount(_ folder: inout NameNotifier.Folder) {
        guard folder.isCounted else { return }
        folder.isCounted = false
        let left = busy[folder.uid, default: 1] - 1
        busy[folder.uid] = left > 0 ? left : nil
    }

    fileprivate mutating func finish(_ parent: UInt64, _ number: UInt64) {
        guard var folder = folders[parent] else { return }
        uncount(&folder)
        folder.isBusy = false
        folder.hangs = false
        folder.done = number
        if folder.names.isEmpty {
            folders[parent] = nil
        } else {
            folders[parent] = folder
            ready.append(parent)
        }
    }
}
