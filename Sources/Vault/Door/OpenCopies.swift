// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Sodium

/// The open copies of large values: everybody who has the same version open shares one copy of it in locked memory.
///
/// A copy is known as long as somebody has it. Small ones are not shared: they take up a slot of a few kilobytes at most.
final class OpenCopies: Sendable {
    /// Bytes from which on copies are shared.
    static let smallest = 4097

    private struct Copy {
        weak var value: SecretBox?
    }

    private struct State {
        var copies: [ValueIdentity: Copy] = [:]
        /// The number of copies from which on the forgotten ones are looked for.
        var nextSweep = 64
    }

    private let state = Guarded(State())

    /// The copy of the value that is already there, or else this one.
    func shared(_ value: SecretBox, _ identity: ValueIdentity) -> SecretBox {
        state.withLock { state in
            if let kept = state.copies[identity]?.value { return kept }
            if state.copies.count >= state.nextSweep {
                state.copies = state.copies.filter { $0.value.value != nil }
                state.nextSweep = max(64, state.copies.count * 2)
            }
            state.copies[identity] = Copy(value: value)
            return value
        }
    }

    /// How many copies are known.
    var count: Int { state.withLock { $0.copies.count } }
}
