// SPDX-License-Identifier: MIT

/// What tells one value of an item, or one text of an `env`, from every other: two reads of the same identity give the same bytes.
package struct ValueIdentity: Hashable, Sendable {
    /// The versions that it is made of, by their row numbers, which are never used again.
    private let versions: [Int64]
    /// The names of an `env`, which can change.
    private let names: [[UInt8]]

    init(of items: [Contents.Item], isEnvironment: Bool) {
        versions = items.map(\.version.id)
        names = isEnvironment ? items.map(\.node.name) : []
    }

    /// The text of a job's `env`: its variables by their names there.
    init(of variables: [(name: [UInt8], value: ValueIdentity)]) {
        versions = variables.flatMap(\.value.versions)
        names = variables.map(\.name)
    }
}
