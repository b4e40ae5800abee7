// SPDX-License-Identifier: MIT

/// The way up from a process to those that it descends from.
///
/// A link of the line, child and parent, is taken for true if the kernel named the parent again after that was held. It stays true until
/// the parent ends, and links are kept as long as somebody holds the parent. At the end of each walk one call asks whether anybody on the
/// line has ended: if nobody has, all the links held at once when the call was made. A process that is dying counts as there until its
/// last thread has ended, though the kernel may have given its children to another before.
final class Ancestors: Sendable {
    /// Processes that are held for the next walk: two descriptors each. A line more than these may be held for a while. Nobody else who
    /// holds a process holds its ancestors by it.
    private static let capacity = 256
    /// Processes on a line, at most.
    static let longest = 256
    /// Walks of one call: each is spoilt by an ancestor's end.
    private static let attempts = 16

    struct Line {
        /// The process, its parent, and so on.
        fileprivate(set) var processes: [HeldProcess]
        /// Whether the last of them is a root. Else it is one that nothing is above.
        fileprivate(set) var reachesRoot = false
        /// Whether something of it was not known before.
        fileprivate var isNew = false
    }

    private let held = Guarded<[Int32: HeldProcess]>([:])

    /// Walks from a process to the first root, itself included. The number must be the process's own during the call, because one of
    /// its threads waits for the caller.
    ///
    /// `root` gives the root of a number; it must have been held before the call. One that has ended is none.
    /// Throws `noSuchProcess` where there is no such process, `tooManyLinks` for a line that is too long, `again` if ancestors end
    /// faster than they can be looked at, and what pidfd_open(2) does.
    func line(from id: Int32, to root: (Int32) -> HeldProcess?) throws(Errno) -> Line {
        try settle(root) { () throws(Errno) in
            if let known = Self.alive(root(id)) ?? kept(id) { return known }
            let process = try HeldProcess.open(id)
            held.withLock { Self.add([process], to: &$0) }
            return process
        }
    }

    /// As `line(from:to:)`, of a process that is held. Throws `noSuchProcess` also if it has ended.
    func line(from process: HeldProcess, to root: (Int32) -> HeldProcess?) throws(Errno) -> Line {
        try settle(root) { () throws(Errno) in
            if process.hasEnded { throw .noSuchProcess }
            // Both held, neither ended: the same process, and the root is what the walk knows.
            return Self.alive(root(process.id)) ?? process
        }
    }

    private func settle(
        _ root: (Int32) -> HeldProcess?, from first: () throws(Errno) -> HeldProcess
    ) throws(Errno) -> Line {
        for _ in 0..<Self.attempts {
            var line = Line(processes: [try first()])
            do throws(Errno) {
                try climb(&line, to: root)
                if try HeldProcess.firstEnded(of: line.processes) == nil {
                    if line.isNew { remember(line) }
                    return line
                }
            } catch .noSuchProcess {
                // Somebody on the line was waited for, or has another parent now. Whoever it was is known as ended from here on.
                _ = try HeldProcess.firstEnded(of: line.processes)
            }
        }
        throw .again
    }

    private func climb(_ line: inout Line, to root: (Int32) -> HeldProcess?) throws(Errno) {
        var child = line.processes[0]
        line.reachesRoot = Self.alive(root(child.id)) === child
        while !line.reachesRoot {
            guard let (parent, isRoot) = try parent(of: child, root, &line.isNew) else { return }
            guard line.processes.count < Self.longest else { throw .tooManyLinks }
            line.processes.append(parent)
            line.reachesRoot = isRoot
            child = parent
        }
    }

    private func parent(
        of child: HeldProcess, _ root: (Int32) -> HeldProcess?, _ isNew: inout Bool
    ) throws(Errno) -> (parent: HeldProcess, isRoot: Bool)? {
        switch child.remembered {
        case .nothing?: return nil
        case .parent(let parent)? where !parent.isKnownEnded:
            guard let known = Self.alive(root(parent.id)) else { return (parent, false) }
            if known === parent { return (parent, true) }
        // A root that has the number by now: asked for, not taken for the same.
        default: break
        }
        isNew = true
        let id = try child.parent()
        guard id > 0 else { return nil }
        let known = Self.alive(root(id))
        let parent = if let held = known ?? kept(id) { held } else { try HeldProcess.open(id) }
        guard try child.parent() == id else { throw .noSuchProcess }
        return (parent, known != nil)
    }

    private func kept(_ id: Int32) -> HeldProcess? {
        Self.alive(held.withLock { $0[id] })
    }

    private static func alive(_ process: HeldProcess?) -> HeldProcess? {
        process.flatMap { $0.isKnownEnded ? nil : $0 }
    }

    private func remember(_ line: Line) {
        for (child, parent) in zip(line.processes, line.processes.dropFirst()) { child.remember(.parent(parent)) }
        if !line.reachesRoot { line.processes.last?.remember(.nothing) }
        // Roots are held by who has them.
        held.withLock { Self.add(line.reachesRoot ? line.processes.dropLast() : line.processes[...], to: &$0) }
    }

    private static func add(_ processes: ArraySlice<HeldProcess>, to held: inout [Int32: HeldProcess]) {
        if held.count + processes.count > capacity { held.removeAll(keepingCapacity: true) }
        for process in processes { held[process.id] = process }
    }
}
