// SPDX-License-Identifier: MIT

/// The tree as a file system: FUSE operations in terms of the vault.
///
/// Open this file first. It knows what an inode means and what a system call promises; of keys, rows and grants it knows
/// nothing: `Vault` decides, logs and does. One file per family of operations: `Names` (lookup, folders, links), `Listing`,
/// `Reading`, `Writing`, `FileAttributes`, `ExtendedAttributes` (ACLs). `Writer` holds the rules of writing. What a job finds in its own
/// folder is all in `JobFolders`, to where each operation leads that comes with a number of a `JobNode`.
///
/// `Openings` says how the bytes get to a reader: by the kernel alone, or by requests.
///
/// Words: a *reader* is an open file that shows one version, a *writer* one with bytes on their way to the next.
/// A *pending file* is one that was created, and of which nothing is stored yet: `PendingFiles`.
package import FUSE
package import Linux
internal import Secrets
package import Vault

package final class SecretFileSystem: FileSystem {
    let vault: Vault
    let handles: Handles
    let pendingFiles = PendingFiles()
    let formerFiles = FormerFiles()
    let absentParts = AbsentParts()
    let recentWriters = RecentWriters()
    let openings: Openings
    let session: Session

    /// How long the kernel keeps names and attributes, in seconds. As long as it likes: whatever changes is invalidated before
    /// the change is acknowledged, and they are the same for every caller.
    static let timeout: Double = 86_400
    /// The same of a folder's attributes that come with its name.
    private static let entryTimeout: Double = 1
    /// `nogroup`: no process that matters is in it, so that the group bits of a mode are but the mask of the ACL.
    static let group: UInt32 = 65_534

    /// - Parameters:
    ///   - session: that will serve it.
    ///   - lingering: for how long after its last close a value is kept for the kernel, in milliseconds.
    /// - Throws: EAGAIN if there are too many threads.
    package init(vault: Vault, session: Session, lingering: Int = usualLingering) throws(Errno) {
        self.vault = vault
        self.session = session
        handles = Handles(
            limit: vault.shares.handles, isLimited: { vault.isLimited($0) }, locked: vault.shares.locked, lockable: Shares.lockable)
        openings = Openings(session, lingering: lingering, largest: Self.backed / 8)
        try openings.start()
        vault.observe(KernelObserver(openings, session))
    }

    /// Bytes of memory for what the kernel reads by itself: a part of what may be locked, since it is never swapped either.
    package static let backed = min(Shares.lockable / 4, 128 << 20)

    package static let usualLingering = 100

    /// Ends what runs beside the session. To be called when that has stopped.
    package func stop() { openings.stop() }

    /// The inode that a number from the kernel stands for, where something is to be changed: at it, or at a name in it. In the folders of
    /// jobs nothing is changed by anybody: EACCES, which is logged. A name that no file has is ENAMETOOLONG before all else, as LOOKUP
    /// tells everybody.
    func inode(_ number: UInt64, name: [UInt8]? = nil, changing action: String, by request: Request) throws(Errno) -> Inode {
        if let name { try checkLength(of: name) }
        if let node = JobNode(number: number) { try refuseChange(of: node, name: name, for: try caller(request, action)) }
        return try inode(number)
    }

    /// Throws ENAMETOOLONG: the kernel lets names of up to 1024 bytes (FUSE_NAME_MAX) come here.
    func checkLength(of name: [UInt8]) throws(Errno) {
        if name.count > Name.maximumLength { throw .nameTooLong }
    }

    /// The inode that a number from the kernel stands for. Throws EACCES for what is in the folders of jobs.
    func inode(_ number: UInt64) throws(Errno) -> Inode {
        if JobNode(number: number) != nil { throw .accessDenied }
        guard let inode = Inode(number: number) else { throw .stale }
        // The inode by which the vault knows what the kernel knows by another.
        return formerFiles.item(pendingFiles.committed(inode))
    }

    /// Runs vault calls, and translates what they throw. What has no row any more is ESTALE, whereupon the kernel looks its name up
    /// again (path_openat(): "-ESTALE … LOOKUP_REVAL").
    func orStale<Result>(_ body: () throws(VaultError) -> Result) throws(Errno) -> Result {
        do { return try body() } catch .notFound { throw .stale } catch { throw Errno(error) }
    }

    /// The same for what is found by name.
    func named<Result>(_ body: () throws(VaultError) -> Result) throws(Errno) -> Result {
        do { return try body() } catch { throw Errno(error) }
    }

    /// - Parameter number: by which the kernel asks; nil: by which it is to find it.
    func attributes(
        _ attributes: PlaceAttributes, as number: UInt64? = nil, timeout: Double = SecretFileSystem.timeout
    ) -> Attributes {
        let type: FileType =
            switch attributes.form {
            case .folder: .folder
            case .item: .file
            case .link: .link
            }
        let isHome = attributes.inode.node.homeUID != nil
        return Attributes(
            inode: number ?? attributes.inode.number, type: type, permissions: UInt32(attributes.permissions),
            uid: attributes.uid, gid: Self.group, size: UInt64(max(attributes.size, 0)),
            modified: attributes.modified.map(Timestamp.init(nanosecondsSinceEpoch:)) ?? Timestamp(microseconds: attributes.changed),
            changed: Timestamp(microseconds: attributes.changed),
            timeout: isHome ? 0 : timeout)
    }

    /// The entry that a name stands for.
    ///
    /// A change that comes between this answer and the moment at which the caller's thread makes an inode of it finds none to invalidate:
    /// its attributes would stay. So those of an item, by whose size reads are bounded, are asked for once more, and those of a folder
    /// soon. (Of an inode that the kernel has, it passes over an answer that is older than an invalidation: `fuse_inode.attr_version`.)
    func entry(_ inode: Inode) throws(VaultError) -> Entry {
        let place = try vault.attributes(of: inode)
        // It has a name: by a restore it may have one again.
        formerFiles.forget(inode)
        let shown = attributes(place, timeout: place.form == .folder ? Self.entryTimeout : 0)
        return Entry(attributes: shown, timeout: Self.timeout)
    }

    /// The invalidations that must reach the kernel before a change is acknowledged.
    /// - Parameter known: the names that it changes by itself, since the operation in hand is about them.
    func invalidations(_ changes: ChangeSet, knowing known: EntryName...) -> [Invalidation] {
        openings.noteChange(of: changes.inodes.lazy.map(\.number))
        return Self.invalidations(of: changes.inodes, changes.names.subtracting(known))
    }

    fileprivate static func invalidations(of inodes: Set<Inode>, _ names: Set<EntryName>) -> [Invalidation] {
        inodes.map { .contents($0.number) } + names.map { .entry(parent: $0.folder.number, name: $0.name) }
    }

    package func mayWait(opening inode: UInt64) -> Bool { openings.mayWait(opening: inode) }

    package func delay(of uid: UInt32) -> Int64 { vault.delay(of: uid) }
}

/// The kernel's part in changes that no request on the mount has made.
private final class KernelObserver: ContentObserver {
    private let openings: Openings
    private let session: Session

    init(_ openings: Openings, _ session: Session) {
        self.openings = openings
        self.session = session
    }

    func forget(_ changes: ChangeSet, by uid: UInt32) {
        openings.noteChange(of: changes.inodes.lazy.map(\.number))
        session.invalidate(SecretFileSystem.invalidations(of: changes.inodes, changes.names), by: uid)
    }

    func forgetValues() { openings.drop() }
}
