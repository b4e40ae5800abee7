internal import CLinux
internal import Glibc

/// This process.
package enum Process {
    /// The effective uid and gid.
    package static var uid: UInt32 { geteuid() }
    package static var gid: UInt32 { getegid() }
    package static var id: Int32 { getpid() }

    /// Sets the name that ps(1) and pgrep(1) show. `Hardening` may have started the program again by another name than its own.
    package static func setName(_ name: String) {
        _ = unsafe tacit_set_name(name)
    }
}
