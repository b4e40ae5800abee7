// SPDX-License-Identifier: MIT

package import Secrets

/// The name of an item in its secret: `vars/NAME`, or `files/a/b`.
struct ItemPath: Hashable {
    let facet: Facet
    /// The folders below `files`, from the top.
    let folders: [[UInt8]]
    let name: [UInt8]

    /// Reads what `bytes` gives. Throws `invalidName`.
    init(_ bytes: [UInt8]) throws(VaultError) {
        try self.init(bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) })
    }

    init(_ components: [[UInt8]]) throws(VaultError) {
        let names = components.dropFirst()
        guard let name = names.last, let facet = [Facet.vars, .files].first(where: { $0.name == components.first }) else {
            throw .invalidName("an item of a secret is named vars/NAME or files/PATH")
        }
        if facet == .vars, names.count > 1 { throw .notPermitted("vars holds variables, no folders") }
        for name in names { try Name.checking(name, as: facet == .vars ? .variable : .fileComponent) }
        self.facet = facet
        self.folders = Array(names.dropLast())
        self.name = name
    }

    var kind: NodeKind { facet == .vars ? .variable : .file }
    var components: [[UInt8]] { [facet.name ?? []] + folders + [name] }
    var bytes: [UInt8] { Array(components.joined(separator: [UInt8(ascii: "/")])) }
}

extension Place {
    /// The names below the secret: `vars`, `NAME`. Empty for the secret itself and what is above it.
    var inSecret: [[UInt8]] {
        if inode.facet != .itself { return Array(path.suffix(1)) }
        guard let depth = above.firstIndex(where: { $0.facet != .itself }) else { return [] }
        return Array(path.suffix(depth + 2))
    }

    /// The place as a reference, exactly.
    var exactReference: Reference { Reference(components: path) }
}

extension StoreConnection {
    /// The inode that a reference names; nil if there is none. Nobody is asked whether they may.
    func find(_ components: [[UInt8]], for caller: Caller) throws(VaultError) -> Inode? {
        var inode = Inode.root
        var kind = NodeKind.root
        for (index, name) in components.enumerated() {
            if index == 0, name == TreeName.user {
                (inode, kind) = (Inode(NodeID(home: caller.uid)), .home)
            } else if kind == .users {
                guard let home = Vault.home(named: name) else { return nil }
                (inode, kind) = (Inode(home), .home)
            } else if kind == .secret, inode.facet == .itself {
                guard let facet = Vault.facets.first(where: { $0.name == name }) else { return nil }
                inode = Inode(inode.node, facet)
            } else {
                guard inode.facet != .env, kind.isFolder,
                    let child = try child(of: inode.node, named: name, variable: inode.facet == .vars), child.id != inode.node
                else { return nil }
                (inode, kind) = (Inode(child.id), child.kind)
            }
        }
        return inode
    }

    /// All items in a secret, in one of its folders, or the one at the place: by the names in their secret, variables first.
    func items(in place: Place) throws(VaultError) -> [(name: [[UInt8]], node: NodeRow)] {
        guard let node = try node(place.inode.node) else { throw .notFound }
        if node.kind.isItem { return [(place.inSecret, node)] }
        var items: [(name: [[UInt8]], node: NodeRow)] = []
        if node.kind == .secret, place.inode.facet != .files {
            for variable in try children(of: node.id, kind: .variable) { items.append(([Facet.vars.name ?? [], variable.name], variable)) }
        }
        var folders: [(name: [[UInt8]], id: NodeID)] = []
        switch (node.kind, place.inode.facet) {
        case (.secret, .itself), (.secret, .files): folders.append(([Facet.files.name ?? []], node.id))
        case (.folder, _): folders.append((place.inSecret, node.id))
        default: break
        }
        while let folder = folders.popLast() {
            for file in try children(of: folder.id, kind: .file) { items.append((folder.name + [file.name], file)) }
            for below in try children(of: folder.id, kind: .folder) { folders.append((folder.name + [below.name], below.id)) }
        }
        return items.sorted { left, right in
            let (first, second) = (left.node.kind == .variable, right.node.kind == .variable)
            return first == second ? Self.precedes(left.name, right.name) : first
        }
    }

    private static func precedes(_ left: [[UInt8]], _ right: [[UInt8]]) -> Bool {
        for (left, right) in zip(left, right) where left != right { return left.lexicographicallyPrecedes(right) }
        return left.count < right.count
    }
}

extension Vault {
    /// The secret and the item that a reference names, by its form: `acme/web/db` and `vars/A`. The item is nil for the secret itself;
    /// nothing is there to split above a secret.
    package static func split(_ reference: Reference) -> (secret: Reference, item: [UInt8]?)? {
        let depth = reference.components.first == TreeName.user ? 2 : 3
        guard reference.components.count >= depth else { return nil }
        let item = reference.components.dropFirst(depth)
        return (
            Reference(components: Array(reference.components.prefix(depth))),
            item.isEmpty ? nil : Array(item.joined(separator: [UInt8(ascii: "/")]))
        )
    }

    /// The place of an inode as a reference. Throws `notFound`.
    package func reference(of inode: Inode) throws(VaultError) -> Reference { try place(inode).exactReference }
}
