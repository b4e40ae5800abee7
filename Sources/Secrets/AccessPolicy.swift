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
}

/// The policy of a secret: what it allows to jobs, beside the grants.
///
/// Stored form, canonical (equal policies have equal bytes):
///
///     1       format, 1
///     1       flags: 1 debug sessions allowed, 2 attached shells allowed
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

    /// The policy of a secret that was given none: everything is allowed.
    package static let standard = AccessPolicy(unchecked: .all, debug: true, attach: true)
    /// The most names that a list takes.
    package static let maximumProjects = 4096

    private static let format: UInt8 = 1

    private init(unchecked projects: Projects, debug: Bool, attach: Bool) {
        self.projects = projects
        self.debug = debug
        self.attach = attach
    }

    /// A policy; an empty list of projects is `none`.
    package init(projects: Projects, debug: Bool, attach: Bool) throws(AccessPolicyError) {
        if case .only(let names) = projects {
            if names.count > Self.maximumProjects { throw .tooManyProjects }
            for name in names {
                do throws(NameError) { try Name.check(name, as: .project) } catch { throw .name(error) }
            }
            self.init(unchecked: names.isEmpty ? .none : projects, debug: debug, attach: attach)
        } else {
            self.init(unchecked: projects, debug: debug, attach: attach)
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
        var bytes: [UInt8] = [Self.format, (debug ? 1 : 0) | (attach ? 2 : 0)]
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
        guard text.byte(at: 0) == format else { throw .malformed(offset: 0) }
        guard let flags = text.byte(at: 1), flags <= 3 else { throw .malformed(offset: 1) }
        var end = 3
        let projects: Projects
        switch text.byte(at: 2) {
        case 0: projects = .none
        case 1: projects = .all
        case 2: projects = .only(try parseNames(text, &end))
        default: throw .malformed(offset: 2)
        }
        guard end == bytes.count else { throw .malformed(offset: end) }
        return try AccessPolicy(projects: projects, debug: flags & 1 != 0, attach: flags & 2 != 0)
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
