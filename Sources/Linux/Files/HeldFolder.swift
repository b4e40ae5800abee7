// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// A folder that is held by a descriptor, to make and remove names in it: whatever becomes of the path that led there, what is undone
/// is undone where it was done.
///
/// Names are bytes without a slash and NUL; one with a NUL ends there, and one with a slash goes where that leads. Calls throw what the
/// system says.
package final class HeldFolder: Sendable {
    private let folder: FileDescriptor

    init(_ folder: consuming FileDescriptor) {
        self.folder = folder
    }

    /// The descriptor's number, while `self` is alive.
    var descriptor: Int32 { folder.rawValue }

    /// Holds the folder at a path, links followed.
    package static func open(_ path: [UInt8]) throws(Errno) -> HeldFolder {
        HeldFolder(FileDescriptor(owning: try retrying { unsafe tacit_open_path(AT_FDCWD, string(path)) }))
    }

    /// Holds a folder in this one, or the one that a link in this one leads to.
    package func open(_ name: [UInt8]) throws(Errno) -> HeldFolder {
        HeldFolder(FileDescriptor(owning: try retrying { unsafe tacit_open_path(descriptor, Self.string(name)) }))
    }

    /// The claims of this user's processes on names in it. `patience`: with turns of others.
    package func claims(patience: FolderPatience = .shared) -> FolderClaims { FolderClaims(self, patience: patience) }

    /// The folder itself, to ask about it what can't be asked of one that is held.
    func openToRead() throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try retrying { tacit_open_folder(descriptor) })
    }

    /// Whether it is the folder that has this name in another one, and that there is one.
    package func isFolder(_ name: [UInt8], of parent: HeldFolder) throws(Errno) -> Bool {
        var (own, named) = (stat(), stat())
        _ = try retrying { unsafe fstat(descriptor, &own) }
        _ = try retrying { unsafe fstatat(parent.descriptor, Self.string(name), &named, AT_SYMLINK_NOFOLLOW) }
        return own.st_dev == named.st_dev && own.st_ino == named.st_ino
    }

    /// mkdirat(2), for its owner alone; holds what has the name then, if that is a folder and no link to one.
    package func makeFolder(_ name: [UInt8]) throws(Errno) -> HeldFolder {
        _ = try retrying { unsafe mkdirat(descriptor, Self.string(name), 0o700) }
        return HeldFolder(FileDescriptor(owning: try retrying { unsafe tacit_open_path_itself(descriptor, Self.string(name)) }))
    }

    /// Removes a folder that is empty: unlinkat(2).
    package func removeFolder(_ name: [UInt8]) throws(Errno) {
        _ = try retrying { unsafe unlinkat(descriptor, Self.string(name), AT_REMOVEDIR) }
    }

    /// symlinkat(2): fails where the name exists, as whatever.
    package func link(_ name: [UInt8], to target: [UInt8]) throws(Errno) {
        _ = try retrying { unsafe symlinkat(Self.string(target), descriptor, Self.string(name)) }
    }

    /// The target of a link; nil if the name is not that of a link.
    package func target(of name: [UInt8]) -> [UInt8]? {
        var room = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = try? retrying { unsafe readlinkat(descriptor, Self.string(name), &room, Int(PATH_MAX)) }
        // A target that fills the room may have been cut.
        guard let length, length < room.count else { return nil }
        return room.prefix(length).map(UInt8.init(bitPattern:))
    }

    /// Removes a name that is not a folder's: unlinkat(2).
    package func remove(_ name: [UInt8]) throws(Errno) {
        _ = try retrying { unsafe unlinkat(descriptor, Self.string(name), 0) }
    }

    /// Removes a link to `target`, and never something that has come in its place since it was looked at: it is looked at once more under
    /// the first of the `spares` that is free, names which nobody else may use.
    ///
    /// Throws `exists` where none of them is, and what rename(2) and unlink(2) do.
    package func removeLink(_ name: [UInt8], to target: [UInt8], by spares: [[UInt8]]) throws(Errno) -> LinkRemoval {
        guard self.target(of: name) == target else { return .notThere }
        for spare in spares {
            // One that a crash has left there.
            if self.target(of: spare) == target { try remove(spare) }
            do throws(Errno) { try rename(name, to: spare) } catch .exists { continue } catch .noEntry { return .notThere } catch {
                throw error
            }
            if self.target(of: spare) == target {
                try remove(spare)
                return .removed
            }
            do throws(Errno) { try rename(spare, to: name) } catch .exists { return .moved(to: spare) } catch { throw error }
            return .notThere
        }
        throw .exists
    }

    /// Whether there is anything of that name, a dangling link included.
    package func has(_ name: [UInt8]) -> Bool { identity(of: name) != nil }

    /// The user whose what has a name is, a link itself; nil where there is nothing.
    package func owner(of name: [UInt8]) -> UInt32? { identity(of: name)?.uid }

    /// Which file has a name, no link followed; nil where there is nothing.
    func identity(of name: [UInt8]) -> (device: UInt64, inode: UInt64, uid: UInt32)? {
        var status = stat()
        guard unsafe fstatat(descriptor, Self.string(name), &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        return (UInt64(status.st_dev), UInt64(status.st_ino), status.st_uid)
    }

    /// Renames within the folder. Fails with EEXIST where there is something of the new name: renameat2(2) with RENAME_NOREPLACE, or,
    /// on a file system without, after a look.
    package func rename(_ name: [UInt8], to new: [UInt8]) throws(Errno) {
        do throws(Errno) {
            _ = try retrying { unsafe tacit_rename_new(descriptor, Self.string(name), Self.string(new)) }
        } catch {
            guard error == .invalidArgument || error == .noSystemCall else { throw error }
            if has(new) { throw .exists }
            _ = try retrying { unsafe renameat(descriptor, Self.string(name), descriptor, Self.string(new)) }
        }
    }

    /// The bytes as C has them.
    static func string(_ bytes: [UInt8]) -> [CChar] { bytes.map(CChar.init(bitPattern:)) + [0] }
}

/// The result of removing a link.
package enum LinkRemoval: Equatable, Sendable {
    case removed
    /// The name is not that link's.
    case notThere
    /// The file that had come in its place has this name, since its own was taken again.
    case moved(to: [UInt8])
}
