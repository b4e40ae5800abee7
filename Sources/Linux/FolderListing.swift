internal import CLinux
internal import Glibc

/// What a folder has in it.
package enum FolderListing {
    /// A name in a folder, and whether it is that of a folder: of a link it is not.
    package struct Entry: Hashable, Sendable {
        package let name: [UInt8]
        package let isFolder: Bool
    }

    /// The names in the folder at a path but for `.` and `..`, in any order. Throws what opendir(3) and readdir(3) say.
    package static func entries(of path: [UInt8]) throws(Errno) -> [Entry] {
        guard let stream = unsafe opendir(path.map(CChar.init(bitPattern:)) + [0]) else { throw .current }
        defer { _ = unsafe closedir(stream) }
        var entries: [Entry] = []
        while true {
            // "To distinguish end of stream from an error, set errno to zero before calling readdir()."
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw .current }
                return entries
            }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            if name == [dot] || name == [dot, dot] { continue }
            let type = unsafe Int32(entry.pointee.d_type)
            let isFolder = type == folder || type == unknown && isFolder(name, in: unsafe dirfd(stream))
            entries.append(Entry(name: name, isFolder: isFolder))
        }
    }

    private static func isFolder(_ name: [UInt8], in folder: Int32) -> Bool {
        var status = stat()
        return unsafe fstatat(folder, name.map(CChar.init(bitPattern:)) + [0], &status, AT_SYMLINK_NOFOLLOW) == 0
            && status.st_mode & S_IFMT == S_IFDIR
    }

    private static let dot = UInt8(ascii: ".")
    /// DT_DIR and DT_UNKNOWN of readdir(3).
    private static let folder: Int32 = 4
    private static let unknown: Int32 = 0
}
