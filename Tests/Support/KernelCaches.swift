// SPDX-License-Identifier: MIT

import Synchronization

/// The kernel's caches, which all tests share: one that empties them and one that looks at what is in them don't run at once.
package enum KernelCaches {
    private static let use = Mutex<Void>(())

    /// Runs a test when no other of this kind does.
    package static func alone<Result>(_ test: () throws -> Result) rethrows -> Result {
        try use.withLock { _ in try test() }
    }
}
