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
    /// Of READ, WRITE and FLUSH, whose table of descriptors it is that was read or written by, or in which one was closed: what the
    /// processes of one have in common (`lock_owner`). Nil where the kernel does not say: of a READ, that it fills a page, which all share
    /// who map or splice the file.
    package let lockOwner: UInt64?
    /// Whether it is served by a thread that may wait for others: not by one that receives requests.
    package let mayWait: Bool

    package init(uid: UInt32, gid: UInt32, tid: Int32, umask: UInt32 = 0, lockOwner: UInt64? = nil, mayWait: Bool = false) {
        self.uid = uid
        self.gid = gid
        self.tid = tid
        self.umask = umask
        self.lockOwner = lockOwner
        self.mayWait = mayWait
    }
}
