// SPDX-License-Identifier: MIT

import ControlAPI
import Secrets

/// All places below one, as far as the caller may list them: each before what is in it, in the order of their names.
enum TreeWalk {
    /// Calls `visit` for each. Places that are removed meanwhile, or not for the caller to list, are passed over.
    ///
    /// - Parameters:
    ///   - reference: of the place; nil for everything, the caller's home included.
    ///   - entersSecrets: whether what is in secrets is visited.
    static func visit(
        below reference: [UInt8]?, entersSecrets: Bool = true, _ visit: (EntriesReply.Entry) throws(Failure) -> Void
    ) throws(Failure) {
        try self.visit(try Entries(below: reference ?? Array("/".utf8)).all(), entersSecrets, visit)
        guard reference == nil, let own = try existing(below: TreeName.user) else { return }
        try self.visit(own, entersSecrets, visit)
    }

    private static func visit(
        _ entries: [EntriesReply.Entry], _ entersSecrets: Bool, _ visit: (EntriesReply.Entry) throws(Failure) -> Void
    ) throws(Failure) {
        for entry in entries {
            try visit(entry)
            guard entry.kind.holdsSecrets || entersSecrets && entry.kind == .secret, let inner = try existing(below: entry.ref.bytes) else {
                continue
            }
            try self.visit(inner, entersSecrets, visit)
        }
    }

    private static func existing(below reference: [UInt8]) throws(Failure) -> [EntriesReply.Entry]? {
        do { return try Entries(below: reference).all() } catch {
            guard error.exitCode == .notFound || error.exitCode == .denied else { throw error }
            return nil
        }
    }
}
