// SPDX-License-Identifier: MIT

import Secrets
import struct TestSupport.Seeded
import Testing

/// Selection and view against a second implementation that is too simple to be wrong, and too slow to be used.
@Suite struct JobOracleTests {
    private static let places = ["acme/web@p", "acme/web", "acme/@org"]
    private static let names = ["a", "b", "c"]
    private static let items = ["X", "Y", "f:x", "f:x/y", "f:x/y/z", "f:q"]

    @Test func `every selection`() throws {
        var random = Seeded(23)
        var (started, refused, collided) = (0, 0, 0)
        for _ in 0..<4000 {
            var lines: [String] = []
            for place in Self.places {
                for name in Self.names where random.chance(50) {
                    // One secret can't hold a file in the place of a folder.
                    var words = ["\(place)/\(name)"] + ["X", "Y", "f:q"].filter { _ in random.chance(40) }
                    if random.chance(60) { words.append(random.pick(["f:x", "f:x/y", "f:x/y/z"])) }
                    if random.chance(8) { words.append(random.pick(["projects=none", "projects=web", "projects=api"])) }
                    if random.chance(6) { words.append("debug=deny") }
                    if random.chance(6) { words.append(random.pick(["may=list", "may=none"])) }
                    lines.append(words.joined(separator: " "))
                }
            }
            let hasTarget = random.chance(50)
            let named = random.chance(50) ? (0...random.below(3)).map { _ in random.pick(Self.names) } : nil
            let debug = random.chance(30)
            var command = "-p acme/web" + (hasTarget ? " -t p" : "") + (debug ? " --debug" : "")
            for name in named ?? [] { command += " -s \(name)" }

            let world = try JobWorld(lines)
            let expected = slowly(world, hasTarget: hasTarget, named: named, debug: debug)
            do {
                let selection = try world.select(command)
                let view = JobView(selection, contents: world.contents)
                var shown: [String: String] = [:]
                for item in Self.items { shown[item] = view[jobPath(item)]?.source.description }
                #expect(shown == expected, "\(command)\n\(lines.joined(separator: "\n"))")
                #expect(shown.count == view.variables.count + view.files.count)
                // What is not there was told.
                let defined = selection.secrets.reduce(0) { $0 + world.contents[$1.id, default: []].count }
                #expect(defined == shown.count + view.collisions.count)
                started += 1
                collided += view.collisions.count
            } catch let error as JobRefusals {
                #expect(expected == nil && !error.refusals.isEmpty, "\(command): \(error)\n\(lines.joined(separator: "\n"))")
                refused += 1
            }
        }
        #expect(started > 1000 && refused > 500 && collided > 1000)
    }

    /// The view, or nil if the job can't be started.
    private func slowly(_ world: JobWorld, hasTarget: Bool, named: [String]?, debug: Bool) -> [String: String]? {
        let scopes = Self.places.suffix(hasTarget ? 3 : 2)
        // From what wins over all to what loses against all.
        var layers: [JobWorld.Secret] = []
        for scope in scopes {
            // Later ones first.
            var order: [String] = []
            for name in (named ?? Self.names).reversed() where !order.contains(name) { order.append(name) }
            for name in order {
                guard let secret = world.secret("\(scope)/\(name)"), secret.access != .none else { continue }
                let admitted = secret.policy.admits(project: bytes("web"))
                if named == nil, scope == "acme/@org", !admitted { continue }
                if layers.contains(where: { $0.path.last == name }) { continue }
                if secret.access != .use || !admitted || debug && !secret.policy.debug { return nil }
                layers.append(secret)
            }
        }
        for name in named ?? [] where !layers.contains(where: { $0.path.last == name }) { return nil }

        var view: [String: String] = [:]
        for secret in layers {
            for item in Self.items where secret.contents.contains(where: { $0.path == jobPath(item) }) {
                let clashes = view.keys.contains { there in
                    there == item || there.hasPrefix("f:") && (there.hasPrefix(item + "/") || item.hasPrefix(there + "/"))
                }
                if !clashes { view[item] = secret.path.joined(separator: "/") }
            }
        }
        return view
    }
}
