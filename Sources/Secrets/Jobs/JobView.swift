// SPDX-License-Identifier: MIT

/// The view of a job: the variables and files in `job/`, with collisions resolved.
///
/// It is made of what the job's secrets hold at the moment, so that a variable that is added to one of them is there at the next
/// look. That something is in it does not mean that it may be opened: `decide` says that at each open.
package struct JobView: Sendable {
    /// By the bytes of their names.
    package let variables: [JobItem]
    /// As a walk through the folders finds them, names in each by their bytes.
    package let files: [JobItem]
    /// In the order of what lost: additions, the latest first, then secrets as they win; of a secret, variables before files.
    package let collisions: [JobCollision]

    private let items: [JobPath: JobItem]
    private let tree: FileTree<Void>

    /// The view of a job, given what each of its secrets holds, and what was added to it and is `gone`. What is given for other secrets
    /// does not count; what is gone leaves its place empty, and gives way to nothing.
    package init(_ selection: JobSelection, contents: [NodeID: [JobContent]], gone: Set<Inode> = []) {
        var layers = Layers()
        for item in selection.additions { layers.add(item, .addition) }
        for secret in selection.secrets {
            let source = Source.secret(secret, isNamed: selection.isNamed)
            for content in contents[secret.id, default: []].sorted(by: { $0.path < $1.path }) {
                layers.add(JobItem(path: content.path, item: content.item, source: secret.reference), source)
            }
        }
        items = layers.items.filter { !($0.value.source.isAddition && gone.contains($0.value.item.item)) }.mapValues(\.item)
        let sorted = items.values.sorted { $0.path < $1.path }
        variables = sorted.filter(\.path.isVariable)
        files = sorted.filter { !$0.path.isVariable }
        collisions = layers.collisions
        var tree = FileTree<Void>()
        for case .file(let names) in files.map(\.path) { tree.insert((), at: names) }
        self.tree = tree
    }

    /// The item at a path; nil for nothing, and for a folder.
    package subscript(_ path: JobPath) -> JobItem? { items[path] }

    /// The names in a folder below `files`, sorted by bytes; nil if there is no such folder. `[]` is `files` itself.
    package func names(in folder: [[UInt8]]) -> [(name: [UInt8], isFolder: Bool)]? { tree.names(in: folder) }
}

/// The source that defines an item.
private enum Source: Sendable {
    case addition
    case secret(JobSelection.Secret, isNamed: Bool)

    /// Why it has it over one that comes after it.
    func rule(over other: Source) -> JobCollision.Rule {
        switch (self, other) {
        case (.addition, .addition): .namedLater
        case (.addition, .secret), (.secret, .addition): .explicit
        case (.secret(let winner, let isNamed), .secret(let loser, _)):
            winner.level != loser.level ? .narrowerScope : isNamed ? .namedLater : .laterName
        }
    }

    var isAddition: Bool {
        if case .addition = self { true } else { false }
    }
}

/// Items put above each other: what comes first stays.
private struct Layers {
    typealias Entry = (item: JobItem, source: Source)

    private(set) var items: [JobPath: Entry] = [:]
    private(set) var collisions: [JobCollision] = []
    private var files = FileTree<Entry>()

    /// Adds an item unless there is one where it would be, or a file where it needs a folder, or a folder in its own place.
    mutating func add(_ item: JobItem, _ source: Source) {
        if let winner = occupant(of: item.path) {
            tell(winner, (item, source))
            return
        }
        items[item.path] = (item, source)
        if case .file(let names) = item.path { files.insert((item, source), at: names) }
    }

    private func occupant(of path: JobPath) -> Entry? {
        switch path {
        case .variable: items[path]
        case .file(let names): files.occupant(of: names)
        }
    }

    private mutating func tell(_ winner: Entry, _ loser: Entry) {
        // The same thing twice: nothing is lost.
        if winner.item.path == loser.item.path, winner.item.item == loser.item.item { return }
        collisions.append(
            JobCollision(
                subject: .items(winner: winner.item.path, loser: loser.item.path), winner: winner.item.source,
                loser: loser.item.source, rule: winner.source.rule(over: loser.source)))
    }
}

extension JobPath: Comparable {
    /// Variables before files; variables by the bytes of their names, files by those of one folder after the other.
    package static func < (left: JobPath, right: JobPath) -> Bool {
        switch (left, right) {
        case (.variable(let left), .variable(let right)): left.lexicographicallyPrecedes(right)
        case (.file(let left), .file(let right)):
            left.lexicographicallyPrecedes(right) { $0.lexicographicallyPrecedes($1) }
        case (.variable, .file): true
        case (.file, .variable): false
        }
    }

    fileprivate var isVariable: Bool {
        if case .variable = self { true } else { false }
    }
}
