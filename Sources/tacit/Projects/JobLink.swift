// SPDX-License-Identifier: MIT

import Glibc
import Linux
import Secrets

/// A link that leads into the job of the process that follows it, such as `.env`: the same link is another file in each job, and leads
/// nowhere outside of one.
struct JobLink {
    /// As it was named.
    private let path: [UInt8]
    /// What it leads to, from the mountpoint on: `job/env`.
    private let below: [UInt8]

    /// The link at a path; nil where there is none that leads into a job.
    init?(at path: [UInt8]) throws(Failure) {
        guard let target = Self.target(of: path), let below = Self.below(target) else { return nil }
        (self.path, self.below) = (path, below)
    }

    /// For a person who wonders why it can't be read.
    var explanation: String {
        """
        \(text(path)) is a link to \(text(below)) in the job of the process that reads it.
        Outside of a job it leads nowhere, so that no value lies in the folder: tacit run
        starts a job, and every process of it reads its own values there.

        """
    }

    /// Makes the link to a job's `env` at a path, if it is not there yet. What is there stays: a failure says what.
    static func place(at path: [UInt8], mountpoint: [UInt8]) throws(Failure) {
        let wanted = mountpoint + [slash] + TreeName.job + [slash] + TreeName.env
        if unsafe symlink(string(wanted), string(path)) == 0 { return }
        let error = Errno.current
        guard error == .exists else { throw Failure(.failed, "can't make the link \(text(path)): \(error)") }
        guard let found = target(of: path) else {
            throw Failure(
                .conflict, "\(text(path)) is there already, and is no link to a job's env",
                hint: "tacit import NAME \(text(path)) --format dotenv stores what is in it; then move it away")
        }
        guard found != wanted else { return }
        throw Failure(
            .conflict, "\(text(path)) is a link to \(text(found)), not to a job's env at \(text(mountpoint))",
            hint: "remove it, and it is made anew")
    }

    private static let slash = UInt8(ascii: "/")

    /// The part of a path from the name `job` on, if it is that of a job's env, variable or file.
    private static func below(_ target: [UInt8]) -> [UInt8]? {
        let names = target.split(separator: slash)
        guard target.first == slash, let job = names.lastIndex(where: { $0.elementsEqual(TreeName.job) }) else { return nil }
        let rest = names[(job + 1)...].map(Array.init)
        guard let first = rest.first, [TreeName.env, TreeName.vars, TreeName.files].contains(first) else { return nil }
        return Array(names[job...].joined(separator: [slash]))
    }

    /// readlink(2); nil for what is no link.
    private static func target(of path: [UInt8]) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe readlink(string(path), &bytes, bytes.count)
        return length > 0 ? Array(bytes.prefix(length)) : nil
    }
}
