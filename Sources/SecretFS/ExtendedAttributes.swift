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
        if let pendingFile = pendingFiles.pendingFile(inode) {
            // A file that has no row yet can't be granted on. What mv(1) and `cp -p` bring along is mostly what it inherits.
            let isInherited = try orStale { () throws(VaultError) in
                try vault.isInherited(acl, isDefault: name == Self.defaultName, byNewItemIn: pendingFile.parent)
            }
            guard isInherited else { throw .notSupported }
            return []
        }
        let caller = try caller(request, "setxattr")
        // As with a mode.
        if acl?.isMinimal != false, name == Self.accessName, hasWritten(inode, request) { return [] }
        let isWriter = isOwner(request.uid, ofWritten: inode)
        do throws(Errno) {
            return try orStale { () throws(VaultError) in
                self.invalidations(
                    try vault.setACL(
                        acl, isDefault: name == Self.defaultName, on: inode, by: caller, thread: request.tid, isWriter: isWriter))
            }
        } catch {
            // setxattr(2): as for whom the kernel refuses it by itself.
            throw error == .accessDenied ? .notPermitted : error
        }
    }
}
