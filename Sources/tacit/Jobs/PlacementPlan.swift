// SPDX-License-Identifier: MIT

import Glibc
import Linux
import Secrets

/// The links by which a job's files are where they are to be.
struct PlacementPlan {
    struct Link: Equatable {
        /// Where it is to be, absolute.
        let path: [UInt8]
        /// The file in the view of whoever follows the link.
        let target: [UInt8]
    }

    /// In the order of their paths.
    let links: [Link]
    /// Whether what is there is moved aside.
    let replaces: Bool

    /// A link for each of these files of the view, by their names below `files`, which is in `job` at the mountpoint. Throws a failure
    /// where one has no place, or two have the same.
    init(_ files: Set<[[UInt8]]>, mountpoint: [UInt8], home: [UInt8], replaces: Bool) throws(Failure) {
        let view = mountpoint + [UInt8(ascii: "/")] + TreeName.job + [UInt8(ascii: "/")] + TreeName.inFiles
        var links: [Link] = []
        for names in files {
            guard let placement = Placement(stored: names) else { throw Failure.strangeAnswer }
            guard let path = placement.path(home: home) else {
                throw Failure(
                    .failed, "no home for \(text(placement.bytes)): HOME is no absolute path",
                    hint: "set HOME to the folder where the job looks for its files")
            }
            links.append(Link(path: path, target: view + Reference(components: names).bytes))
        }
        self.links = links.sorted { $0.path.lexicographicallyPrecedes($1.path) }
        for (link, next) in zip(self.links, self.links.dropFirst()) where link.path == next.path {
            throw Failure(.conflict, "two files of the job are to be at \(text(link.path))")
        }
        self.replaces = replaces
    }

    /// The home of whoever runs this process: HOME, else what passwd(5) says.
    static var home: [UInt8] {
        if let home = unsafe getenv("HOME") {
            return unsafe UnsafeBufferPointer(start: home, count: strlen(home)).map(UInt8.init(bitPattern:))
        }
        return Accounts.user(getuid())?.home ?? []
    }
}
