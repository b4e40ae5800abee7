// SPDX-License-Identifier: MIT

internal import Bytes

/// Why stored bytes are no policy, or a policy can't be stored.
package enum AccessPolicyError: Error, Equatable, Sendable {
    /// The bytes are not of a known format, or not in its canonical form.
    case malformed(offset: Int)
    /// A name in the list can't be that of a project.
    case name(NameError)
    /// The list has more than `AccessPolicy.maximumProjects` names.
    case tooManyProjects
    /// A date is later than any that can be written, or a rotation is longer than `Rotation.longest`.
    case dates
}

/// The policy of a secret: what it allows to jobs, beside the grants, and the dates of its values.
///
/// Stored form, canonical (equal policies have equal bytes):
///
///     1       format: 1 without dates, 2 with
///     1       flags: 1 debug sessions allowed, 2 attached shells allowed; in format 2 also 4 reads of expired values refused,
///             8 values expire, 16 values are to be replaced: at least one of the three
///     8       if values expire: from when on, seconds since the start of 1970, big endian
///     8       if they are to be replaced: after how many seconds, big endian, at least 1
///     1       projects: 0 none, 1 all, 2 those listed
///     2       if listed: number of names, big endian, at least 1
///     1 + n   for each name, sorted by bytes, none twice: its length, its bytes
package struct AccessPolicy: Equatable, Sendable {
    /// Which projects' jobs may use the secret. Matters for an organization's shared secrets.
    package enum Projects: Equatable, Sendable {
        case all
        case none
        case only(Set<[UInt8]>)
    }

    package let projects: Projects
    /// Whether debug sessions may use it.
    package let debug: Bool
    /// Whether a shell attached to a running job may use it.
    package let attach: Bool
    package let dates: PolicyDates

    /// The policy of a secret that was given none: everything is allowed.
    package static let standard = AccessPolicy(unchecked: .all, debug: true, attach: true, dates: .none)
    /// The most names that a list takes.
    package static let maximumProjects = 4096

    private init(unchecked projects: Projects, debug: Bool, attach: Bool, dates: PolicyDates) {
        self.projects = projects
        self.debug = debug
        self.attach = attach
        self.dates = dates
    }

    /// A policy; an empty list of projects is `none`.
    package init(
        projects: Projects, debug: Bool, attach: Bool, dates: PolicyDates = .none
    ) throws(AccessPolicyError) {
        guard dates.areInRange else { throw .dates }
        if case .only(let names) = projects {
            if names.count > Self.maximumProjects { throw .tooManyProjects }
            for name in names {
                do throws(NameError) { try Name.check(name, as: .project) } catch { throw .name(error) }
            }
            self.init(unchecked: names.isEmpty ? .none : projects, debug: debug, attach: attach, dates: dates)
        } else {
            self.init(unchecked: projects, debug: debug, attach: attach, dates: dates)
        }
    }

    /// Whether jobs of a project may use the secret.
    package func admits(project: [UInt8]) -> Bool {
        switch projects {
        case .all: true
        case .none: false
        case .only(let names): names.contains(project)
        }
    }

    /// The stored form.
    package func serialize() -> [UInt8] {
        var bytes: [UInt8] = [dates == .none ? 1 : 2, (debug ? 1 : 0) | (attach ? 2 : 0)]
        if dates.onExpire == .deny { bytes[1] |= 4 }
        if case .at(let time) = dates.expiry {
            bytes[1] |= 8
            bytes += Self.bytes(of: time)
        }
        if case .every(let seconds) = dates.rotation {
            bytes[1] |= 16
            bytes += Self.bytes(of: seconds)
        }
        switch projects {
        case .none: bytes.append(0)
        case .all: bytes.append(1)
        case .only(let names):
            bytes.append(2)
            bytes.append(UInt8(truncatingIfNeeded: names.count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: names.count))
            for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                bytes.append(UInt8(truncatingIfNeeded: name.count))
                bytes.append(contentsOf: name)
            }
        }
        return bytes
    }

    /// Reads the stored form. Takes only what `serialize` makes.
    package static func parse(_ bytes: [UInt8]) throws(AccessPolicyError) -> AccessPolicy {
        // Safe: bytes have no padding.
        let text = unsafe bytes.span.bytes
        guard let format = text.byte(at: 0), format == 1 || format == 2 else { throw .malformed(offset: 0) }
        guard let flags = text.byte(at: 1), format == 1 ? flags <= 3 : (4...31).contains(flags) else { throw .malformed(offset: 1) }
        var end = 2
        let dates = PolicyDates(
            expiry: flags & 8 == 0 ? .never : .at(try parseNumber(text, &end)),
            rotation: flags & 16 == 0 ? .never : .every(try parseNumber(text, &end)), onExpire: flags & 4 == 0 ? .warn : .deny)
        let projects: Projects
        end += 1
        switch text.byte(at: end - 1) {
        case 0: projects = .none
        case 1: projects = .all
        case 2: projects = .only(try parseNames(text, &end))
        default: throw .malformed(offset: end - 1)
        }
        guard end == bytes.count else { throw .malformed(offset: end) }
        return try AccessPolicy(projects: projects, debug: flags & 1 != 0, attach: flags & 2 != 0, dates: dates)
    }

    private static func bytes(of number: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }

    private static func parseNumber(_ text: RawSpan, _ offset: inout Int) throws(AccessPolicyError) -> Int64 {
        var number: UInt64 = 0
        for index in offset..<offset + 8 {
            guard let byte = text.byte(at: index) else { throw .malformed(offset: offset) }
            number = number << 8 | UInt64(byte)
        }
        offset += 8
        return Int64(bitPattern: number)
    }

    private static func parseNames(_ text: RawSpan, _ offset: inout Int) throws(AccessPolicyError) -> Set<[UInt8]> {
        guard let high = text.byte(at: offset), let low = text.byte(at: offset + 1) else {
            throw .malformed(offset: offset)
        }
        let count = Int(high) << 8 | Int(low)
        guard count >= 1, count <= maximumProjects else { throw .malformed(offset: offset) }
        offset += 2
        var names: Set<[UInt8]> = []
        var previous: [UInt8] = []
        for _ in 0..<count {
            guard let length = text.byte(at: offset), text.byteCount - offset > Int(length) else {
                throw .malformed(offset: offset)
            }
            let name = text.publicBytes(offset + 1..<offset + 1 + Int(length))
            guard previous.lexicographicallyPrecedes(name) else { throw .malformed(offset: offset) }
            names.insert(name)
            previous = name
            offset += 1 + name.count
        }
        return names
    }
}
