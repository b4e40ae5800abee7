// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing
import Vault

/// Who may write and not read learns nothing (security.md): nothing that they do has an outcome that depends on a value that they may
/// not open, and no such value comes to where they may.
///
/// With TACIT_WORLDS=long in the environment all is done with all, and more walks are gone: `contrib/test --long`.
@Suite struct TwoWorldTests {
    private static let isLong = ProcessInfo.processInfo.environment["TACIT_WORLDS"] == "long"
    /// How many walks there are in all: `TACIT_WALKS` in the environment.
    private static let walks = Int(ProcessInfo.processInfo.environment["TACIT_WALKS"] ?? "") ?? (isLong ? 100_000 : 1000)
    /// How many walks begin with the same values.
    private static let walksOfValues = 50

    @Test(arguments: Population.Variant.allCases) func `no two operations tell the worlds apart`(_ variant: Population.Variant) throws {
        let search = try Search(Population(variant: variant, values: Values(seed: 1)))
        // Who reads, runs or manages by which right makes a difference to where things are.
        let operations = Self.isLong ? Operation.all : variant == .writer ? Operation.common : Operation.placing
        try search.sequences(of: operations, length: 2)
        report(search)
    }

    @Test(.enabled(if: isLong), arguments: Population.Variant.allCases)
    func `no three changes tell the worlds apart`(_ variant: Population.Variant) throws {
        let search = try Search(Population(variant: variant, values: Values(seed: 2)))
        try search.sequences(of: Operation.common.filter(\.changes), length: 3)
        report(search)
    }

    @Test(arguments: Population.Variant.allCases) func `no walk tells the worlds apart`(_ variant: Population.Variant) throws {
        let count = Self.walks / Population.Variant.allCases.count
        for first in stride(from: 0, to: count, by: Self.walksOfValues) {
            let search = try Search(Population(variant: variant, values: Values(seed: UInt64(first))))
            for number in first..<min(first + Self.walksOfValues, count) { try search.walk(seed: UInt64(number)) }
            report(search)
        }
    }

    /// That they find nothing says something: taken out, each rule is missed.
    @Test(arguments: Hole.allCases) func `two operations find each rule that is taken out`(_ hole: Hole) throws {
        let search = try Search(Population(variant: .writer, values: Values(seed: 1)), holes: [hole])
        try search.sequences(of: Operation.common, length: 2, limit: 1)
        #expect(!search.findings.isEmpty)
    }

    private func report(_ search: Search) {
        for finding in search.findings { Issue.record("\(finding)") }
    }
}
