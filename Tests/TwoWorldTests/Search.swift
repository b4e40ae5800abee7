// SPDX-License-Identifier: MIT

import TestSupport
import Vault

/// A sequence of operations after which two worlds are not alike any more.
struct Finding: CustomStringConvertible {
    let variant: Population.Variant
    let operations: [Operation]
    let difference: String

    var description: String {
        "\(variant.rawValue): \(difference), after\n" + operations.map { "    \($0.name)" }.joined(separator: "\n")
    }
}

/// Looks for sequences that tell the two worlds of a population apart.
final class Search {
    private let population: Population
    private let holes: Set<Hole>
    private let kept: [World.Kept]
    private let opener = Opener()
    /// How many sequences were done.
    private(set) var count = 0
    private(set) var findings: [Finding] = []

    /// - Parameter holes: rules for writers that are taken out.
    init(_ population: Population, holes: Set<Hole> = []) throws {
        self.population = population
        self.holes = holes
        kept = try [0, 1].map { try population.make($0) }
    }

    func pair() throws -> Pair { try Pair(kept, holes: holes, observers: population.observers, opener: opener) }

    /// How the worlds differ at the end of a sequence, or on the way.
    func difference(after operations: [Operation]) throws -> String? {
        let pair = try pair()
        if let difference = try pair.compare() { return difference }
        for operation in operations {
            if let difference = try pair.check(operation) { return difference }
        }
        return nil
    }

    /// Leaves out whatever can be left out.
    func shrink(_ operations: [Operation]) throws -> Finding? {
        var operations = operations
        guard var difference = try difference(after: operations) else { return nil }
        var index = 0
        while index < operations.count {
            var fewer = operations
            fewer.remove(at: index)
            if let still = try self.difference(after: fewer) {
                (operations, difference) = (fewer, still)
                index = 0
            } else {
                index += 1
            }
        }
        return Finding(variant: population.variant, operations: operations, difference: difference)
    }

    /// Does every sequence of `length` of the operations, but those that have a finding in them, or behind whose beginning nothing is
    /// changed: that is the same as without it.
    ///
    /// - Parameter limit: how many findings are enough.
    func sequences(of operations: [Operation], length: Int, limit: Int = .max) throws {
        try extend([], by: operations, length, limit)
    }

    private func extend(_ prefix: [Operation], by operations: [Operation], _ length: Int, _ limit: Int) throws {
        var pair: Pair?
        var next: [Operation] = []
        for operation in operations where findings.count < limit && !isFound(in: prefix + [operation]) {
            count += 1
            let current = try pair ?? self.pair(after: prefix)
            let before = current.visible
            if let difference = try current.check(operation) {
                pair = nil
                try note(prefix + [operation], difference)
                continue
            }
            // What changed nothing leaves the worlds to the next one, which so is behind it.
            let changedNothing = current.visible == before && !current.holdsFiles
            if !changedNothing { next.append(operation) }
            pair = changedNothing ? current : nil
        }
        guard length > 1 else { return }
        for operation in next { try extend(prefix + [operation], by: operations, length - 1, limit) }
    }

    private func note(_ operations: [Operation], _ difference: String) throws {
        let finding =
            try shrink(operations)
            ?? Finding(
                variant: population.variant, operations: operations, difference: "found once, and not again: \(difference)")
        findings.append(finding)
    }

    /// Whether all of a finding is in it, in its order.
    private func isFound(in operations: [Operation]) -> Bool {
        findings.contains { finding in
            var rest = finding.operations[...]
            for operation in operations where operation.name == rest.first?.name { rest.removeFirst() }
            return rest.isEmpty
        }
    }

    /// Does what comes at random. The first difference ends it.
    func walk(seed: UInt64) throws {
        var walk = Walk(population, seed: seed)
        let operations = walk.operations()
        count += 1
        guard !isFound(in: operations), let difference = try difference(after: operations) else { return }
        try note(operations, difference)
    }

    private func pair(after prefix: [Operation]) throws -> Pair {
        let pair = try pair()
        for operation in prefix { pair.perform(operation) }
        _ = try pair.compare()
        return pair
    }
}
