// SPDX-License-Identifier: MIT

import Secrets
import struct TestSupport.Seeded
import Testing

/// `decide` against a second implementation that is too simple to be wrong, and too slow to be used.
@Suite struct DecideOracleTests {
    private static let paths = [
        "", ".users", ".users/1", ".users/2/s", ".users/2/s/vars/A", ".users/1/s/env", "o", "o/p", "o/p@t", "o/@org",
        "o/p/s", "o/p/s/env", "o/p/s/vars", "o/p/s/files", "o/p/s/vars/A", "o/p/s/files/f", "o/p/s/files/d/f", "o/p/z",
        "o/@org/s/vars/A", "o/p@t/s/vars/A", "q", "q/p/s/vars/A",
    ]

    @Test func `decisions`() {
        var random = Seeded(6)
        var (allowed, asked) = (0, 0)
        for _ in 0..<3000 {
            let world = Self.randomWorld(&random)
            for _ in 0..<5 {
                let caller = Identity(
                    uid: UInt32(random.below(4)), gid: UInt32(random.below(3)), ownsStore: random.chance(20),
                    isAlone: random.chance(20))
                let groups = (0..<random.below(4)).map { _ in UInt32(random.below(5)) }
                let path = random.pick(Self.paths)
                let subject = world.subject(path)
                var sum: Rights = []
                for (right, word) in Rights.words {
                    var calls = 0
                    let decision = decide(right, on: subject, for: caller) {
                        calls += 1
                        return groups
                    }
                    let expected = slowly(right, path, caller, groups, world)
                    #expect(decision.allowed == expected, "\(word) on \(path) for \(caller) in \(groups): \(world.grants)")
                    if decision.allowed { sum.insert(right) }
                    let withoutGroups = slowly(right, path, caller, [], world)
                    #expect(calls <= 1 && !(withoutGroups && calls > 0))
                    if case .grant(let principal, let level) = decision.reason {
                        let grants = subject.levels[level].filter { $0.principal == principal }
                        #expect(decision.allowed && grants.contains { $0.rights.withImplied.contains(right) })
                    }
                    allowed += decision.allowed ? 1 : 0
                    asked += calls
                }
                #expect(effectiveRights(on: subject, for: caller) { groups } == sum)
            }
        }
        // The rows are worth something: both answers occur, and groups matter.
        #expect(allowed > 5000 && allowed < 70_000 && asked > 1000)
    }

    static func randomWorld(_ random: inout Seeded) -> World {
        var world = World(grants: [:])
        for _ in 0..<random.below(12) {
            let id = UInt32(random.below(4))
            let rights = Rights(rawValue: UInt8(1 + random.below(31)))
            let principal = random.chance(50) ? Principal.user(id) : .group(id)
            world.grants[random.pick(paths), default: []].append(
                Grant(principal, random.chance(50) ? rights : random.pick(Rights.words.map(\.right))))
        }
        return world
    }

    private func slowly(
        _ right: Rights, _ path: String, _ caller: Identity, _ groups: [UInt32], _ world: World
    ) -> Bool {
        let parts = path.split(separator: "/")
        let isHome = parts.count >= 2 && parts[0] == ".users"
        if isHome && parts[1] == "\(caller.uid)" { return true }
        if caller.ownsStore && (right == .list || right == .manage || right == .write && !isHome) { return true }
        if caller.ownsStore && caller.isAlone && !isHome { return true }
        if isHome || path == ".users" { return false }
        if path == "" { return right == .list }
        for (place, grants) in world.grants {
            var covers = place == path || path.hasPrefix(place + "/") || place == ""
            if path.hasSuffix("/env") && place == path.dropLast(3) + "vars" { covers = true }
            if place == "" || place.hasPrefix(".users") { covers = false }
            guard covers else { continue }
            for grant in grants {
                let has = grant.rights.contains(right) || right == .list && !grant.rights.isEmpty
                for group in groups + [caller.gid] where has && grant.principal == .group(group) { return true }
                if has && grant.principal == .user(caller.uid) { return true }
            }
        }
        return false
    }
}
