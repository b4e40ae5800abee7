// SPDX-License-Identifier: MIT

package import FUSE
package import Linux
internal import Secrets
internal import Vault

/// Finding, making, removing and renaming names.
extension SecretFileSystem {
    /// The same for every caller: ENOENT or EACCES for one would make the kernel drop the name for all.
    package func lookup(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> Entry {
        try checkLength(of: name)
        if let folder = JobNode(number: parent) { return try lookup(folder, name) }
        let parent = try inode(parent)
        return try named { () throws(VaultError) in try self.entry(try vault.lookup(name, in: parent)) }
    }

    package func readlink(_ inode: UInt64, _ request: Request) throws(Errno) -> [UInt8] {
        switch try self.inode(inode) {
        case .userLink: return TreeName.users + Array("/\(request.uid)".utf8)
        case .jobLink: return try targetOfJobLink(request)
        default: throw .invalidArgument
        }
    }

    package func mkdir(_ parent: UInt64, _ name: [UInt8], mode: UInt32, _ request: Request) throws(Errno) -> Changed<Entry> {
        let parent = try inode(parent, name: name, changing: "mkdir", by: request)
        let caller = try caller(request, "mkdir")
        return try named { () throws(VaultError) in
            let made = try vault.mkdir(name, in: parent, by: caller)
            return Changed(try self.entry(made.inode), invalidating: self.invalidations(made.changes))
        }
    }

    package func unlink(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation] {
        let parent = try inode(parent, name: name, changing: "unlink", by: request)
        let caller = try caller(request, "unlink")
        return try named { () throws(VaultError) in
            self.invalidations(try vault.unlink(name, in: parent, by: caller), knowing: EntryName(name, in: parent))
        }
    }

    package func rmdir(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation] {
        let parent = try inode(parent, name: name, changing: "rmdir", by: request)
        let caller = try caller(request, "rmdir")
        return try named { () throws(VaultError) in
            self.invalidations(try vault.rmdir(name, in: parent, by: caller), knowing: EntryName(name, in: parent))
        }
    }

    package func rename(
        _ parent: UInt64, _ name: [UInt8], to newParent: UInt64, _ newName: [UInt8], flags: RenameFlags, _ request: Request
    ) throws(Errno) -> [Invalidation] {
        guard flags.isSubset(of: .noReplace) else { throw .invalidArgument }
        let parent = try inode(parent, name: name, changing: "rename", by: request)
        let newParent = try inode(newParent, name: newName, changing: "rename", by: request)
        let caller = try caller(request, "rename")
        return try named { () throws(VaultError) in
            self.invalidations(
                try vault.rename(
                    name, in: parent, to: newName, in: newParent, replace: !flags.contains(.noReplace), by: caller),
                knowing: EntryName(name, in: parent), EntryName(newName, in: newParent))
        }
    }
}
