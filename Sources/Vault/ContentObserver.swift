package import Linux
package import Secrets
internal import Synchronization

/// Who keeps copies of what can be read, and must know of a change before anybody can read what it came to.
///
/// Each `willChange` is followed by `didChange` or `didNotChange`, once for the transaction.
package protocol ContentObserver: Sendable {
    /// What is read of `inode` is about to change: called in the transaction of the change, once for each inode, by a thread that
    /// may wait. It should return by the deadline, which is the transaction's.
    func willChange(_ inode: Inode, until deadline: Deadline)
    /// The change is committed, and not yet acknowledged.
    func didChange(_ inodes: Set<Inode>)
    /// The change was rolled back.
    func didNotChange(_ inodes: Set<Inode>)
}

/// What one transaction changes of what can be read, as it goes on.
struct ContentChange {
    /// For how long a transaction waits in all for those who still look at what it changes. Seconds.
    private static let patience = 0.1

    private let contents: ContentsCache
    private let changes: NodeChanges
    private let observer: (any ContentObserver)?
    private var inodes: Set<Inode> = []
    private var nodes: Set<NodeID> = []
    private var deadline: Deadline?

    init(_ contents: ContentsCache, _ changes: NodeChanges, observer: (any ContentObserver)?) {
        self.contents = contents
        self.changes = changes
        self.observer = observer
    }

    mutating func include(_ node: NodeID) { nodes.insert(node) }

    mutating func include(_ inode: Inode) {
        nodes.insert(inode.node)
        guard inodes.insert(inode).inserted else { return }
        contents.beginChange(of: inode)
        guard let observer else { return }
        let deadline = deadline ?? Deadline(after: Self.patience)
        self.deadline = deadline
        observer.willChange(inode, until: deadline)
    }

    /// The transaction has ended.
    func end(committed: Bool) {
        // Before the observer is told: from then on what is read is kept as new.
        contents.endChange(of: inodes)
        if committed { changes.note(nodes) }
        if committed { observer?.didChange(inodes) } else { observer?.didNotChange(inodes) }
    }
}

extension Vault {
    /// Has `observer` told of every change of contents from now on. To be called before the first.
    package func observe(_ observer: any ContentObserver) {
        store.observer.withLock { $0 = observer }
    }
}
