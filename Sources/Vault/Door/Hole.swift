// SPDX-License-Identifier: MIT

/// A rule for writers that a test can take out, to see that it finds what the rule keeps closed ("Writing", tacit-tree(7)).
///
/// Release builds have no way to take one out: the list of open holes is compiled into debug builds only, where no option of a program
/// and no file leads to it.
package enum Hole: Sendable, CaseIterable {
    /// `env` is changed in place by a caller who may not read it, so that what a value was becomes the name of a variable.
    case inPlaceEnv
    /// An error of write(2) tells such a caller what stored bytes of `env` are, though nothing of it is committed.
    case errnoOracle
    /// A variable is changed in place by a caller who may not read it, and its line in `env` gets another length.
    case sizeAfterPartial
    /// The final newline of a variable is dropped though it was stored, and not written.
    case storedNewline
    /// Something moved can be read at its new place by somebody who could not read it before.
    case moveWidens
    /// Something restored can be read at its new place by somebody who could not read it before.
    case restoreWidens
}

extension Vault {
    /// Whether a rule was taken out. Never, in a release build.
    package func isOpen(_ hole: Hole) -> Bool {
        #if DEBUG
            configuration.openHoles.contains(hole)
        #else
            false
        #endif
    }
}
