internal import Glibc

/// This process.
package enum Process {
    /// The effective uid and gid.
    package static var uid: UInt32 { geteuid() }
    package static var gid: UInt32 { getegid() }
    package static var id: Int32 { getpid() }
}
