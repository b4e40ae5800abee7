// SPDX-License-Identifier: MIT

internal import Secrets

/// A line of the audit log that the store carries until the disk has it in the log.
struct CarriedLine: Equatable, Sendable {
    /// The change that it tells of.
    let generation: Int64
    /// Which of that change's lines it is, from 0.
    let part: Int64
    /// All of it in front of its chain: `AuditLine.draft` without the room for the chain before it.
    let text: [UInt8]

    /// As `AuditFile.append` takes it.
    var draft: [UInt8] { AuditLine.firstChain + text }

    /// Sealed: or else who can write to the store could have the log tell what they like.
    func canonicalBytes(store: [UInt8]) -> [UInt8] {
        var fields = CanonicalBytes(label: "tacit line 1")
        fields.add(store)
        fields.add(generation)
        fields.add(part)
        fields.add(text)
        return fields.bytes
    }
}

extension StoreConnection {
    /// In the transaction of the change that the lines tell of.
    func carry(_ lines: [CarriedLine]) throws(VaultError) {
        for line in lines {
            try run(
                "INSERT INTO line (generation, part, text, seal) VALUES (?, ?, ?, ?)",
                [
                    .integer(line.generation), .integer(line.part), .bytes(line.text),
                    .bytes(seals.seal(line.canonicalBytes(store: identity.uuid))),
                ])
        }
        state.lines += Int64(lines.count)
    }

    /// Ends the carrying of what the disk has in the log: the lines of a change and of those before it. In a transaction only.
    func dropLines(upTo generation: Int64) throws(VaultError) {
        guard state.lines > 0 else { return }
        state.lines = max(0, state.lines - (try run("DELETE FROM line WHERE generation <= ?", [.integer(generation)])))
    }

    /// The state that can't be read, as far as the lines tell it: so that no generation is given to two of them.
    func stateOfLines() throws(VaultError) -> StoreState {
        let found = try rows("SELECT coalesce(max(generation), 0), count(*) FROM line", []) {
            StoreState(generation: $0.integer(0), lines: $0.integer(1))
        }
        return found.first ?? StoreState()
    }

    /// The lines that are carried, in order. What does not verify, or is not of the number that `state` says, is reported and left out.
    func carriedLines(_ state: StoreState) throws(VaultError) -> [CarriedLine] {
        let found = try rows("SELECT generation, part, text, seal FROM line ORDER BY generation, part", []) {
            (CarriedLine(generation: $0.integer(0), part: $0.integer(1), text: $0.bytes(2)), seal: $0.bytes(3))
        }
        if found.count != state.lines {
            report("the audit log: the store carries \(found.count) lines for it, and was to carry \(state.lines)")
        }
        return found.compactMap { line, seal in
            guard seals.verifies(seal: seal, of: line.canonicalBytes(store: identity.uuid)) else {
                report("the audit log: a line that the store carries for it does not verify")
                return nil
            }
            return line
        }
    }
}
