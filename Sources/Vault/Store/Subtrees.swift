// SPDX-License-Identifier: MIT

internal import Secrets

/// Subtrees: all that lies in a place, however deep.
extension StoreConnection {
    /// Every inode below one.
    func inodes(below inode: Inode) throws(VaultError) -> [Inode] {
        // Of a secret's facets only what hangs below them; `env` has nothing.
        let kinds =
            switch inode.facet {
            case .itself: "1"
            case .vars: "kind = 9"
            case .files: "kind <> 9"
            case .env: "0"
            }
        let found = try rows(
            """
            WITH RECURSIVE below (id, kind) AS (
              SELECT id, kind FROM node WHERE parent = ?1 AND id <> ?1 AND \(kinds)
              UNION ALL SELECT node.id, node.kind FROM node JOIN below ON node.parent = below.id
            ) SELECT id, kind FROM below
            """, [.integer(inode.node.rawValue)]
        ) { row -> [Inode] in
            guard let node = NodeID(rawValue: row.integer(0)) else { return [] }
            let isSecret = row.integer(1) == Int64(NodeKind.secret.rawValue)
            return [Inode(node)] + (isSecret ? Vault.facets.map { Inode(node, $0) } : [])
        }.flatMap { $0 }
        let isSecret = inode.facet == .itself ? try node(inode.node)?.kind == .secret : false
        return (isSecret ? Vault.facets.map { Inode(inode.node, $0) } : []) + found
    }

    /// The grants on a node and on all that is in it.
    func grants(inTree root: NodeID) throws(VaultError) -> [GrantRow] {
        var grants: [GrantRow] = []
        for node in try tree(root) { grants += try self.grants(onNode: node) }
        return grants
    }

    /// The deleted nodes that were in a folder, in anything in it, or in something deleted from there: the tops of what can be restored.
    func deletedBelow(_ folder: NodeID) throws(VaultError) -> [NodeID] {
        var roots = [folder]
        var deleted: [NodeID] = []
        // These are taken from rows that nobody has verified: they may lie in circles.
        var known: Set<NodeID> = [folder]
        while let root = roots.popLast() {
            for id in try tree(root) {
                for gone in try deletedFrom(id) where known.insert(gone).inserted {
                    roots.append(gone)
                    deleted.append(gone)
                }
            }
        }
        return deleted
    }
}
