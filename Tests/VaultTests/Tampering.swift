// SPDX-License-Identifier: MIT

import Foundation
import Linux
import SQLite
import Secrets
import Sodium
import Testing

@testable import Vault

/// Who can write to the store and has no keys: bits of every field of every row are changed, and every two rows of a table are
/// exchanged, wholly and by column. Then the vault refuses to open or `check` finds it, and no value shows that is another's.
@Suite struct Tampering {
    /// A part of the work, so that parts run side by side.
    struct Part: CustomTestStringConvertible, Sendable {
        let table: String
        let number: Int
        let of: Int
        var testDescription: String { of == 1 ? table : "\(table) \(number + 1)/\(of)" }
    }

    static let parts: [Part] = [
        ("node", 6), ("version", 4), ("key", 1), ("grants", 2), ("passage", 1), ("deleted", 1),
    ].flatMap { table, count in
        (0..<count).map { Part(table: table, number: $0, of: count) }
    }

    /// With TACIT_TAMPERING=all every bit of every row is changed, in some minutes. Else every fifth bit of a field, another fifth in
    /// each row: so every bit of a column is changed in one row or another.
    private static let step = ProcessInfo.processInfo.environment["TACIT_TAMPERING"] == "all" ? 1 : 5
    /// `check` verifies whatever an open does; values themselves are opened after each change that it missed, and every so often.
    private static let opensEvery = 20

    /// A vault on a copy that forgets all it knew before each look at it.
    private final class Subject {
        let specimen: Specimen
        let file: StoreFile
        private let safe: Safe
        private var looks = 0
        private(set) var misses: [String] = []

        init() throws {
            specimen = try Specimen.shared.get()
            safe = try Safe(folder: try specimen.copy())
            file = try StoreFile(safe.configuration.storePath)
            #expect(try safe.vault.check(for: safe.owner) == [])
            #expect(specimen.wrong(in: safe.vault) == [])
        }

        func table(_ name: String) throws -> StoreFile.Table { try #require(try file.tables().first { $0.name == name }) }

        /// Puts rows in the place of others, looks, and puts the others back. False where the schema does not let them in.
        func change(_ old: [StoreFile.Row], to new: [StoreFile.Row], in table: StoreFile.Table, _ what: () -> String) throws -> Bool {
            guard old != new else { return true }
            guard try file.replace(old, by: new, in: table) else { return false }
            try look(what)
            #expect(try file.replace(new, by: old, in: table))
            return true
        }

        private func look(_ what: () -> String) throws {
            let found = try !safe.vault.check(for: safe.owner).isEmpty
            if !found { misses.append(what()) }
            looks += 1
            guard !found || looks % Tampering.opensEvery == 0 else { return }
            safe.vault.places.forgetAll()
            safe.vault.keyring.lock()
            try safe.vault.unlock(by: safe.owner)
            misses += specimen.wrong(in: safe.vault).map { "\(what()): \($0)" }
        }
    }

    @Test(arguments: parts) func `every bit`(of part: Part) throws {
        let subject = try Subject()
        let table = try subject.table(part.table)
        let rows = try subject.file.rows(of: table)
        let step = min(Self.step, rows.count)
        for (number, row) in rows.enumerated() where number % part.of == part.number {
            for (column, cell) in row.enumerated() {
                for bit in stride(from: (number + column) % step, to: cell.bits, by: step) {
                    var changed = row
                    changed[column] = cell.flipping(bit)
                    // Two rows of the same key can't be: SQLite itself refuses.
                    _ = try subject.change([row], to: [changed], in: table) {
                        "\(table.name).\(table.columns[column]) bit \(bit) of row \(number)"
                    }
                }
                // NULL for a value, and a value for NULL. A row has no key that is NULL: SQLite makes one up.
                for other in cell == .null ? [.integer(0), .blob([])] : [StoreFile.Cell.null] where !table.key.contains(column) {
                    var changed = row
                    changed[column] = other
                    _ = try subject.change([row], to: [changed], in: table) {
                        "\(table.name).\(table.columns[column]) of row \(number): NULL"
                    }
                }
            }
        }
        #expect(subject.misses == [])
    }

    @Test(arguments: parts) func `every two rows`(of part: Part) throws {
        let subject = try Subject()
        let table = try subject.table(part.table)
        let rows = try subject.file.rows(of: table)
        for first in rows.indices where first % part.of == part.number {
            for second in rows.indices where second > first {
                // One column of both, and then all that is no key: which is the same as the keys of both.
                let sets = table.columns.indices.map { [$0] } + [table.columns.indices.filter { !table.key.contains($0) }]
                for columns in sets {
                    var (one, two) = (rows[first], rows[second])
                    for column in columns { (one[column], two[column]) = (two[column], one[column]) }
                    // Exchanging the only column that they differ in changes nothing.
                    guard Set([one, two].map { "\($0)" }) != Set([rows[first], rows[second]].map { "\($0)" }) else { continue }
                    _ = try subject.change([rows[first], rows[second]], to: [one, two], in: table) {
                        "\(table.name): rows \(first) and \(second), \(columns.map { table.columns[$0] })"
                    }
                }
            }
        }
        #expect(subject.misses == [])
    }

    /// The rows that are read when a store is opened, with an open for each change.
    @Test(arguments: ["store", "sequence", "state", "watch"]) func `every bit`(ofTheOneRowOf name: String) throws {
        let specimen = try Specimen.shared.get()
        let folder = try specimen.copy()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let configuration = Safe.configuration(in: folder)
        let file = try StoreFile(configuration.storePath)
        let table = try #require(try file.tables().first { $0.name == name })
        let row = try #require(try file.rows(of: table).first)
        var misses: [String] = []
        for (column, cell) in row.enumerated() {
            let changes =
                cell == .null
                ? [.integer(0), .blob([]), .blob([1])]
                : (0..<cell.bits).map { cell.flipping($0) } + (table.key.contains(column) ? [] : [StoreFile.Cell.null])
            for (number, change) in changes.enumerated() {
                var changed = row
                changed[column] = change
                guard try file.replace([row], by: [changed], in: table) else { continue }
                if let vault = try? Vault(configuration) {
                    let what = "\(name).\(table.columns[column]) bit \(number)"
                    if try vault.check(for: Safe.caller(Safe.owner)).isEmpty { misses.append(what) }
                    if number % Self.opensEvery == 0 { misses += specimen.wrong(in: vault).map { "\(what): \($0)" } }
                    vault.audit.close()
                }
                #expect(try file.replace([changed], by: [row], in: table))
            }
        }
        #expect(misses == [])
    }

    @Test func `every table is tampered with`() throws {
        let specimen = try Specimen.shared.get()
        let folder = try specimen.copy()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let tables = try StoreFile(folder + "/tacit.db").tables().map(\.name)
        #expect(Set(tables) == Set(Self.parts.map(\.table) + ["store", "sequence", "state", "watch", "line"]))
    }

    @Test func `costs of a passphrase are signed`() throws {
        let safe = try Safe(passphrase: true)
        try safe.vault.close()
        let file = try StoreFile(safe.configuration.storePath)
        let table = try #require(try file.tables().first { $0.name == "store" })
        let row = try #require(try file.rows(of: table).first)
        for column in ["salt", "operations", "memory"].compactMap({ table.columns.firstIndex(of: $0) }) {
            for change in (0..<row[column].bits).map({ row[column].flipping($0) }) + [.null] {
                var changed = row
                changed[column] = change
                #expect(try file.replace([row], by: [changed], in: table))
                #expect(refusal { _ = try Vault(safe.configuration) } == "corrupt")
                #expect(try file.replace([changed], by: [row], in: table))
            }
        }
    }

    @Test(arguments: [
        "CREATE TRIGGER t AFTER INSERT ON version BEGIN DELETE FROM grants; END", "CREATE VIEW v AS SELECT * FROM node",
        "CREATE TABLE t (id INTEGER)", "DROP INDEX node_name", "DROP INDEX grants_principal",
        "DELETE FROM state", "DELETE FROM sequence", "DELETE FROM passage", "DELETE FROM node WHERE id = 2",
    ])
    func `changes of the schema and missing rows`(_ sql: String) throws {
        let specimen = try Specimen.shared.get()
        let safe = try Safe(folder: try specimen.copy())
        try StoreFile(safe.configuration.storePath).connection.execute(sql)
        #expect(try !safe.vault.check(for: safe.owner).isEmpty)
        #expect(specimen.wrong(in: safe.vault) == [])
    }

    /// Single bits of the file itself, anywhere. Most of what they hit SQLite does not notice before it reads it.
    @Test(arguments: 0..<4) func `bits of the file`(_ seed: Int) throws {
        let specimen = try Specimen.shared.get()
        let folder = try specimen.copy()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let whole = try #require(FileManager.default.contents(atPath: folder + "/tacit.db"))
        var random = UInt64(seed + 1) &* 0x9e37_79b9_7f4a_7c15
        var wrong: [String] = []
        for number in 0..<500 {
            // xorshift64
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            let bit = Int(random % UInt64(whole.count * 8))
            var bytes = whole
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            var configuration = Safe.configuration(in: folder)
            configuration.storePath = folder + "/\(number).db"
            try bytes.write(to: URL(filePath: configuration.storePath))
            if let vault = try? Vault(configuration) {
                wrong += specimen.wrong(in: vault).map { "bit \(bit): \($0)" }
                if number % 5 == 0 { _ = try? vault.check(for: Safe.caller(Safe.owner)) }
                vault.audit.close()
            }
            for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: configuration.storePath + end) }
        }
        #expect(wrong == [])
    }
}
