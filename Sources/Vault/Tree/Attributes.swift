// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// The attributes of a place that stat(2) gives, the same for every caller.
package struct PlaceAttributes: Sendable {
    package enum Form: Sendable { case folder, item, link }

    package let inode: Inode
    package let form: Form
    /// The permission bits; the group bits are the mask of the ACL, or none without one.
    package let permissions: UInt16
    package let uid: UInt32
    /// Bytes of the value; 0 for folders.
    package let size: Int64
    /// Microseconds since the epoch: when the value, or the set of what is in a folder, last changed.
    package let changed: Int64
    /// The time that was given for it since. Nanoseconds since the epoch; nil if none was.
    package let modified: Int64?

    package init(
        inode: Inode, form: Form, permissions: UInt16, uid: UInt32, size: Int64, changed: Int64, modified: Int64? = nil
    ) {
        self.inode = inode
        self.form = form
        self.permissions = permissions
        self.uid = uid
        self.size = size
        self.changed = changed
        self.modified = modified
    }
}

extension Vault {
    /// How many principals with grants below a folder are looked for: one more than an ACL can name, and it lets everyone pass.
    private static let mostPassing = PosixACL.maximumNamed + 1

    /// The attributes of an inode; throws `notFound`. Never decrypts: the row keeps the lengths.
    package func attributes(of inode: Inode) throws(VaultError) -> PlaceAttributes {
        switch inode {
        case .userLink, .jobLink:
            return PlaceAttributes(
                inode: inode, form: .link, permissions: 0o777, uid: configuration.ownerUID, size: 0, changed: store.identity.created)
        case .jobs:
            // As `.users`: all pass, and nothing is to be listed.
            return PlaceAttributes(
                inode: inode, form: .folder, permissions: 0o701, uid: configuration.ownerUID, size: 0, changed: store.identity.created)
        default: break
        }
        let place = try place(inode)
        return try store.read { store throws(VaultError) in try self.attributes(of: place, in: store) }
    }

    /// The attributes of an item that is being created and has no row yet.
    package func attributes(ofNew item: Inode, in parent: Inode) throws(VaultError) -> PlaceAttributes {
        let subject = try subject(ofNewItemIn: parent)
        return PlaceAttributes(
            inode: item, form: .item, permissions: shownMode(subject), uid: owner(of: subject), size: 0, changed: store.identity.created)
    }

    /// The subject of decisions about an item that is being created: all that it inherits.
    func subject(ofNewItemIn parent: Inode) throws(VaultError) -> Subject {
        let place = try place(parent)
        let kind: NodeKind = parent.facet == .vars ? .variable : .file
        return Subject(realm: place.subject.realm, kind: kind, facet: .itself, levels: [[]] + place.subject.levels)
    }

    func attributes(of place: Place, in store: StoreConnection) throws(VaultError) -> PlaceAttributes {
        guard let node = try store.nodeOrHome(place.inode.node) else { throw .notFound }
        let size =
            switch place.inode.facet {
            case .env: try store.environmentLength(of: node)
            case .itself where node.kind.isItem: node.length
            default: Int64(0)
            }
        let passing = place.isFolder ? try passing(place, in: store) : []
        return PlaceAttributes(
            inode: place.inode, form: place.isFolder ? .folder : .item,
            permissions: shownMode(place.subject, below: passing), uid: owner(of: place.subject), size: size, changed: node.changed,
            modified: node.modified)
    }

    private func shownMode(_ subject: Subject, below: [Principal] = []) -> UInt16 {
        Secrets.shownMode(subject, below: below, memberships: memberships(of: subject), storeOwner: configuration.ownerUID)
    }

    /// The principals with a grant somewhere below a folder, which lets them pass it.
    func passing(_ place: Place, in store: StoreConnection) throws(VaultError) -> [Principal] {
        guard case .tree = place.subject.realm, place.inode != .root else { return [] }
        return try store.passing(below: place.inode, limit: Self.mostPassing).map(\.grant.principal)
    }

    /// The uid shown as the owner: who holds `manage` granted nearest, else the owner of the store.
    func owner(of subject: Subject) -> UInt32 {
        shownOwner(subject, storeOwner: configuration.ownerUID)
    }

    /// The folder that the store's file is in, for statfs(2).
    package var storeFolder: String { FileDescriptor.folder(of: configuration.storePath) }

    /// The file system's sizes, for statfs(2): how many nodes there are.
    package func nodeCount() throws(VaultError) -> Int64 {
        try store.read { store throws(VaultError) in try store.nodeCount() }
    }
}
