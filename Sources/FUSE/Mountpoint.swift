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

    /// The folder to mount on, after clearing what a crash has left there.
    ///
    /// Nothing that is in use is unmounted, nor anything that is not of the given type.
    /// - Throws: `occupied` if something is mounted there that must stay.
    static func clear(_ path: String, of type: String) throws(SessionError) -> Mountpoint {
        for _ in 0..<mostRemains {
            let occupied: SessionError
            do throws(Errno) {
                let mountpoint = try Mountpoint(path)
                guard let mount = try mountpoint.mount() else { return mountpoint }
                if mount.type == type, mountpoint.isDead() {
                    try mountpoint.detach()
                    continue
                }
                occupied = .occupied(mountpoint: try mountpoint.path(), type: mount.type)
            } catch {
                throw .mountpoint(path, error)
            }
            throw occupied
        }
        throw .leftByCrash(mountpoint: path)
    }

    /// Mounts over the folder, and leaves it closed under the mount: with mode 0, so that what is written to its path while nothing is
    /// mounted fails instead of being kept there in plaintext. That keeps out all but root, whose files the next call finds.
    ///
    /// A folder of somebody else's keeps its mode, and one with something in it gets it back: it is used for more than this mount. So
    /// does one on which nothing could be mounted.
    /// - Parameters:
    ///   - path: the folder's, for errors.
    ///   - covering: what to do about things in it.
    ///   - mount: mounts on it.
    /// - Throws: `notEmpty`, `unreadable`, and what `mount` throws.
    func cover(
        _ path: String, _ covering: Covering, by mount: () throws(SessionError) -> FileDescriptor
    ) throws(SessionError) -> FileDescriptor {
        let former: UInt32
        do throws(Errno) { former = try folder.status().permissions } catch { throw .mountpoint(path, error) }
        // For its owner it must be open for a moment: to look into it without CAP_DAC_OVERRIDE, and since fusermount3(1) lets a user
        // mount only where that user may write.
        setPermissions(0o700)
        var isClosed = false
        defer { setPermissions(isClosed ? 0 : former) }
        let isEmpty = try look(at: path, covering)
        let device = try mount()
        isClosed = isEmpty
        return device
    }

    /// Whether there is nothing in the folder.
    private func look(at path: String, _ covering: Covering) throws(SessionError) -> Bool {
        let names: [[UInt8]]
        do throws(Errno) { names = try entries(of: link, limit: CoveredNames.most + 1) } catch {
            guard covering.isAllowed else { throw .unreadable(mountpoint: path, error) }
            return false
        }
        guard !names.isEmpty else { return true }
        let covered = CoveredNames(names)
        switch covering {
        case .refused: throw .notEmpty(mountpoint: path, covered)
        case .told(let tell): tell(path, covered)
        }
        return false
    }

    /// chmod(2) of the folder itself, whatever is mounted on it. Fails for one that belongs to somebody else, or can't be written to.
    private func setPermissions(_ mode: UInt32) {
        _ = unsafe chmod(link, mode)
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
