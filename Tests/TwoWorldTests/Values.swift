// SPDX-License-Identifier: MIT

import Secrets
import TestSupport

/// The values that nobody of the callers may read: for each name a pair, one for each world, of equal length and of equal length of the
/// line in `env`. They are made of what quoting, parsing and cutting look at.
struct Values {
    private let seed: UInt64
    /// What `env` and its readers give a meaning of their own, and letters.
    private static let alphabet = Array("aab\n'\"=#$\\ ".utf8)

    init(seed: UInt64) { self.seed = seed }

    /// Two orders of the same bytes.
    func variable(_ name: String, in world: Int) -> [UInt8] {
        var random = generator(name)
        var pair: [[UInt8]] = []
        while pair.count < 2 {
            let bytes = Self.alphabet.shuffled(using: &random)
            if let first = pair.first, first == bytes || Self.line(first) != Self.line(bytes) { continue }
            pair.append(bytes)
        }
        return pair[world]
    }

    func file(_ name: String, in world: Int) -> [UInt8] {
        var random = generator(name)
        let first = (Self.alphabet + [0]).shuffled(using: &random)
        var second = first
        while second == first { second.shuffle(using: &random) }
        return [first, second][world]
    }

    /// They differ in the last byte only: one has a final newline.
    func last(in world: Int) -> [UInt8] { Array("1 2".utf8) + [world == 0 ? UInt8(ascii: "\n") : UInt8(ascii: "a")] }

    /// Both could be names, and differ in the last byte only.
    func word(in world: Int) -> [UInt8] { Array((world == 0 ? "tango" : "tangy").utf8) }

    private func generator(_ name: String) -> Seeded {
        Seeded(name.utf8.reduce(seed &+ 1) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    }

    private static func line(_ bytes: [UInt8]) -> Int {
        unsafe EnvText.lineLength(name: [], value: bytes.span.bytes)
    }
}
