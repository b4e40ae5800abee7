// SPDX-License-Identifier: MIT

/// The credentials of a caller, which the kernel put into the request.
package struct Request: Hashable, Sendable {
    /// The user by whose right the caller accesses files (fsuid).
    package let uid: UInt32
    /// The group likewise (fsgid). Supplementary groups are not in a request.
    package let gid: UInt32
    /// The calling thread, in this process's pid namespace; 0 if it is in a foreign one.
    package let tid: Int32
    /// The caller's umask, for MKDIR and CREATE; 0 in other requests.
    package let umask: UInt32

    package init(uid: UInt32, gid: UInt32, tid: Int32, umask: UInt32 = 0) {
        self.uid = uid
        self.gid = gid
        self.tid = tid
        self.umask = umask
    }
}
