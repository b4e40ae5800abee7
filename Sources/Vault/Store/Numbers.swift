// SPDX-License-Identifier: MIT

internal import Secrets

/// The numbers (`id`) of rows: one sequence for all tables, and none is given twice, whatever is deleted. The `sequence` row says which
/// is next. It is sealed: who can write to the store can't make a number come again that the kernel or a cache still knows.
extension StoreConnection {
    private static let atATime: Int64 = 1024

    /// Makes the row, in a new store.
    func startNumbers(at next: Int64) throws(VaultError) {
        try run("INSERT INTO sequence VALUES (1, ?, ?)", [.integer(next), .bytes(seals.seal(canonicalBytes(sequence: next)))])
    }

    /// Sets some numbers aside; those that are not used are left over. In a transaction only. Throws `corrupt`.
    func reserveNumbers() throws(VaultError) -> Range<Int64> {
        guard let next = try nextNumber(), next <= NodeID.maximum - Self.atATime else {
            throw .corrupt("the sequence of row numbers is damaged")
        }
        let end = next + Self.atATime
        try run(
            "UPDATE sequence SET next = ?, seal = ? WHERE id = 1",
            [.integer(end), .bytes(seals.seal(canonicalBytes(sequence: end)))])
        return next..<end
    }

    /// The first number that is not set aside; nil, and reported, if the row is missing or was changed.
    func nextNumber() throws(VaultError) -> Int64? {
        let found = try rows("SELECT next, seal FROM sequence WHERE id = 1", []) { (next: $0.integer(0), seal: $0.bytes(1)) }.first
        guard let found, seals.verifies(seal: found.seal, of: canonicalBytes(sequence: found.next)) else {
            report("the sequence of row numbers: its seal does not verify")
            return nil
        }
        return found.next
    }

    private func canonicalBytes(sequence next: Int64) -> [UInt8] {
        var fields = CanonicalBytes(label: "tacit sequence 1")
        fields.add(identity.uuid)
        fields.add(next)
        return fields.bytes
    }
}
