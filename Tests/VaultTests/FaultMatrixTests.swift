// SPDX-License-Identifier: MIT

import Foundation
import Linux
import Secrets
import Testing

@testable import Vault

/// Every call that makes a change last fails once, and for ever, or is the last that is done: what was answered, what is there after a
/// crash, and what the log says of it agree.
///
/// A crash of the daemon leaves what it wrote; a loss of power what was synced, for which each file is copied whenever it is.
@Suite(.serialized) struct FaultMatrixTests {
    enum Kind: String, CaseIterable {
        case version, item, environment, folder, rename, remove, restore, grant, revoke, policy, copy, rollback

        func make(in safe: Safe, by caller: Caller) throws {
            switch self {
            case .version: try safe.write("fourth", to: "acme/web/db/vars/A", by: caller)
            case .item: try safe.write("new", to: "acme/web/db/vars/NEW", by: caller)
            case .environment: try safe.write("A=fourth\nC=new\n", to: "acme/web/db/env", by: caller)
            case .folder: try safe.mkdir("acme/api", by: caller)
            case .rename: try safe.rename("acme/web/db", to: "acme/web/database", by: caller)
            case .remove: try safe.remove("acme/web/db", by: caller)
            case .restore: try safe.restore("acme/web/old", by: caller)
            case .grant: try safe.grant([.read], to: .user(1003), on: "acme/web/db", by: caller)
            case .revoke: try safe.revoke(nil, from: .user(1001), on: "acme", by: caller)
            case .policy: try safe.apply("acme/web/db", [:], policy: .init(debug: false), by: caller)
            case .copy: try safe.copy("acme/web/db", to: "user/copy", by: Safe.caller(Specimen.reader.uid, caller.action))
            case .rollback: _ = try safe.vault.rollback(try safe.reference("acme/web/db/vars/A"), to: 1, by: caller)
            }
        }
    }

    private enum Answer: Equatable {
        case done, refused, unknown
    }

    /// Which changes a store holds: that of its kind, and the one after it.
    private struct Made: Hashable, CaseIterable {
        let first: Bool
        let second: Bool
        static let allCases = [(false, false), (true, false), (false, true), (true, true)].map { Made(first: $0, second: $1) }
    }

    private static let (first, second) = (Safe.caller(Safe.owner, "first"), Safe.caller(Safe.owner, "second"))

    /// The change, then the log's sync, then another change, which the store need not carry the first one's lines for.
    private func run(_ kind: Kind, in safe: Safe) -> (first: Answer, second: Answer) {
        let first = answer { try kind.make(in: safe, by: Self.first) }
        _ = try? safe.vault.audit.sync()
        return (first, answer { try safe.mkdir("acme/other", by: Self.second) })
    }

    private func answer(_ change: () throws -> Void) -> Answer {
        do {
            try change()
            return .done
        } catch {
            return "\(error)".contains("it is not known whether") ? .unknown : .refused
        }
    }

    /// What a store is after each, and how many lines tell of a change.
    private struct Oracle {
        var states: [[String]: Made] = [:]
        var lines: [Int] = [0, 0]

        init(_ kind: Kind) throws {
            for made in Made.allCases {
                let safe = try Safe(folder: try Specimen.shared.get().copy())
                if made.first { try kind.make(in: safe, by: FaultMatrixTests.first) }
                if made.second { try safe.mkdir("acme/other", by: FaultMatrixTests.second) }
                states[try FaultMatrixTests.shape(of: safe)] = made
                if made.first, made.second { lines = ["first", "second"].map { FaultMatrixTests.lines($0, safe) } }
            }
        }
    }

    private static func lines(_ action: String, _ safe: Safe) -> Int { safe.logged("\"action\":\"\(action)\"", "\"verdict\":\"allow\"") }

    /// All that a change can be told by, without what is random.
    private static func shape(of safe: Safe) throws -> [String] {
        let file = try StoreFile(safe.configuration.storePath)
        let tables = Dictionary(uniqueKeysWithValues: try file.tables().map { ($0.name, $0) })
        func rows(_ name: String, _ columns: [String]) throws -> [[StoreFile.Cell]] {
            let table = try #require(tables[name])
            return try file.rows(of: table).map { row in try columns.map { row[try #require(table.columns.firstIndex(of: $0))] } }
        }
        // Numbers that were set aside for a change that failed are not given again.
        var names: [StoreFile.Cell: String] = [:]
        for row in try rows("node", ["id", "name"]) { names[row[0]] = "\(row[1])" }
        func named(_ table: String, _ columns: [String], of node: Int...) throws -> [String] {
            try rows(table, columns).map { row in
                "\(table) " + row.indices.map { node.contains($0) ? names[row[$0]] ?? "none" : "\(row[$0])" }.joined(separator: " ")
            }
        }
        return try
            (named("node", ["parent", "kind", "name", "current", "length", "line", "policy", "description"], of: 0)
            + named("version", ["node", "number", "length"], of: 0) + named("grants", ["node", "class", "principal", "rights"], of: 0)
            + named("deleted", ["node", "path"], of: 0)).sorted()
    }

    @Test(arguments: Kind.allCases) func `state answer and log agree`(_ kind: Kind) throws {
        let oracle = try Oracle(kind)
        #expect(oracle.states.count == 4)
        let calls = try count(of: kind)
        #expect(calls > 10)
        for fault in Faults.Kind.allCases where fault != .none {
            // Each is as good as the ones beside it in an hour of tests; all are tried there.
            let isLong = ProcessInfo.processInfo.environment["TACIT_WORLDS"] == "long"
            let step = isLong ? 1 : fault == .once ? 2 : 6
            for at in 1...calls where at % step == calls % step {
                try attempt(kind, fault, at, oracle)
            }
        }
    }

    private func count(of kind: Kind) throws -> Int {
        let safe = try Safe(folder: try Specimen.shared.get().copy())
        safe.vault.audit.close()
        let faults = Faults(below: safe.folder, .none, of: .changing)
        _ = run(kind, in: safe)
        return faults.count
    }

    private func attempt(_ kind: Kind, _ fault: Faults.Kind, _ at: Int, _ oracle: Oracle) throws {
        let specimen = try Specimen.shared.get()
        let safe = try Safe(folder: try specimen.copy())
        // Only what is tested syncs.
        safe.vault.audit.close()
        let written = try Safe.newFolder()
        let synced = try specimen.copy()
        let answers: (first: Answer, second: Answer)
        do {
            let faults = Faults(below: safe.folder, fault, at: at, of: .changing, image: synced)
            answers = run(kind, in: safe)
            for file in try FileManager.default.contentsOfDirectory(atPath: safe.folder) where !file.hasSuffix("-shm") {
                try FileManager.default.copyItem(atPath: safe.folder + "/" + file, toPath: written + "/" + file)
            }
            withExtendedLifetime(faults) {}
        }
        let isKilled = [.killedBefore, .killedAfter, .torn].contains(fault)
        for (crash, folder) in [("the daemon's crash", written), ("a loss of power", synced)] {
            let what = "\(kind.rawValue), \(fault) at \(at), \(answers), after \(crash)"
            let after = try Safe(folder: folder)
            let made = try #require(oracle.states[try Self.shape(of: after)], "\(what): neither before nor after")
            // A process that was killed has answered what it did before; here it goes on, and fails.
            let certain = [answers.first, answers.second].map { isKilled && $0 != .done ? .unknown : $0 }
            for (answer, isMade) in zip(certain, [made.first, made.second]) where answer != .unknown {
                #expect(isMade == (answer == .done), "\(what)")
            }
            for (index, isMade) in [made.first, made.second].enumerated() {
                #expect(
                    Self.lines(["first", "second"][index], after) == (isMade ? oracle.lines[index] : 0),
                    "\(what): lines of change \(index + 1)")
            }
            #expect(try after.vault.audit.verify().problem == nil, "\(what)")
            #expect(after.isSound, "\(what)")
        }
    }
}
