// SPDX-License-Identifier: MIT

// Open this file for what a caller is inside of, then Ancestors.swift and CgroupTree.swift.

/// Processes and control groups whose insides are told from everybody else, each with a label.
///
/// Inside of a process are itself and all that descend from it, as long as it has not ended; those whose parent ended belong to the
/// nearest ancestor that asked for them (`PR_SET_CHILD_SUBREAPER` of prctl(2)), so it does well to ask. Inside of a control group is who
/// sits in it or below.
///
/// The cost of a question depends on how far up the enclosure is, and not on how many there are.
package final class Enclosures<Label: Sendable>: Sendable {
    private struct Root {
        let process: HeldProcess
        let label: Label
    }

    private struct State {
        var roots: [Int32: Root] = [:]
        var cgroups: [UInt64: Label] = [:]
    }

    private let state = Guarded(State())
    private let ancestors = Ancestors()
    private let tree: CgroupTree?
    private let isOver: @Sendable (Label) -> Bool

    /// `tree`: that of the control groups which will be added; nil for none. `isOver`: whether what a label stands for is over: nobody is
    /// inside of it then, removed or not.
    package init(_ tree: CgroupTree?, isOver: @escaping @Sendable (Label) -> Bool = { _ in false }) {
        self.tree = tree
        self.isOver = isOver
    }

    /// Whether there is none.
    package var isEmpty: Bool { state.withLock { $0.roots.isEmpty && $0.cgroups.isEmpty } }

    /// Makes a process a root. Throws `exists` if it is one, `noSuchProcess` if it has ended.
    package func add(_ process: HeldProcess, _ label: Label) throws(Errno) {
        guard !process.hasEnded else { throw .noSuchProcess }
        try state.withLock { state throws(Errno) in
            if let known = state.roots[process.id], !known.process.hasEnded { throw .exists }
            state.roots[process.id] = Root(process: process, label: label)
        }
    }

    /// Makes a process no root, if it is one by this object and its label is one that `isMeant`. Returns whether it was.
    @discardableResult
    package func remove(_ process: HeldProcess, where isMeant: (Label) -> Bool = { _ in true }) -> Bool {
        state.withLock { state in
            guard let root = state.roots[process.id], root.process === process, isMeant(root.label) else { return false }
            state.roots[process.id] = nil
            return true
        }
    }

    /// Makes a control group an enclosure, at once in the place of one whose label `isReplaced`, and returns that. Throws `exists` if it
    /// is another.
    @discardableResult
    package func add(_ cgroup: Cgroup, _ label: Label, where isReplaced: (Label) -> Bool = { _ in false }) throws(Errno) -> Label? {
        try state.withLock { state throws(Errno) in
            let known = state.cgroups[cgroup.id]
            if let known, !isReplaced(known) { throw .exists }
            state.cgroups[cgroup.id] = label
            return known
        }
    }

    /// Makes a control group no enclosure, if its label is one that `isMeant`.
    package func remove(_ cgroup: Cgroup, where isMeant: (Label) -> Bool = { _ in true }) {
        state.withLock { state in
            if state.cgroups[cgroup.id].map(isMeant) == true { state.cgroups[cgroup.id] = nil }
        }
    }

    /// The innermost enclosure of a thread that waits for an answer; nil if it is in none, and for a foreign one: thread or process 0.
    ///
    /// Nobody is outside for want of knowledge: throws what `Ancestors` and `CgroupTree` do.
    package func innermost(thread: Int32, process: Int32) throws(Errno) -> Enclosure<Label>? {
        guard thread > 0, process > 0 else { return nil }
        return try innermost { root throws(Errno) in
            try ancestors.line(from: process, to: root)
        } groups: { tree throws(Errno) in
            [try tree.groups(ofThread: thread)]
        } held: { () throws(Errno) in
            try HeldProcess.open(process)
        }
    }

    /// As `innermost(thread:process:)`, of a process that need not wait, by all of its threads that can run. Throws `noSuchProcess` if it
    /// has ended, and `accessDenied` if some of its threads are in another control group's enclosure than others.
    package func innermost(_ process: HeldProcess) throws(Errno) -> Enclosure<Label>? {
        try innermost { root throws(Errno) in
            try ancestors.line(from: process, to: root)
        } groups: { tree throws(Errno) in
            try tree.groups(of: process)
        } held: {
            process
        }
    }

    /// `line`: the caller's, up to a root; `groups`: those that its threads are in; `held`: its process. Each is asked for where it
    /// matters.
    private func innermost(
        _ line: (_ root: (Int32) -> HeldProcess?) throws(Errno) -> Ancestors.Line,
        groups: (CgroupTree) throws(Errno) -> [[UInt64]], held: () throws(Errno) -> HeldProcess
    ) throws(Errno) -> Enclosure<Label>? {
        let state = state.withLock { $0 }
        var nearest: Enclosure<Label>?
        if !state.roots.isEmpty {
            nearest = Self.enclosure(try line { state.roots[$0].flatMap { isOver($0.label) ? nil : $0.process } }, state)
        }
        guard !state.cgroups.isEmpty else { return nearest }
        guard let tree else { throw .noSystemCall }
        // Of the nearest root and the deepest control group the inner one: the root, if it sits in the group itself.
        let place = try Self.common(
            try groups(tree).map { groups in groups.last { state.cgroups[$0].map { !isOver($0) } == true } })
        guard let deepest = place, let label = state.cgroups[deepest] else { return nearest }
        if let nearest, let root = nearest.line.last, try Self.common(try tree.groups(of: root).map({ $0.contains(deepest) })) {
            return nearest
        }
        let caller = if let first = nearest?.line.first { first } else { try held() }
        return Enclosure(label: label, line: [caller])
    }

    /// The finding that is the same for all threads of a process. Throws `accessDenied` if it is not.
    private static func common<Found: Equatable>(_ found: [Found]) throws(Errno) -> Found {
        guard let first = found.first, found.allSatisfy({ $0 == first }) else { throw .accessDenied }
        return first
    }

    private static func enclosure(_ line: Ancestors.Line, _ state: State) -> Enclosure<Label>? {
        guard line.reachesRoot, let last = line.processes.last, let root = state.roots[last.id] else { return nil }
        return Enclosure(label: root.label, line: line.processes)
    }
}

/// The enclosure that a caller is inside of.
package struct Enclosure<Label: Sendable>: Sendable {
    /// The label with which the root or the control group was added.
    package let label: Label
    /// From the caller's process to the root; the caller's alone in a control group, which has no root.
    let line: [HeldProcess]

    /// The processes from the root down to the caller's, at most `limit` of them, 2 at least: the root, and those nearest to the caller.
    package func lineage(limit: Int) -> Lineage {
        let nearest = line.prefix(line.count > limit ? max(limit, 2) - 1 : line.count)
        let root = nearest.count < line.count ? line.suffix(1) : []
        return Lineage(
            members: (nearest + root).reversed().map { Lineage.Member(id: $0.id, comm: (try? $0.comm()) ?? []) },
            omitted: line.count - nearest.count - root.count)
    }
}

/// How a caller descends from a root.
package struct Lineage: Equatable, Sendable {
    /// A process on the way.
    package struct Member: Equatable, Sendable {
        /// Number of the process.
        package let id: Int32
        /// Its name, as `ps` shows it: bytes of any kind, of its own choice. Empty if it is gone.
        package let comm: [UInt8]

        package init(id: Int32, comm: [UInt8]) {
            self.id = id
            self.comm = comm
        }
    }

    /// From the root to the caller.
    package let members: [Member]
    /// How many are left out, between the first and the second.
    package let omitted: Int

    package init(members: [Member], omitted: Int) {
        self.members = members
        self.omitted = omitted
    }
}
