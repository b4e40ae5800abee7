// SPDX-License-Identifier: MIT

/// How much is told of jobs by name. Whoever starts them names what is in them: without a bound, they could tell more than anybody takes.
package struct JobNameRoom: Sendable {
    /// Most names of a kind, of one job.
    private let most: Int
    /// Bytes that the names of all jobs may take yet.
    private var bytes: Int
    /// Whether files are told: that takes a look at all that a job finds.
    let hasFiles: Bool

    package init(most: Int, bytes: Int, hasFiles: Bool) {
        self.most = most
        self.bytes = bytes
        self.hasFiles = hasFiles
    }

    /// Room for all.
    package static let whole = JobNameRoom(most: .max, bytes: .max, hasFiles: true)

    /// The names of the first of some things; what has none is passed by. `length`: of a name, in bytes.
    mutating func names<Thing, Name>(
        of things: some Sequence<Thing>, _ length: (Name) -> Int, _ name: (Thing) -> Name?
    ) -> [Name] {
        var names: [Name] = []
        for thing in things {
            guard names.count < most, bytes > 0 else { break }
            guard let name = name(thing) else { continue }
            bytes -= min(bytes, length(name))
            if bytes > 0 { names.append(name) }
        }
        return names
    }
}
