// SPDX-License-Identifier: MIT

package import Linux
package import Secrets

/// An observer of changes of contents, such as the page cache: it keeps copies of values, and must know of a change before anybody can read
/// the new one.
///
/// Each `willChange` is followed by `didChange` or `didNotChange`, once for the transaction.
package protocol ContentObserver: Sendable {
    /// Told that the contents of `inode` are about to change: in the transaction of the change, once for each inode, by a thread that
    /// may wait. It should return by the deadline, which is the transaction's.
    func willChange(_ inode: Inode, until deadline: Deadline)
    /// Told that the change is committed, and not yet acknowledged.
    func didChange(_ inodes: Set<Inode>)
    /// Told that the change was rolled back.
    func didNotChange(_ inodes: Set<Inode>)
    /// Makes the kernel forget what a committed change made outdated, and returns when it has. Called by the thread that made the change,
    /// with no lock held, unless the caller tells the kernel with its answer (`Caller.tellsKernel`).
    ///
    /// - Parameter uid: the user whose change it was.
    func forget(_ changes: ChangeSet, by uid: UInt32)
}

extension Vault {
    /// Has `observer` told of every change of contents from now on. To be called before the first.
    package func observe(_ observer: any ContentObserver) {
        caches.observer = observer
    }
}
