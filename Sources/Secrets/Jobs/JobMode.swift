// SPDX-License-Identifier: MIT

/// How a process came to be in a job, and what kind of job that is: what the policy of a secret asks about.
package struct JobMode: OptionSet, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A process of a job that runs as its command.
    package static let plain: JobMode = []
    /// The job was started with `--debug`.
    package static let debug = JobMode(rawValue: 1)
    /// The process came in by `tacit attach`, or descends from one that did.
    package static let attached = JobMode(rawValue: 2)

    /// The mode in a job that was started from within another, by a process of mode `outer`. Whatever holds outside holds inside:
    /// an attached shell does not become a plain job by starting one.
    package func nested(in outer: JobMode) -> JobMode { union(outer) }

    /// For the audit log and for people: `plain`, `debug`, `attached`, `debug,attached`.
    package var description: String {
        let words = [(JobMode.debug, "debug"), (.attached, "attached")].filter { contains($0.0) }.map(\.1)
        return words.isEmpty ? "plain" : words.joined(separator: ",")
    }
}
