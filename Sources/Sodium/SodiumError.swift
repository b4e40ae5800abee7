// SPDX-License-Identifier: MIT

/// An error of this module. No case carries a byte of a key, a plaintext or a sealed thing.
package enum SodiumError: Error, Equatable, Sendable, CustomStringConvertible {
    /// libsodium found no random source.
    case notStarted
    /// The system gave no memory: `mmap(2)` failed, or a password hash asks for more than there is.
    case outOfMemory
    /// Memory for `count` secret bytes can't be locked, `mlock(2)`: RLIMIT_MEMLOCK is too low.
    case memoryNotLocked(count: Int)
    /// A key, salt, seed, public key or signature has not the length that its kind has, in bytes.
    case wrongLength(expected: Int, actual: Int)
    /// Sealed bytes that this key never sealed: changed, cut, sealed under another key, or for another place.
    case forged
    /// A public key that agrees on the same secret with everyone.
    case weakPublicKey
    /// A cost of password hashing outside of what this module takes.
    case unacceptableCost

    package var description: String {
        switch self {
        case .notStarted: "no random source for cryptography"
        case .outOfMemory: "out of memory"
        case .memoryNotLocked(let count): "can't lock \(count) bytes of memory"
        case .wrongLength(let expected, let actual): "\(actual) bytes where \(expected) are needed"
        case .forged: "sealed bytes are damaged or under another key"
        case .weakPublicKey: "the public key is weak"
        case .unacceptableCost: "the cost of the password hash is out of bounds"
        }
    }

    /// Throws `wrongLength` unless `actual` is `expected`.
    static func check(_ actual: Int, is expected: Int) throws(SodiumError) {
        guard actual == expected else { throw .wrongLength(expected: expected, actual: actual) }
    }
}
