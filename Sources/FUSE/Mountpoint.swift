// SPDX-License-Identifier: MIT

internal import CLinux  // struct statvfs: of both modules
internal import Glibc
internal import Linux

/// A folder, and what is mounted there, held without asking that file system anything: it may be our own, or dead.
struct Mountpoint: ~Copyable {
    private let folder: FileDescriptor

    /// `O_PATH` of open(2), which Glibc's module does not show; it is the same wherever Swift runs.
    private static let justThePath = FileDescriptor.OpenFlags(rawValue: 0o10000000)
    /// Bytes of /proc/self/mountinfo: enough for the 100,000 mounts that Linux allows.
    private static let longestTable = 64 << 20
    /// Crashes that may have left their mounts on top of one another.
    private static let mostRemains = 16

    /// - Throws: what open(2) says. It asks for rights on the folders above `path` only.
    init(_ path: String) throws(Errno) {
        folder = try FileDescriptor.open(path, [Self.justThePath, .folder])
    }

    /// The absolute path of a folder to mount on, after clearing what a crash has left there.
    ///
    /// Nothing that is in use is unmounted, nor anything that is not of the given type.
    /// - Throws: `occupied` if something is mounted there that must stay.
    static func clear(_ path: String, of type: String) throws(SessionError) -> String {
        for _ in 0..<mostRemains {
            let absolute: String
            let mount: Mount?
            do throws(Errno) {
                let mountpoint = try Mountpoint(path)
                absolute = try mountpoint.path()
                mount = try mountpoint.mount()
                if mount?.type == type, mountpoint.isDead() {
                    try mountpoint.detach()
                    continue
                }
            } catch {
                throw .mountpoint(path, error)
            }
            guard let mount else { return absolute }
            throw .occupied(mountpoint: absolute, type: mount.type)
        }
        throw .leftByCrash(mountpoint: path)
    }

    /// The folder's absolute path, without symbolic links.
    func path() throws(Errno) -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe buffer.withUnsafeMutableBytes { buffer in
            let characters = unsafe buffer.assumingMemoryBound(to: CChar.self)
            return unsafe characters.baseAddress.map { unsafe readlink(link, $0, characters.count) } ?? -1
        }
        guard count > 0 else { throw .current }
        guard let path = String(validating: buffer.prefix(count), as: UTF8.self) else { throw .invalidArgument }
        return path
    }

    /// The topmost mount exactly here; nil if it is an ordinary folder.
    func mount() throws(Errno) -> Mount? {
        let information = String(decoding: try Self.contents("/proc/self/fdinfo/\(folder.rawValue)"), as: UTF8.self)
        guard
            let line = information.split(separator: "\n").first(where: { $0.hasPrefix("mnt_id:") }),
            let id = Int(line.drop { !$0.isNumber })
        else { throw .noSystemCall }
        return Mount(id: id, on: try path(), in: try Self.contents("/proc/self/mountinfo"))
    }

    /// Whether the file system here is one whose server is gone.
    func isDead() -> Bool {
        var status = statvfs()
        // Unlike attributes, this is never cached, and a connection that is gone refuses it at once.
        return unsafe fstatvfs(folder.rawValue, &status) != 0 && Errno.current == .notConnected
    }

    /// Takes what is mounted here out of the tree. It ends when nothing uses it any more.
    func detach() throws(Errno) {
        // By the descriptor, so that it is the mount that was looked at, whatever is mounted over it by now.
        if unsafe umount2(link, Int32(MNT_DETACH)) == 0 { return }
        guard Errno.current == .notPermitted else { throw .current }
        try Fusermount.unmount(path())
    }

    private var link: String { "/proc/self/fd/\(folder.rawValue)" }

    private static func contents(_ path: String) throws(Errno) -> [UInt8] {
        try FileDescriptor.open(path, .readOnly).readToEnd(limit: longestTable)
    }
}
