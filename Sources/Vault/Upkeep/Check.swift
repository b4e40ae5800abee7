// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// Checking all of a store, for `tacit doctor`.
extension Vault {
    /// All that is wrong with the store: each finding names a row and no value. Empty if every row verifies, every item has its current
    /// version, and what is derived is as it must be. Unlocked, it opens every version too. Only the store's owner may ask.
    ///
    /// A store can't tell that whole rows were removed together with all that refers to them, or that all of it was put back
    /// to an older copy.
    package func check(for caller: Caller) throws(VaultError) -> [String] {
        try authorizeOwner(caller)
        let findings = Findings()
        if let problem = store.files.problem {
            findings.add(problem)
            return findings.all
        }
        let reader = try store.reader(reporting: { findings.add($0) })
        try reader.snapshot { () throws(VaultError) in
            try checkFile(reader, findings)
            // Reported by themselves.
            _ = try reader.nextNumber()
            if let state = try reader.readState() { _ = try reader.carriedLines(state) }
            _ = try reader.watchRow()
            try checkNodes(reader, findings)
            try checkDeleted(reader, findings)
            try checkGrants(reader, findings)
        }
        try log(caller, nil, allowed: true, reason: "checked: \(findings.all.count) findings")
        return findings.all
    }

    private func checkFile(_ reader: StoreConnection, _ findings: Findings) throws(VaultError) {
        for report in try reader.integrityReports() {
            findings.add("the file: \(String(decoding: report, as: UTF8.self))")
        }
        if try !reader.hasSchemaOfStore() {
            findings.add("the file: its tables, indexes, triggers or views are not those of a store")
        }
        for table in try reader.tablesWithDanglingRows() {
            findings.add("table \(String(decoding: table, as: UTF8.self)): a row refers to one that is missing")
        }
    }

    private func checkNodes(_ reader: StoreConnection, _ findings: Findings) throws(VaultError) {
        for id in [NodeID.root, .users] where try reader.node(id) == nil { findings.add("node \(id.rawValue): it is missing") }
        for id in try reader.nodeNumbersBelowOne() {
            findings.add("node \(id): its number is out of range")
        }
        var last: Int64 = 0
        while let number = try reader.nodeNumber(after: last), number > last {
            last = number
            guard let id = NodeID(rawValue: number) else {
                findings.add("node \(number): its number is out of range")
                continue
            }
            guard let node = try reader.node(id) else { continue }
            try checkPlace(of: node, reader, findings)
            if node.kind.isItem {
                try checkVersions(of: node, reader, findings)
            } else if try !reader.versions(of: id).isEmpty {
                findings.add("node \(number): it has versions, and is no item")
            }
            if node.kind == .secret, try reader.children(of: id, kind: .variable).reduce(0, { $0 + $1.line }) != node.line {
                findings.add("node \(number): a variable is missing")
            }
            if node.kind == .organization || node.kind == .home, try reader.currentKey(of: node.id) == nil {
                findings.add("node \(number): it has no key")
            }
        }
        for id in try reader.keyNumbers() { _ = try reader.key(id) }
    }

    private func checkPlace(of node: NodeRow, _ reader: StoreConnection, _ findings: Findings) throws(VaultError) {
        guard node.id != .root else { return }
        if node.isDeleted {
            let isWhole = try reader.deletedRow(of: node.id) != nil && node.name.isEmpty
            if !isWhole || [.root, .users, .home].contains(node.kind) {
                findings.add("node \(node.id.rawValue): it is not in the tree")
            }
            return
        }
        // By the kinds of parents only folders could lie in circles.
        guard let parent = try reader.nodeOrHome(node.parent), parent.kind.admits(node.kind),
            try isRooted(node, reader)
        else { return findings.add("node \(node.id.rawValue): it is not in the tree") }
    }

    private func isRooted(_ node: NodeRow, _ reader: StoreConnection) throws(VaultError) -> Bool {
        guard node.kind == .folder else { return true }
        return try reader.top(of: node) != nil
    }

    private func checkDeleted(_ reader: StoreConnection, _ findings: Findings) throws(VaultError) {
        // Those that do not verify are reported by themselves.
        for row in try reader.deletedRows() {
            guard let node = try reader.node(row.node), node.isDeleted else {
                findings.add("node \(row.node.rawValue): it is in the tree, and was deleted")
                continue
            }
            guard let scope = try reader.node(row.scope), scope.kind == .organization || scope.kind == .home,
                try reader.deletedPlace(row) != nil
            else {
                findings.add("node \(row.node.rawValue): where it was deleted is missing")
                continue
            }
        }
    }

    private func checkVersions(of node: NodeRow, _ reader: StoreConnection, _ findings: Findings) throws(VaultError) {
        let versions = try reader.versions(of: node.id)
        let current = versions.first { $0.number == node.current }
        if current == nil { findings.add("node \(node.id.rawValue): version \(node.current) is missing") }
        let name = node.kind == .variable ? Int64(node.name.count) : 0
        if let current, current.length != node.length || current.line != node.line - name {
            findings.add("node \(node.id.rawValue): the length of version \(node.current) is another")
        }
        for version in versions {
            do throws(VaultError) {
                if version.number > node.current { throw .corrupt("version \(version.number): newer than the current one") }
                let item = Contents.Item(node: node, version: version, key: try reader.verify(version, of: node))
                guard !isLocked else { continue }
                try check(item)
            } catch .corrupt(let what) { findings.add("node \(node.id.rawValue): \(what)") }
        }
    }

    private func checkGrants(_ reader: StoreConnection, _ findings: Findings) throws(VaultError) {
        for node in try reader.nodeNumbersWithGrants() {
            guard let id = NodeID(rawValue: node) else { continue }
            for grant in try reader.grants(onNode: id) {
                let above: [Inode]
                if let place = try reader.place(grant.subject) {
                    above = place.above
                } else if try isDeleted(grant.subject, reader) {
                    above = []
                } else {
                    findings.add("grant \(grant.id): what it is on is missing")
                    continue
                }
                if try reader.passage(of: grant.id) != Set(above.map { Int64(bitPattern: $0.number) }) {
                    findings.add("grant \(grant.id): the way to it is not passable as it must be")
                }
            }
        }
    }

    private func isDeleted(_ inode: Inode, _ reader: StoreConnection) throws(VaultError) -> Bool {
        guard let node = try reader.node(inode.node), inode.facet == .itself || node.kind == .secret else { return false }
        return try reader.top(of: node)?.isDeleted ?? false
    }

    /// Findings, each once.
    private final class Findings: Sendable {
        private let reports = DamageReports()
        func add(_ report: String) { reports.note(report) }
        var all: [String] { reports.all.sorted() }
    }
}

extension NodeKind {
    /// The kinds that may lie in this one.
    fileprivate func admits(_ child: NodeKind) -> Bool {
        switch self {
        case .root: child == .organization || child == .users
        case .users: child == .home
        case .organization: child == .shared || child == .project || child == .target
        case .home, .shared, .project, .target: child == .secret
        case .secret: child == .variable || child == .folder || child == .file
        case .folder: child == .folder || child == .file
        case .variable, .file: false
        }
    }
}
