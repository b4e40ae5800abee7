// SPDX-License-Identifier: MIT

import Linux
import Vault

/// Both worlds, in which the same is done, and what must stay equal.
final class Pair {
    private let worlds: [World]
    private var rows: [StoreRows] { worlds.map(\.rows) }
    /// Of each world one.
    private var callers: [Operation.Who: [WorldUser]] = [:]
    private let observers: [UInt32]
    private let opener: Opener
    /// All that is to be the same, after the last step.
    private(set) var visible: [String] = []
    private var editions: [Int64] = []

    init(_ kept: [World.Kept], holes: Set<Hole>, observers: [UInt32], opener: Opener) throws {
        worlds = try kept.enumerated().map { try $1.open(as: $0, holes: holes) }
        for (who, uid) in [(Operation.Who.caller, Population.caller), (.reader, Population.reader), (.owner, World.owner)] {
            callers[who] = worlds.map { WorldUser($0, uid: uid) }
        }
        self.observers = observers
        self.opener = opener
    }

    /// Whether descriptors are open, which the files of the stores do not tell.
    var holdsFiles: Bool { callers.values.joined().contains { !$0.held.isEmpty } }

    /// Does it in both worlds without looking at what comes of it.
    @discardableResult
    func perform(_ operation: Operation) -> [Transcript] {
        zip(worlds, callers[operation.who] ?? []).map { world, caller in
            world.time += operation.wait
            caller.transcript = Transcript()
            world.act { operation.perform(caller) }
            return caller.transcript
        }
    }

    /// Does it in both worlds. Returns how they differ after it, without a value; nil if they do not.
    func check(_ operation: Operation) throws -> String? {
        let transcripts = perform(operation)
        if operation.who != .owner, let difference = transcripts[0].difference(from: transcripts[1]) {
            return "another answer: \(difference)"
        }
        return try operation.changes ? compare() : nil
    }

    /// How the stores differ in what is not a value, or the values that observers may open. Nil if they do not.
    func compare() throws -> String? {
        let editions = rows.map(\.edition)
        guard editions != self.editions else { return nil }
        self.editions = editions
        let both = try rows.map { try $0.visible() }
        guard both[0] == both[1] else { return "the stores are not alike: \(try StoreRows.difference(rows[0], rows[1]) ?? "")" }
        if both[0] == visible { return nil }
        visible = both[0]
        // Who may open what is worked out from what was found to be equal.
        let oracle = try Oracle(rows[0], observers: observers)
        var opens: [Int64: Bool] = [:]
        for (left, right) in zip(try rows[0].versions(), try rows[1].versions()) {
            let isOpen = opens[left.node] ?? oracle.opens(left.node)
            opens[left.node] = isOpen
            let values = [opener.bytes(of: left, in: worlds[0]), opener.bytes(of: right, in: worlds[1])]
            guard let one = values[0], let other = values[1] else { return "a version can't be opened" }
            if isOpen, one != other { return "another value can be opened: version \(left.number) of node \(left.node)" }
        }
        return nil
    }
}
