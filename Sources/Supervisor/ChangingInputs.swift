// SPDX-License-Identifier: MIT

package import Linux

/// The environment of a command, and the masking of what it prints.
package struct CommandInputs: ~Copyable {
    /// Assignments `NAME=value`, each ended by a NUL.
    package let environment: LockedBuffer
    package let masking: ChildMasking

    package init(environment: consuming LockedBuffer, masking: ChildMasking) {
        self.environment = environment
        self.masking = masking
    }
}

/// The inputs of a command when they are looked at again.
package enum RenewedInputs: ~Copyable {
    /// They are those that were taken last.
    case same
    /// They can't be had now, which a person was told.
    case failed
    case inputs(CommandInputs)
}

/// The inputs of a command that may change while it runs.
package protocol ChangingInputs: AnyObject {
    /// Readable when they may have changed; nil where nothing tells any more.
    var descriptor: Int32? { get }
    /// The children of this process that are none of the command's.
    var helpers: Set<Int32> { get }

    /// Takes what can be read of the descriptor. Returns whether they may have changed.
    func take() -> Bool

    /// The inputs now.
    func renewed() -> RenewedInputs

    /// Those that `renewed` gave last are taken: from now on others count as new.
    func wereTaken()

    /// A command was started with those that were given last, at first or by `renewed`.
    func haveStarted()

    /// The masking of what they are now and were, at once; nil where there is none, and where they can't be had.
    func maskingNow() -> ChildMasking?

    /// Tells a person why the command goes on without them.
    func tell(_ message: String)
}

/// What becomes of the command when its inputs have changed.
package enum Renewal: Equatable, Sendable {
    /// It is sent a signal.
    case signal(Int32)
    /// It is ended, with all that it has started, and started anew. After so many microseconds by SIGKILL.
    case restart(timeout: Int64)
}
