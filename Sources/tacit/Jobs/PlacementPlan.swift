import ControlAPI
import Glibc
import Linux
import Secrets

/// Where a job's view is.
struct JobLocation {
    /// The mountpoint, without a slash at its end.
    let mountpoint: [UInt8]
    let id: [UInt8]

    /// The folder with the views of all jobs, with a slash at its end.
    var views: [UInt8] { mountpoint + Array("/.jobs/".utf8) }

    /// That of a job; the daemon is asked for the mountpoint.
    init(_ job: JobReply) throws(Failure) {
        try self.init(mountpoint: Array(Daemon.status().mountpoint.utf8), id: Array(job.id.utf8))
    }

    init(mountpoint: [UInt8], id: [UInt8]) {
        self.mountpoint = mountpoint
        self.id = id
    }

    /// The folder with the job's files.
    var files: [UInt8] { views + id + Array("/files".utf8) }

    /// The job whose view a path is in; nil if it is in none.
    func job(of path: [UInt8]) -> [UInt8]? {
        guard path.starts(with: views) else { return nil }
        let id = Array(path.dropFirst(views.count).prefix { $0 != UInt8(ascii: "/") })
        return JobID(id) == nil ? nil : id
    }
}

/// The links by which a job's files are where they are to be.
struct PlacementPlan {
    struct Link: Equatable {
        /// Where it is to be, absolute.
        let path: [UInt8]
        /// The file in the view.
        let target: [UInt8]
    }

    let location: JobLocation
    /// In the order of their paths.
    let links: [Link]
    /// Whether what is there is moved aside.
    let replaces: Bool

    /// A link for each of these files of the view, by their names below `files`. Throws a failure where one has no place, or two have the
    /// same.
    init(_ files: Set<[[UInt8]]>, at location: JobLocation, home: [UInt8], replaces: Bool) throws(Failure) {
        var links: [Link] = []
        for names in files {
            guard let placement = Placement(stored: names) else { throw Failure.strangeAnswer }
            guard let path = placement.path(home: home) else {
                throw Failure(
                    .failed, "no home for \(text(placement.bytes)): HOME is no absolute path",
                    hint: "set HOME to the folder where the job looks for its files")
            }
            links.append(Link(path: path, target: location.files + [slash] + Array(names.joined(separator: [slash]))))
        }
        self.links = links.sorted { $0.path.lexicographicallyPrecedes($1.path) }
        for (link, next) in zip(self.links, self.links.dropFirst()) where link.path == next.path {
            throw Failure(.conflict, "two files of the job are to be at \(text(link.path))")
        }
        self.location = location
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

private let slash = UInt8(ascii: "/")
