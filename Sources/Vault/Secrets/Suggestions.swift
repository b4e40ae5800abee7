// SPDX-License-Identifier: MIT

package import Secrets

/// Names for who types: completions, and what was meant where nothing is. Only what the caller may list.
extension Vault {
    /// How many names of a folder are looked at.
    private static let mostNames = 4096
    private static let mostSuggestions = 3

    /// References like one that leads nowhere, the nearest first: with one name changed, the first that is not there. At most 3.
    package func suggestions(for reference: Reference, caller: Caller) throws(VaultError) -> [String] {
        var known: [[UInt8]] = []
        var folder = Inode.root
        for name in reference.components {
            let next: Inode
            do { next = try resolve(Reference(components: known + [name]), for: caller) } catch {
                let rest = reference.components.dropFirst(known.count + 1)
                return try suggestions(like: name, in: folder, known, rest: Array(rest), caller)
            }
            known.append(name)
            folder = next
        }
        return []
    }

    private func suggestions(
        like name: [UInt8], in folder: Inode, _ known: [[UInt8]], rest: [[UInt8]], _ caller: Caller
    ) throws(VaultError) -> [String] {
        guard let place = try? place(folder), place.isFolder else { return [] }
        var candidates: [(components: [[UInt8]], distance: Int)] = []
        // A third of the letters may differ, and one of a short name.
        let most = max(1, name.count / 3)
        for candidate in try names(in: folder, for: caller) {
            guard let distance = Self.distance(name, candidate.name, most: most) else { continue }
            candidates.append((known + [candidate.name], distance))
        }
        if place.kind == .secret, folder.facet == .itself, rest.isEmpty {
            // `vars` and `files` are easily left out.
            for facet in [Facet.vars, .files] {
                for candidate in try names(in: Inode(folder.node, facet), for: caller) {
                    guard let distance = Self.distance(name, candidate.name, most: most) else { continue }
                    candidates.append((known + [facet.name ?? [], candidate.name], distance))
                }
            }
        }
        var found: [String] = []
        for candidate in candidates.sorted(by: { $0.distance < $1.distance }) where found.count < Self.mostSuggestions {
            let whole = Reference(components: candidate.components + rest)
            let isThere = (try? resolve(whole, for: caller)) != nil
            let text = "\(isThere ? whole : Reference(components: candidate.components))"
            if !found.contains(text) { found.append(text) }
        }
        return found
    }

    /// The references that begin so, with `/` behind those of folders, in the order of their names. `secret:` in front stays.
    package func complete(_ prefix: [UInt8], limit: Int, for caller: Caller) throws(VaultError) -> [String] {
        let scheme = Array("secret:".utf8)
        let isPrefixed = prefix.starts(with: scheme)
        let typed = isPrefixed ? Array(prefix.dropFirst(scheme.count)) : prefix
        let slash = UInt8(ascii: "/")
        let start = typed.lastIndex(of: slash).map { $0 + 1 } ?? 0
        let (way, begun) = (typed[..<start], typed[start...])
        let folder: Inode
        do {
            folder = try resolve(Reference(components: way.split(separator: slash).map { Array($0) }), for: caller)
        } catch {
            guard case .notFound = error else { throw error }
            return []
        }
        var names = try names(in: folder, for: caller)
        if folder == .root { names.append((TreeName.user, true)) }
        var completions: [String] = []
        for entry in names.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) where entry.name.starts(with: begun) {
            guard completions.count < limit else { break }
            let bytes = (isPrefixed ? scheme : []) + way + entry.name + (entry.isFolder ? [slash] : [])
            // A shell can't be given what is not text.
            if let text = String(validating: bytes, as: UTF8.self) { completions.append(text) }
        }
        return completions
    }

    /// The names in a folder that the caller may list; none in what it may not list, or what is no folder.
    private func names(in folder: Inode, for caller: Caller) throws(VaultError) -> [(name: [UInt8], isFolder: Bool)] {
        do throws(VaultError) {
            let entries = try list(folder, after: 0, limit: Self.mostNames, for: caller)
            return entries.map { ($0.name, $0.form == .folder) }
        } catch {
            switch error {
            case .denied, .notAFolder, .notFound: return []
            default: throw error
            }
        }
    }

    /// How many letters must be changed, put in, left out or exchanged with their neighbour to make one name the other; nil if more
    /// than `most`. (Optimal string alignment.)
    static func distance(_ left: [UInt8], _ right: [UInt8], most: Int) -> Int? {
        guard abs(left.count - right.count) <= most else { return nil }
        var before: [Int] = []
        var last = Array(0...right.count)
        for (row, one) in left.enumerated() {
            var line = [row + 1]
            line.reserveCapacity(right.count + 1)
            for (column, other) in right.enumerated() {
                var cost = min(last[column] + (one == other ? 0 : 1), last[column + 1] + 1, line[column] + 1)
                if row > 0, column > 0, one == right[column - 1], left[row - 1] == other { cost = min(cost, before[column - 1] + 1) }
                line.append(cost)
            }
            (before, last) = (last, line)
        }
        return last.last.flatMap { $0 <= most ? $0 : nil }
    }
}
