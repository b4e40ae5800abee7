// SPDX-License-Identifier: MIT

/// Values at the places of files, which are told by the names on the way to them. A place is a file's or a folder's, never both.
///
/// Its size grows with the number of names: a name on the way to many files is kept once.
struct FileTree<Value: Sendable>: Sendable {
    private struct Node: Sendable {
        /// By their names, as indexes of nodes.
        var children: [[UInt8]: Int] = [:]
        /// Of a file.
        var value: Value?
        /// Of a folder, that of the file for which it was made.
        var maker: Value?
    }

    private var nodes = [Node()]

    /// The file that keeps another from a place: one that is there or on the way, or the first that needs a folder there. Nil for none.
    func occupant(of names: [[UInt8]]) -> Value? {
        var index = 0
        for name in names {
            guard let next = nodes[index].children[name] else { return nil }
            index = next
            if let value = nodes[index].value { return value }
        }
        return nodes[index].maker
    }

    /// Puts a file at a place that has no occupant.
    mutating func insert(_ value: Value, at names: [[UInt8]]) {
        var index = 0
        for name in names {
            if index != 0, nodes[index].maker == nil { nodes[index].maker = value }
            if let next = nodes[index].children[name] {
                index = next
            } else {
                nodes.append(Node())
                nodes[index].children[name] = nodes.count - 1
                index = nodes.count - 1
            }
        }
        nodes[index].value = value
    }

    /// The names in a folder, sorted by bytes; nil if there is no such folder. `[]` is the topmost, which is always there.
    func names(in folder: [[UInt8]]) -> [(name: [UInt8], isFolder: Bool)]? {
        var index = 0
        for name in folder {
            guard let next = nodes[index].children[name] else { return nil }
            index = next
        }
        guard nodes[index].value == nil else { return nil }
        return nodes[index].children.map { (name: $0.key, isFolder: nodes[$0.value].value == nil) }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }
}
