// SPDX-License-Identifier: MIT

/// Answer to POST `jobs` and `attach`, and an element of the answer to GET `jobs`.
package struct JobReply: Codable, Equatable, Sendable {
    /// 16 digits of base 16.
    package var id: String
    /// `.jobs/<id>` below the mountpoint.
    package var path: String
    /// `acme/web`, `acme/web@production`: by the names that these have now, or had when the job started if they are gone.
    package var project: String
    /// Whether it was started as a debug session.
    package var debug: Bool
    /// When it was started, as of RFC 3339.
    package var started: String
    /// The uid that started it.
    package var uid: UInt32
    /// The process that it ends with; nil for one that is bound to a control group.
    package var pid: Int32?
    /// The path of the control group that it is bound to; nil for one that ends with a process.
    package var cgroup: String?
    /// The processes that are attached.
    package var attached: [Int32]
    /// The job that it was started in.
    package var outer: String?
    /// References of the secrets that it has, and of what was added to it. In a list of jobs, the first few.
    package var secrets: [String]
    /// References of those of them that were opened, without their items. In a list of jobs, the first few.
    package var opened: [String]
    /// The files that it finds in its view, by their names below `files`, percent-encoded. None in a list of jobs.
    package var files: [String]
    /// How many there are, told or not.
    package var counts: Counts
    /// Notes on collisions for the caller, a line each; only when it starts.
    package var notes: [String]?
    /// Where the tree is mounted; only when it starts.
    package var mountpoint: String?

    package init(
        id: String, path: String, project: String, debug: Bool, started: String, uid: UInt32, pid: Int32?, cgroup: String?,
        attached: [Int32], outer: String?, secrets: [String], opened: [String], files: [String], counts: Counts,
        notes: [String]? = nil, mountpoint: String? = nil
    ) {
        self.id = id
        self.path = path
        self.project = project
        self.debug = debug
        self.started = started
        self.uid = uid
        self.pid = pid
        self.cgroup = cgroup
        self.attached = attached
        self.outer = outer
        self.secrets = secrets
        self.opened = opened
        self.files = files
        self.counts = counts
        self.notes = notes
        self.mountpoint = mountpoint
    }

    /// How much a job has.
    package struct Counts: Codable, Equatable, Sendable {
        /// Its secrets, and what was added to it.
        package var secrets: Int
        /// Those of the secrets of which something was opened.
        package var opened: Int

        package init(secrets: Int, opened: Int) {
            self.secrets = secrets
            self.opened = opened
        }
    }
}

/// Answer to GET `jobs`: those that run, the oldest first. The owner of the store sees all, others those that they started, and who is
/// inside a job that one. With `id`, that one alone, if it is there to be seen.
package struct JobsReply: Codable, Equatable, Sendable {
    /// The oldest first.
    package var jobs: [JobReply]

    package init(jobs: [JobReply]) {
        self.jobs = jobs
    }
}

/// Head of the bundle that has the values of the job which the caller is in.
package struct JobValuesHead: Codable, Equatable, Sendable {
    /// That of the job.
    package var id: String
    /// In the order in which their values follow.
    package var items: [Item]

    package init(id: String, items: [Item]) {
        self.id = id
        self.items = items
    }

    /// A value of the job.
    package struct Item: Codable, Equatable, Sendable {
        /// In the job's view, or, of an item that a collision keeps out of that, in its secret: `vars/NAME` or `files/a/b`; see
        /// `OctetText`.
        package var name: String
        /// The same percent-encoded, where the name is no UTF-8.
        package var encoded: String?
        /// The reference of the secret that it is in, or, of what was added to the job, of the item.
        package var source: String
        /// Whether it is in the job's view.
        package var inView: Bool
        /// Of the value that was current.
        package var version: Int64
        /// Bytes.
        package var length: Int

        package init(name: [UInt8], source: String, inView: Bool, version: Int64, length: Int) {
            self.name = OctetText.shown(name)
            encoded = OctetText.encoded(name)
            self.source = source
            self.inView = inView
            self.version = version
            self.length = length
        }
    }
}
