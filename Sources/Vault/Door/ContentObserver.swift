// SPDX-License-Identifier: MIT

/// An observer of changes that stands for the kernel, which remembers names, sizes and rights, and may hold values.
package protocol ContentObserver: Sendable {
    /// Makes the kernel forget what a committed change made outdated, and returns when it has. Called by the thread that made the change,
    /// with no lock held, unless the caller tells the kernel with its answer (`Caller.tellsKernel`).
    ///
    /// - Parameter uid: the user whose change it was.
    func forget(_ changes: ChangeSet, by uid: UInt32)
    /// The keys were wiped: what is kept in the clear of values that nobody has open goes too.
    func forgetValues()
}

extension Vault {
    /// Has `observer` told of every change from now on. To be called before the first.
    package func observe(_ observer: any ContentObserver) {
        caches.observer = observer
    }
}
