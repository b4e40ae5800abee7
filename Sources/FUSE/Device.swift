// SPDX-License-Identifier: MIT

internal import CFuse
internal import Glibc
internal import Linux

/// The descriptor of `/dev/fuse` for a new mount.
enum Device {
    /// Mounts on a folder: by mount(2) where the caller may call that, else by fusermount3(1). Nothing is answered on the mount until INIT
    /// is.
    ///
    /// - Parameters:
    ///   - path: absolute.
    ///   - name: shown as the mount's source, and in its type, `fuse.<name>`.
    ///   - allowOthers: whether users other than the one who mounts may use it.
    static func mount(at path: String, name: String, allowOthers: Bool) throws(SessionError) -> FileDescriptor {
        let rights = "default_permissions" + (allowOthers ? ",allow_other" : "")
        if let device = try mountDirectly(path, name: name, rights: rights) { return device }
        do throws(Errno) {
            let options = "rw,nosuid,nodev,noexec,fsname=\(name),subtype=\(name),\(rights)"
            if let device = try Fusermount.mount(path, options: options) { return device }
        } catch {
            throw .fusermount(error)
        }
        throw .refused(mountpoint: path, nil)
    }

    /// Nil where the caller may not call mount(2): fusermount3(1) may.
    private static func mountDirectly(_ path: String, name: String, rights: String) throws(SessionError) -> FileDescriptor? {
        let device: FileDescriptor
        do throws(Errno) { device = try FileDescriptor.open("/dev/fuse", .readWrite) } catch .accessDenied { return nil } catch {
            throw .device(error)
        }
        // "rootmode": the format bits of a folder's mode, in octal.
        let options = "fd=\(device.rawValue),rootmode=40000,user_id=\(geteuid()),group_id=\(getegid()),\(rights)"
        if unsafe cfuse_mount(name, path, "fuse.\(name)", options) == 0 { return device }
        let error = Errno.current
        guard error == .notPermitted else { throw .refused(mountpoint: path, error) }
        return nil
    }
}
