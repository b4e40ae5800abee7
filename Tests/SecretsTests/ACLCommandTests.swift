// SPDX-License-Identifier: MIT

import Secrets
import Testing

/// setfacl(1) reads both ACLs of a folder, computes both, and sets one after the other: every pair of starting grants under every
/// command line, against rules that are told bit by bit.
@Suite struct ACLCommandTests {
    /// What one of the two users holds before: on the folder, above it, and whether they have something below.
    private struct Start {
        var held: Rights = []
        var inherited: Rights = []
        var hasBelow = false
    }

    private static let starts: [Start] = [
        Start(), Start(held: .list), Start(held: .read), Start(held: .write), Start(held: [.read, .write]), Start(held: .run),
        Start(held: .manage), Start(held: .all), Start(inherited: .list), Start(inherited: .read), Start(inherited: [.read, .write]),
        Start(held: .write, inherited: .read), Start(hasBelow: true), Start(held: .read, hasBelow: true),
    ]

    /// One command line: what it makes of the two ACLs. An ACL that it does not mention is not set.
    private struct CommandLine {
        let text: String
        var access: (@Sendable (inout [Principal: String]) -> Void)?
        var defaults: (@Sendable (inout [Principal: String]) -> Void)?
        var removesDefaults = false
        /// Whether it says all of an ACL: one without entries is a mode then, and else what `-x` left.
        var isWhole = false
    }

    private static let first = Principal.user(1)
    private static let second = Principal.user(2)

    private static func entry(_ who: Principal, _ bits: String?) -> @Sendable (inout [Principal: String]) -> Void {
        { $0[who] = bits }
    }

    private static let commandLines: [CommandLine] = {
        var lines: [CommandLine] = []
        // "=": the line says nothing of this entry; nil: `-x`.
        let ofFirst: [(String?, String?)] = ["=", "r-x", "rwx", "---", nil].flatMap { access in
            ["=", "r--", "rw-", "-w-", nil].map { (access, $0) }
        }
        let ofSecond: [(String?, String?)] = [
            ("=", "="), ("r-x", "="), ("=", "r--"), ("rwx", "r--"), ("rwx", "rw-"), (nil, nil), (nil, "r--"),
        ]
        for first in ofFirst {
            for second in ofSecond {
                let access = [(Self.first, first.0), (Self.second, second.0)].filter { $0.1 != "=" }
                let defaults = [(Self.first, first.1), (Self.second, second.1)].filter { $0.1 != "=" }
                var line = CommandLine(text: "access \(access) default \(defaults)")
                if !access.isEmpty { line.access = { entries in for (who, bits) in access { entries[who] = bits } } }
                if !defaults.isEmpty { line.defaults = { entries in for (who, bits) in defaults { entries[who] = bits } } }
                lines.append(line)
            }
        }
        lines.append(CommandLine(text: "-b", access: { $0 = [:] }, removesDefaults: true, isWhole: true))
        lines.append(CommandLine(text: "-k", removesDefaults: true))
        lines.append(CommandLine(text: "-k -m u:1:rwx", access: entry(first, "rwx"), removesDefaults: true))
        lines.append(CommandLine(text: "-k -x u:2", access: entry(second, nil), removesDefaults: true))
        lines.append(CommandLine(text: "-b -m u:1:rx,d:u:2:r", access: { $0 = [first: "r-x"] }, defaults: { $0 = [second: "r--"] }))
        // `--set` and `--restore=` say all of both.
        for access in [[:], [first: "r-x"], [first: "rwx", second: "r-x"], [second: "rwx"]] as [[Principal: String]] {
            for defaults in [[:], [first: "r--"], [first: "rw-", second: "r--"], [second: "-w-"]] as [[Principal: String]] {
                lines.append(
                    CommandLine(
                        text: "--set \(access), \(defaults)", access: { $0 = access }, defaults: { $0 = defaults },
                        removesDefaults: defaults.isEmpty, isWhole: true))
            }
        }
        return lines
    }()

    @Test func `every command on every pair of grants`() throws {
        var (taken, refused) = (0, 0)
        for first in Self.starts {
            for second in [Start(), Start(held: .read), Start(held: [.read, .write]), Start(inherited: .list)] {
                for line in Self.commandLines {
                    let succeeded = try check(line, first, second)
                    taken += succeeded ? 1 : 0
                    refused += succeeded ? 0 : 1
                }
            }
        }
        #expect(taken > 5000 && refused > 1500)
    }

    /// Runs one line in both orders and compares with what it means; false if it was refused.
    private func check(_ line: CommandLine, _ first: Start, _ second: Start) throws -> Bool {
        let starts = [Self.first: first, Self.second: second]
        func grants(_ rights: KeyPath<Start, Rights>) -> [Grant] {
            starts.filter { !$0.value[keyPath: rights].isEmpty }.map { Grant($0.key, $0.value[keyPath: rights]) }
        }
        let subject = Subject(realm: .tree, kind: .project, levels: [grants(\.held), grants(\.inherited)])
        let context = ACLContext(subject, below: starts.filter(\.value.hasBelow).map(\.key))
        let before = starts.mapValues(\.held).filter { !$0.value.isEmpty }
        let shown = (access: named(shownAccessACL(subject, below: context.below)), defaults: named(shownDefaultACL(subject)))
        var (access, defaults) = shown
        line.access?(&access)
        line.defaults?(&defaults)
        if line.removesDefaults { defaults = [:] }

        var outcomes: [(grants: [Principal: Rights], refused: [Bool])] = []
        for defaultFirst in [false, true] {
            var command = ACLCommand(on: context)
            var held = before
            var refused: [Bool] = [false, false]
            for isDefault in [defaultFirst, !defaultFirst] {
                let isSet = isDefault ? line.defaults != nil || line.removesDefaults : line.access != nil
                guard isSet else { continue }
                let asked = isDefault && line.removesDefaults ? nil : try acl(isDefault ? defaults : access, isWhole: line.isWhole)
                do throws(ACLError) {
                    for change in try command.set(asked, isDefault: isDefault, current: held) {
                        held[change.principal] = change.newDirectRights.isEmpty ? nil : change.newDirectRights
                    }
                } catch { refused[isDefault ? 1 : 0] = true }
            }
            outcomes.append((held, refused))
        }
        let description = "\(line.text) on \(starts)"
        #expect(outcomes[0].grants == outcomes[1].grants && outcomes[0].refused == outcomes[1].refused, "\(description): \(outcomes)")

        var isRefused = false
        // An ACL that names nobody is a mode, and one that is removed too: nothing is taken away by them.
        let setsAccess = line.access != nil && !(line.isWhole && access.isEmpty)
        let setsDefaults = line.defaults != nil && !line.removesDefaults && !(line.isWhole && defaults.isEmpty)
        for (who, start) in starts {
            let rules = Rules(
                start: start, access: !setsAccess || shown.access[who] == access[who] ? nil : (shown.access[who], access[who]),
                defaults: !setsDefaults || shown.defaults[who] == defaults[who] ? nil : (shown.defaults[who], defaults[who]))
            if rules.isRefused {
                isRefused = true
            } else if !outcomes[0].refused.contains(true) {
                let holds = (outcomes[0].grants[who] ?? []).union(start.inherited).withImplied
                #expect(holds == rules.meant, "\(who): \(description), now \(holds), meant \(rules.meant)")
            }
        }
        #expect(outcomes[0].refused.contains(true) == isRefused, "\(description)")
        return !isRefused
    }

    /// What a command line means for one user. An entry that is as it was says nothing.
    private struct Rules {
        let start: Start
        /// The entries before and after, if they differ. "---" is as none.
        let access: (before: String?, after: String?)?
        let defaults: (before: String?, after: String?)?

        private func gives(_ bit: Character, _ change: (before: String?, after: String?)?) -> Bool { change?.after?.contains(bit) == true }
        private func takes(_ bit: Character, _ change: (before: String?, after: String?)?) -> Bool {
            change.map { $0.before?.contains(bit) == true && $0.after?.contains(bit) != true } ?? false
        }

        private var isGone: Bool { takes("x", access) }

        var isRefused: Bool {
            if isGone {
                if !start.inherited.isEmpty || start.held.isEmpty { return true }
            } else if takes("w", access) {
                if start.held.union(start.inherited).contains(.manage) || start.inherited.contains(.write) { return true }
            }
            return takes("r", defaults) && start.inherited.contains(.read) || takes("w", defaults) && start.inherited.contains(.write)
        }

        var meant: Rights {
            var rights = start.held.intersection(isGone ? .manage : .all)
            if takes("r", defaults) { rights.remove(.read) }
            if takes("w", defaults) || takes("w", access) { rights.remove(.write) }
            if gives("r", defaults) { rights.insert(.read) }
            if gives("w", defaults) || gives("w", access) { rights.insert(.write) }
            if gives("x", access) { rights.insert(.list) }
            return rights.union(start.inherited).withImplied
        }
    }

    /// ACLs from another file system say all: brought twice, they make what they make once.
    @Test func `from elsewhere twice`() throws {
        let bits = [nil, "r-x", "rwx"] as [String?]
        for start in Self.starts where start.inherited.isEmpty && !start.held.contains(.manage) {
            for access in bits {
                for defaults in [nil, "r--", "rw-", "-w-"] as [String?] {
                    let level = start.held.isEmpty ? [] : [Grant(Self.first, start.held)]
                    let below = start.hasBelow ? [Self.first] : []
                    func bring(_ held: [Principal: Rights]) throws -> [Principal: Rights] {
                        let grants = held.filter { !$0.value.isEmpty }.map { Grant($0.key, $0.value) }
                        let subject = Subject(realm: .tree, kind: .folder, levels: [grants])
                        var (command, held) = (ACLCommand(on: ACLContext(subject, below: below)), held)
                        for (isDefault, bits) in [(false, access), (true, defaults)] {
                            let asked = try SecretsTests.acl(
                                ["user::rwx", "group::r-x", "other::r-x"] + (bits.map { ["user:1:\($0)"] } ?? []))
                            for change in try command.set(asked, isDefault: isDefault, current: held) {
                                held[change.principal] = change.newDirectRights
                            }
                        }
                        return held
                    }
                    let once = try bring(Dictionary(uniqueKeysWithValues: level.map { ($0.principal, $0.rights) }))
                    #expect(try bring(once) == once, "\(access ?? "none"), \(defaults ?? "none") on \(start)")
                    if access != nil, let defaults {
                        let writes = access == "rwx" || defaults.contains("w")
                        let rights = (once[Self.first] ?? []).intersection([.read, .write])
                        #expect(rights == (defaults.contains("r") ? Rights.read : []).union(writes ? .write : []))
                    }
                }
            }
        }
    }

    /// What others change between the two calls is neither undone nor done again.
    @Test func `others meanwhile`() throws {
        let subject = Subject(realm: .tree, kind: .project, levels: [[Grant(.user(3), .read)]])
        var command = ACLCommand(on: ACLContext(subject))
        let access = try acl([.user(1): "rwx", .user(3): "r-x"])
        #expect(try command.set(access, isDefault: false, current: [.user(3): .read]) == [GrantChange(.user(1), [.list, .write])])
        let defaults = try acl([.user(2): "r--", .user(3): "r--"])
        // Somebody took what the first call gave to 1, gave 4 something, and more to 3.
        let now: [Principal: Rights] = [.user(3): [.read, .run], .user(4): [.read, .write]]
        #expect(try command.set(defaults, isDefault: true, current: now) == [GrantChange(.user(2), .read)])
    }

    /// The case that was seen first: it took back what it had just given.
    @Test func `access and default for two`() throws {
        var command = ACLCommand(on: ACLContext(Subject(realm: .tree, kind: .project, levels: [[]])))
        #expect(try command.set(acl([.user(1): "rwx"]), isDefault: false, current: [:]) == [GrantChange(.user(1), [.list, .write])])
        let given: [Principal: Rights] = [.user(1): [.list, .write]]
        #expect(try command.set(acl([.user(2): "r--"]), isDefault: true, current: given) == [GrantChange(.user(2), .read)])
        #expect(command.hasSet(isDefault: true) && command.hasSet(isDefault: false))
    }

    /// The named entries as text.
    private func named(_ shown: PosixACL?) -> [Principal: String] {
        (shown?.named ?? [:]).mapValues { bits in
            (bits.contains(.read) ? "r" : "-") + (bits.contains(.write) ? "w" : "-") + (bits.contains(.execute) ? "x" : "-")
        }
    }

    private func acl(_ named: [Principal: String], isWhole: Bool = true) throws -> PosixACL {
        try SecretsTests.acl(
            ["user::rwx", "group::---", "other::---"] + (named.isEmpty && !isWhole ? ["mask::---"] : [])
                + named.map { "\($0.key)".replacing(" ", with: ":") + ":\($0.value)" })
    }
}
