// SPDX-License-Identifier: MIT

internal import FUSE
internal import Linux
internal import Secrets
internal import Vault

/// Where the kernel's pages of a file come from, for one open of it that asks for its bytes.
///
/// A page is shared by all who map, splice or send the file, and the kernel asks nobody before it shows one: so pages are of the current
/// version, which has been committed, and none is filled while a process that lost the right to read the file has it open.
final class PageSource: Sendable {
    private let files: SecretFileSystem
    /// The number by which the kernel knows the file.
    let number: UInt64
    private let opener: Caller
    /// A version that pages were filled with, and whether there were any.
    private let filled = Guarded<(snapshot: Snapshot?, any: Bool)>((nil, false))

    /// - Parameter opener: with the groups that it had at the open.
    init(_ files: SecretFileSystem, _ number: UInt64, opener: Caller) {
        self.files = files
        self.number = number
        self.opener = opener
    }

    /// Whether a page was filled by this open.
    var hasFilled: Bool { filled.withLock { $0.any } }

    private var inode: Inode? { try? files.inode(number) }

    /// Which value is current; nil where none is stored, and for what a job has that is in no secret.
    var identity: ValueIdentity? {
        if let inode = JobInode(number: number) { return files.vault.currentIdentity(of: inode) }
        return inode.flatMap { files.vault.currentIdentity(of: $0) }
    }

    /// Whether who opened the file may read it still. Nothing is logged.
    var mayRead: Bool {
        if let inode = JobInode(number: number) { return files.vault.mayRead(inode, for: opener) }
        return inode.map { files.vault.mayRead($0, for: opener) } ?? true
    }

    /// The current version. The caller that opened the file must have the right to read it; the log names the process that reads.
    ///
    /// - Throws: what an open throws.
    func open(for request: Request) throws(Errno) -> Snapshot {
        let reader = try files.caller(request, "read")
        let isOpener = reader.uid == opener.uid && reader.pid == opener.pid
        let caller = isOpener ? reader : opener.doing("read").passedOn(to: reader)
        if let inode = JobInode(number: number) {
            return try files.orStale { () throws(VaultError) in
                let (job, place) = try files.vault.place(inode)
                return try files.vault.open(place, of: job, for: caller)
            }
        }
        guard let inode else { throw .stale }
        return try files.orStale { () throws(VaultError) in try files.vault.open(inode, .read, for: caller) }
    }

    /// The version for a page.
    ///
    /// - Parameter kept: the one that the open shows.
    /// - Returns: nil where none is stored.
    func page(keeping kept: Snapshot?, for request: Request) throws(Errno) -> Snapshot? {
        let snapshot = filled.withLock { filled in
            filled.any = true
            return filled.snapshot
        }
        guard let current = identity else { return kept }
        if let kept, kept.identity == current { return kept }
        if let snapshot, snapshot.identity == current { return snapshot }
        let renewed = try open(for: request)
        filled.withLock { $0.snapshot = renewed }
        return renewed
    }
}
