// SPDX-License-Identifier: MIT

import Bytes
import Vault

/// The mount options that say how much one user may take up: NAME=NUMBER, where 0 turns a limit off (tacitd.8, SHARES AND QUOTAS).
extension Shares {
    /// Sets what a mount option says. False if there is no share of that name. Throws a usage error for a value that is no number.
    mutating func set(_ name: String, _ value: String) throws(StartError) -> Bool {
        switch name {
        case "handles": handles = try Self.count(value)
        case "home-size": homeSize = try Size.limit(value)
        case "home-items": homeItems = try Self.count(value)
        case "secret-items":
            // NUMBER for all secrets, or one for those in homes and one for all others.
            let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            homeSecretItems = try Self.count(parts[0])
            secretItems = parts.count == 2 ? try Self.count(parts[1]) : homeSecretItems
        case "locked": locked = try Size.limit(value)
        case "connections": connections = try Self.count(value)
        case "audit-rate": auditRate = try Self.count(value)
        default: return false
        }
        return true
    }

    private static let most = 1_000_000_000

    /// Nil for 0.
    private static func count(_ text: String) throws(StartError) -> Int? {
        guard let number = Int(decimal: text.utf8), number <= most else { throw .usage("'\(text)' is no number from 0 to \(most)") }
        return number == 0 ? nil : number
    }
}

extension Size {
    private static let most = 1 << 40

    /// A number of bytes that limits something, as `parse` takes it. Nil for 0. Throws a usage error beyond 1T.
    static func limit(_ text: String) throws(StartError) -> Int? {
        guard let number = bytes(text), number <= most else { throw .usage("'\(text)' is no size from 0 to 1048576M") }
        return number == 0 ? nil : number
    }
}
