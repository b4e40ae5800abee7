// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// The recorder of a transaction: what it has changed so far.
struct ChangeRecorder {
    private let caches: Caches
    fileprivate(set) var changes = ChangeSet()
    /// Places below which everything may be another, to be looked up at the end.
    fileprivate var subtrees: Set<Inode> = []
    /// The growth of homes by the change.
    var homes = HomeChanges()

    init(_ caches: Caches) {
        self.caches = caches
    }

    /// The change is undone and made again. What was to become of contents is kept: whoever was told of that is to be told what it came to.
    mutating func restart() {
        let contents = changes.contents
        changes = ChangeSet()
        changes.contents = contents
        subtrees = []
        homes = HomeChanges()
    }

    fileprivate mutating func noteContents(of inode: Inode) {
        changes.nodes.insert(inode.node)
        guard changes.contents.insert(inode).inserted else { return }
        caches.willChange(inode)
    }
}

/// Recording what is written. Only functions of this folder that write rows call these: whoever changes something has nothing to tell.
extension StoreConnection {
    private func record(_ body: (inout ChangeRecorder) -> Void) {
        guard var recorder else { return }
        // Else recording would copy all that is recorded already.
        self.recorder = nil
        body(&recorder)
        self.recorder = recorder
    }

    /// The events of the change, as the verb that made it reports them.
    func record(_ events: [ChangeEvent]) {
        record { $0.changes.events += events }
    }

    func recordInsertion(of node: NodeRow) {
        record {
            $0.changes.inodes.formUnion(Self.shown(node))
            // A home has a place before it has a row.
            if node.kind == .home { $0.changes.changesPlaces = true }
        }
    }

    func recordUpdate(of old: NodeRow, to new: NodeRow) throws(VaultError) {
        let isMoved = old.parent != new.parent
        let isRenamed = isMoved || old.name != new.name
        let name = isRenamed && !old.isDeleted ? EntryName(old.name, in: try folder(of: old)) : nil
        record {
            $0.changes.inodes.formUnion(Self.shown(new))
            if old.policy != new.policy || isRenamed { $0.changes.changesPlaces = true }
            if isRenamed { $0.changes.nodes.insert(new.id) }
            // Everything in it inherits from other folders now.
            if isMoved { $0.subtrees.insert(Inode(new.id)) }
            if let name { $0.changes.names.insert(name) }
        }
        guard old.isDeleted != new.isDeleted else { return }
        for inode in try [Inode(new.id)] + inodes(below: Inode(new.id)) { recordContents(of: inode) }
    }

    /// Records that the contents of an inode change.
    func recordContents(of inode: Inode) {
        record { $0.noteContents(of: inode) }
    }

    /// Records that a node's contents, name or place change, but not the bytes that are read of it.
    func recordChange(in node: NodeID) {
        record { $0.changes.nodes.insert(node) }
    }

    /// To be called before the rows go.
    func recordRemoval(of node: NodeRow) throws(VaultError) {
        guard !node.isDeleted else { return }
        let name = EntryName(node.name, in: try folder(of: node))
        record { $0.changes.names.insert(name) }
    }

    func recordDestruction(of node: NodeID, kind: NodeKind?) {
        record {
            $0.changes.changesPlaces = true
            $0.changes.inodes.formUnion(Self.shown(node, kind))
        }
    }

    func recordDestruction(of versions: [Int64]) {
        guard !versions.isEmpty else { return }
        record { $0.changes.destroyed += versions }
    }

    /// Records that the grants on a place change, and so those that count for all below it.
    func recordGrant(on subject: Inode) {
        record {
            $0.changes.changesPlaces = true
            $0.subtrees.insert(subject)
            // A user who may read all variables may read them in one piece.
            if subject.facet == .vars { $0.changes.inodes.insert(Inode(subject.node, .env)) }
        }
    }

    /// Whom a grant further down lets pass is another in these.
    func recordPassage(_ inodes: [Inode]) {
        record { $0.changes.inodes.formUnion(inodes) }
    }

    /// Ends the record, in the transaction still.
    func finishRecord() throws(VaultError) {
        for inode in recorder?.subtrees ?? [] {
            let below = try inodes(below: inode)
            record {
                $0.changes.inodes.insert(inode)
                $0.changes.inodes.formUnion(below)
            }
        }
    }

    /// The inodes under which a node is shown: of a secret all four, since they share its time.
    private static func shown(_ node: NodeRow) -> [Inode] { shown(node.id, node.kind) }

    private static func shown(_ node: NodeID, _ kind: NodeKind?) -> [Inode] {
        kind == .secret ? [Inode(node)] + Vault.facets.map { Inode(node, $0) } : [Inode(node)]
    }

    /// The folder that shows a node.
    private func folder(of node: NodeRow) throws(VaultError) -> Inode {
        switch node.kind {
        case .variable: Inode(node.parent, .vars)
        case .file, .folder: try self.node(node.parent)?.kind == .secret ? Inode(node.parent, .files) : Inode(node.parent)
        default: Inode(node.parent)
        }
    }
}
