// SPDX-License-Identifier: MIT

/// libsodium behind types that are hard to misuse.
///
/// Open this file first, then `SecretBytes.swift`. The words used here:
/// - *secret bytes*: a key or a plaintext. They live in `SecretBytes` and are lent as spans for the length of a closure;
///   nothing here ever makes a `String`, an `Array` or a `Data` of them.
/// - *sealed*: encrypted and authenticated. Sealed bytes, public keys, signatures, nonces, salts and hashes are public and
///   are plain `[UInt8]`.
///
/// What the module promises: memory that holds secret bytes is locked, fenced by guard pages, left out of core dumps and
/// wiped when its owner goes; a sealed thing that was changed in any bit is refused, with an error that says nothing about
/// its contents; and no choice of algorithm is left to a caller.
internal import CSodium

package enum Sodium {
    /// Makes libsodium ready: its random source, its canary, its choice of CPU instructions. Once is enough, before threads; memory
    /// for secrets makes sure of it by itself, since what was allocated before would not be known to be whole after.
    package static func start() throws(SodiumError) {
        guard isStarted else { throw .notStarted }
    }

    private static let isStarted = sodium_init() >= 0
}
