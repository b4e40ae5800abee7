// SPDX-License-Identifier: MIT

internal import Linux

/// Rows of the store that did not verify, until the audit log has them. Each is told once in a run; the set is bounded.
final class DamageReports: Sendable {
    private static let most = 4096

    private struct State {
        var pending: [String] = []
        var told: Set<String> = []
    }

    private let state = Guarded(State())

    func note(_ report: String) {
        state.withLock { state in
            guard state.told.count < Self.most, state.told.insert(report).inserted else { return }
            state.pending.append(report)
        }
    }

    func take() -> [String] {
        state.withLock { state in
            guard !state.pending.isEmpty else { return [] }
            defer { state.pending = [] }
            return state.pending
        }
    }

    /// All that was found in this run, for `doctor` and tests.
    var all: Set<String> { state.withLock { $0.told } }
}
