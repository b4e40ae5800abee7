// SPDX-License-Identifier: MIT

package import Masking

/// The masking of a command's outputs.
package enum ChildMasking: Sendable {
    case none
    /// Those that are no terminals; `terminal`: all.
    case some(MaskedValues, terminal: Bool)
}
