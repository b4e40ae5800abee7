// SPDX-License-Identifier: MIT

internal import Bytes

/// When the values of a secret expire.
package enum Expiry: Hashable, Sendable {
    case never
    /// From this time on, in seconds since the start of 1970.
    case at(Int64)

    /// The latest time that there is: the last second of the year 9999.
    package static let latest = RFC3339.latest / 1_000_000

    /// Reads `never`, a date (its start, in UTC) or a time of RFC 3339 in UTC; a part of a second is left out. Nil for any other text, and
    /// for a time before 1970.
    package init?(_ text: some Collection<UInt8>) {
        if text.elementsEqual(PolicyDates.never.utf8) {
            self = .never
        } else {
            guard let time = RFC3339.microseconds(text), time >= 0 else { return nil }
            self = .at(time / 1_000_000)
        }
    }

    /// `never`, or the time as RFC 3339 writes it: `2027-01-31T00:00:00Z`.
    package var text: String {
        guard case .at(let time) = self else { return PolicyDates.never }
        var bytes: [UInt8] = []
        RFC3339.append(min(max(time, 0), Self.latest) * 1_000_000, to: &bytes)
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self) + "Z"
    }
}

/// How often the values of a secret are to be replaced.
package enum Rotation: Equatable, Sendable {
    case never
    /// Each this many seconds after it was written.
    case every(Int64)

    /// The longest: 100 years of 365 days.
    package static let longest: Int64 = 3_153_600_000

    /// Reads `never`, or a number with `s`, `m`, `h` or `d` behind it: seconds, minutes, hours, days. Nil for any other text, for nothing,
    /// and for more than `longest`.
    package init?(_ text: some Collection<UInt8>) {
        if text.elementsEqual(PolicyDates.never.utf8) {
            self = .never
            return
        }
        let digits = text.dropLast()
        guard let unit = Self.units.first(where: { [$0.letter] == Array(text.suffix(1)) }), (1...10).contains(digits.count),
            digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        else { return nil }
        let count = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        guard count >= 1, count <= Self.longest / unit.seconds else { return nil }
        self = .every(count * unit.seconds)
    }

    /// `never`, or a number in the largest unit of which it is a multiple: `90d`, `36h`.
    package var text: String {
        guard case .every(let seconds) = self else { return PolicyDates.never }
        let unit = Self.units.first { seconds % $0.seconds == 0 } ?? (UInt8(ascii: "s"), 1)
        return "\(seconds / unit.seconds)\(Character(Unicode.Scalar(unit.letter)))"
    }

    private static let units: [(letter: UInt8, seconds: Int64)] = [
        (UInt8(ascii: "d"), 86_400), (UInt8(ascii: "h"), 3_600), (UInt8(ascii: "m"), 60), (UInt8(ascii: "s"), 1),
    ]
}

/// What becomes of reads of values that have expired.
package enum ExpiryAction: String, CaseIterable, Sendable {
    /// They are served. Jobs that begin with such values, `tacit due` and `tacit show` say that they have expired.
    case warn
    /// They are refused, to everybody.
    case deny
}

/// The dates of a policy.
package struct PolicyDates: Equatable, Sendable {
    package let expiry: Expiry
    package let rotation: Rotation
    package let onExpire: ExpiryAction

    /// The dates of a policy that was given none.
    package static let none = PolicyDates()

    /// The dates of a policy that can't be read: it may have refused all reads.
    package static let unknown = PolicyDates(expiry: .at(0), onExpire: .deny)

    static let never = "never"

    package init(expiry: Expiry = .never, rotation: Rotation = .never, onExpire: ExpiryAction = .warn) {
        self.expiry = expiry
        self.rotation = rotation
        self.onExpire = onExpire
    }

    /// Whether they can be stored.
    var areInRange: Bool {
        if case .at(let time) = expiry, !(0...Expiry.latest).contains(time) { return false }
        if case .every(let seconds) = rotation, !(1...Rotation.longest).contains(seconds) { return false }
        return true
    }

    /// The time from which on reads are refused, in seconds since the start of 1970; nil if they never are.
    package var deadline: Int64? {
        guard onExpire == .deny, case .at(let time) = expiry else { return nil }
        return time
    }

    /// Whether the values have expired at a time in seconds since the start of 1970.
    package func hasExpired(at now: Int64) -> Bool {
        if case .at(let time) = expiry { now >= time } else { false }
    }

    /// Whether they never serve a read that the other ones refuse.
    func serveNoMore(than other: PolicyDates) -> Bool {
        guard let limit = other.deadline else { return true }
        return deadline.map { $0 <= limit } ?? false
    }
}
