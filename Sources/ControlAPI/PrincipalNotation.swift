internal import Bytes
package import Secrets

/// A user or a group by number, as requests and replies write it: `uid:1001`, `gid:100`.
extension Principal {
    /// Nil unless it is exactly that: decimal digits, no sign, a number of 32 bits.
    package init?(notation: some StringProtocol) {
        let parts = notation.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Principal.number(parts[1]) else { return nil }
        switch parts[0] {
        case "uid": self = .user(number)
        case "gid": self = .group(number)
        default: return nil
        }
    }

    package var notation: String {
        switch self {
        case .user(let uid): "uid:\(uid)"
        case .group(let gid): "gid:\(gid)"
        }
    }

    /// A user's or group's number: digits only, and not the highest, which system calls take for "none".
    package static func number(_ text: some StringProtocol) -> UInt32? {
        guard let number = UInt32(decimal: text.utf8), number != .max else { return nil }
        return number
    }
}
