// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// A folder or a link by which somebody else than root and the caller can lead elsewhere what follows a path.
package struct StrictPathProblem: Equatable, Sendable {
    package enum Cause: Equatable, Sendable {
        /// The folder belongs to this uid.
        case folderOf(UInt32)
        /// The symbolic link belongs to this uid.
        case linkOf(UInt32)
        /// Its group or others may rename and remove what is in the folder.
        case isWritable
    }

    /// The absolute path, links before it resolved.
    package let path: [UInt8]
    package let cause: Cause
}

/// Why the folder at a path is not held.
package enum StrictPathError: Error, Equatable, Sendable {
    case system(Errno)
    case notStrict(StrictPathProblem)
}

/// The way to a folder, gone step by step as `safe_path` of OpenSSH's misc.c checks it for `StrictModes` of sshd_config(5), but from the
/// root down, with each folder held: what was checked is what is used.
///
/// Each folder and each link must belong to root or to this process's user, and no folder may be writable by its group or others, except
/// where it has the sticky bit, as /tmp has: there nobody else can rename or remove what belongs to root or the user.
extension HeldFolder {
    /// Links that are followed: as many as the kernel follows (path_resolution(7)).
    private static let mostLinks = 40

    /// Holds the folder at an absolute path, if nobody else can lead the way there elsewhere.
    package static func openStrictly(_ path: [UInt8]) throws(StrictPathError) -> HeldFolder {
        let slash = UInt8(ascii: "/")
        func parts(_ path: [UInt8]) -> [[UInt8]] { path.split(separator: slash).map { Array($0) } }

        guard path.first == slash else { throw .system(.invalidArgument) }
        let root = try Step(open("/", in: AT_FDCWD))
        try root.check([slash])
        var way = [root]
        var names: [[UInt8]] = []
        var left = Array(parts(path).reversed())
        var links = 0
        while let name = left.popLast() {
            if name == [UInt8(ascii: ".")] { continue }
            if name == [UInt8(ascii: "."), UInt8(ascii: ".")] {
                if way.count > 1 {
                    way.removeLast()
                    names.removeLast()
                }
                continue
            }
            let step = try Step(open(name, in: way[way.count - 1].file.rawValue))
            let full = [slash] + Array((names + [name]).joined(separator: [slash]))
            try step.check(full)
            if step.isLink {
                links += 1
                guard links <= mostLinks else { throw .system(.tooManyLinks) }
                let target = try step.target()
                if target.first == slash {
                    way = [root]
                    names = []
                }
                left += parts(target).reversed()
            } else {
                guard step.isFolder else { throw .system(.notFolder) }
                way.append(step)
                names.append(name)
            }
        }
        let last = way[way.count - 1].file.rawValue
        return HeldFolder(try system { () throws(Errno) in FileDescriptor(owning: try retrying { unsafe tacit_open_path(last, ".") }) })
    }

    private static func open(_ name: [UInt8], in folder: Int32) throws(StrictPathError) -> FileDescriptor {
        try system { () throws(Errno) in
            FileDescriptor(owning: try retrying { unsafe tacit_open_path_any(folder, string(name)) })
        }
    }

    private static func open(_ path: String, in folder: Int32) throws(StrictPathError) -> FileDescriptor {
        try open(Array(path.utf8), in: folder)
    }

    private static func system<Result: ~Copyable>(_ body: () throws(Errno) -> Result) throws(StrictPathError) -> Result {
        do { return try body() } catch { throw .system(error) }
    }

    /// A folder or a link on the way, held.
    private final class Step {
        let file: FileDescriptor
        private let mode: UInt32
        private let uid: UInt32

        init(_ file: consuming FileDescriptor) throws(StrictPathError) {
            var status = stat()
            let number = file.rawValue
            _ = try system { () throws(Errno) in try retrying { unsafe fstat(number, &status) } }
            self.file = file
            mode = status.st_mode
            uid = status.st_uid
        }

        var isLink: Bool { mode & S_IFMT == S_IFLNK }
        var isFolder: Bool { mode & S_IFMT == S_IFDIR }

        func check(_ path: [UInt8]) throws(StrictPathError) {
            guard uid == 0 || uid == ThisProcess.uid else {
                throw .notStrict(StrictPathProblem(path: path, cause: isLink ? .linkOf(uid) : .folderOf(uid)))
            }
            // The mode of a link means nothing.
            if isFolder, mode & 0o022 != 0, mode & S_ISVTX == 0 {
                throw .notStrict(StrictPathProblem(path: path, cause: .isWritable))
            }
        }

        func target() throws(StrictPathError) -> [UInt8] {
            var room = [CChar](repeating: 0, count: Int(PATH_MAX))
            let number = file.rawValue
            let length = try system { () throws(Errno) in try retrying { unsafe readlinkat(number, "", &room, Int(PATH_MAX)) } }
            guard length < room.count else { throw .system(.nameTooLong) }
            return room.prefix(length).map(UInt8.init(bitPattern:))
        }
    }
}
