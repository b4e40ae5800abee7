// SPDX-License-Identifier: MIT

package import FUSE
package import Linux
internal import Secrets
internal import Vault

/// Extended attributes: the two of POSIX ACLs, and no others.
extension SecretFileSystem {
    private static let accessName = Array("system.posix_acl_access".utf8)
    private static let defaultName = Array("system.posix_acl_default".utf8)

    package func getxattr(_ inode: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [UInt8] {
        // Nobody shares what is a job's.
        guard JobNode(number: inode) == nil else { throw .noData }
        let inode = try self.inode(inode)
        vault.readsACL(of: inode, uid: request.uid, thread: request.tid)
        guard let acl = try acl(inode, name) else { throw .noData }
        return acl.serialize()
    }

    package func listxattr(_ inode: UInt64, _ request: Request) throws(Errno) -> [[UInt8]] {
        guard JobNode(number: inode) == nil else { return [] }
        let inode = try self.inode(inode)
        var names: [[UInt8]] = []
        for name in [Self.accessName, Self.defaultName] where try acl(inode, name) != nil { names.append(name) }
        return names
    }

    package func setxattr(
        _ inode: UInt64, _ name: [UInt8], value: RawSpan, flags: SetXattrFlags, _ request: Request
    ) throws(Errno) -> [Invalidation] {
        guard name == Self.accessName || name == Self.defaultName else { throw .notSupported }
        let acl: PosixACL
        do { acl = try PosixACL.parse(value) } catch { throw .invalidArgument }
        return try set(acl, inode, name, request)
    }

    package func removexattr(_ inode: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation] {
        try set(nil, inode, name, request)
    }

    private func acl(_ inode: Inode, _ name: [UInt8]) throws(Errno) -> PosixACL? {
        guard inode != .userLink, inode != .jobLink else { return nil }
        if let pending = pendingFiles.unstored(inode) {
            guard name == Self.accessName else { return nil }
            return try orStale { () throws(VaultError) in try vault.accessACL(ofNewItemIn: pending.parent) }
        }
        return try orStale { () throws(VaultError) in
            switch name {
            case Self.accessName: try vault.accessACL(of: inode)
            case Self.defaultName: try vault.defaultACL(of: inode)
            default: nil
            }
        }
    }

    private func set(_ acl: PosixACL?, _ inode: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation] {
        guard name == Self.accessName || name == Self.defaultName else { throw .notSupported }
        let inode = try self.inode(inode, changing: "setxattr", by: request)
        guard inode != .userLink, inode != .jobLink else { throw .notSupported }
        let caller = try caller(request, "setxattr")
        guard let pendingFile = pendingFiles.pendingFile(inode) else { return try set(acl, inode, name, request, caller) }
        // Of a default ACL a file has none that could be removed.
        guard name == Self.accessName else { return [] }
        let asksForGrants: Bool
        do throws(VaultError) {
            asksForGrants = try vault.asksForGrants(acl, onNewItem: pendingFile.name, in: pendingFile.parent, by: caller)
        } catch { throw Self.refusal(Errno(error)) }
        guard asksForGrants else { return [] }
        // Grants are of what is stored. So what is being made is stored with what was written so far, as by fsync(2): programs that copy,
        // such as `cp -p`, set the ACL before they close the file. Another user's is EBUSY, as at a rename.
        guard pendingFile.maker == request.uid else { throw .busy }
        let committed = try commit(handles.writers(of: inode), of: inode)
        do { return committed + (try set(acl, item(of: inode, pendingFile), name, request, caller)) } catch {
            session.invalidate(committed)
            throw error
        }
    }

    /// What a pending file was stored as, or is just being stored as by its last close, which nobody waits for.
    ///
    /// - Throws: EOPNOTSUPP for a variable that nothing was written to, and for what was removed.
    private func item(of inode: Inode, _ pendingFile: PendingFiles.PendingFile) throws(Errno) -> Inode {
        let (name, parent) = (pendingFile.name, pendingFile.parent)
        let named = pendingFiles.inode(of: name, in: parent) == inode ? try? vault.lookup(name, in: parent) : nil
        if pendingFiles.unstored(inode) == nil { return try self.inode(inode.number) }
        guard let named else { throw .notSupported }
        return named
    }

    private func set(
        _ acl: PosixACL?, _ inode: Inode, _ name: [UInt8], _ request: Request, _ caller: Caller
    ) throws(Errno) -> [Invalidation] {
        // As with a mode.
        if acl?.isMinimal != false, name == Self.accessName, hasWritten(inode, request) { return [] }
        let isWriter = isOwner(request.uid, ofWritten: inode)
        do throws(Errno) {
            return try orStale { () throws(VaultError) in
                self.invalidations(
                    try vault.setACL(
                        acl, isDefault: name == Self.defaultName, on: inode, by: caller, thread: request.tid, isWriter: isWriter))
            }
        } catch { throw Self.refusal(error) }
    }

    /// setxattr(2): as for whom the kernel refuses it by itself.
    private static func refusal(_ error: Errno) -> Errno { error == .accessDenied ? .notPermitted : error }
}
