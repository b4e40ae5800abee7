// SPDX-License-Identifier: MIT

// The folder `.jobs`, and in it what each job finds: files that are read as those of secrets are, and by nobody else.
//
// Their inodes are each job's own. The attributes of what is in its folder are asked for again at each look: so the kernel comes with
// each caller, and who is not in the job gets EACCES, whatever path and uid it has. Names are the same for everyone, as LOOKUP must be;
// so are the attributes of the folders that every job has, which whoever mounts one elsewhere looks at. With the name of an item come
// no attributes but those that somebody in the job has asked for before. What is opened is a snapshot, and read by requests: a number
// may stand for another item from one open to the next.

internal import FUSE
internal import Linux
internal import Secrets
internal import Vault

/// The meaning of a number below `.jobs`.
enum JobNode {
    /// `.jobs`
    case jobs
    /// Something in the folder of a job.
    case place(JobInode)

    init?(number: UInt64) {
        if number == Inode.jobs.number {
            self = .jobs
        } else if let inode = JobInode(number: number) {
            self = .place(inode)
        } else {
            return nil
        }
    }
}

extension SecretFileSystem {
    /// How long the kernel keeps names, and the attributes of the folders that every job has, in seconds. A name that leads to nothing any
    /// more is found out by who opens it, or asks for its attributes.
    private static let timeoutInJob: Double = 1

    func lookup(_ node: JobNode, _ name: [UInt8]) throws(Errno) -> Entry {
        try named { () throws(VaultError) in
            let job: Job
            let place: JobPlace
            switch node {
            case .jobs:
                guard let found = vault.job(name) else { throw .notFound }
                (job, place) = (found, .top)
            case .place(let inode):
                let folder = try vault.place(inode)
                job = folder.job
                place = try vault.lookup(name, in: folder.place, of: job)
            }
            let told = try vault.attributesTold(of: place, in: job)
            return Entry(attributes: try self.attributes(told, of: place, in: job), timeout: Self.timeoutInJob)
        }
    }

    func getattr(_ node: JobNode, _ request: Request) throws(Errno) -> Attributes {
        guard case .place(let inode) = node else {
            return try orStale { () throws(VaultError) in self.attributes(try vault.attributes(of: .jobs)) }
        }
        let found: (job: Job, place: JobPlace)
        do throws(Errno) { found = try orStale { () throws(VaultError) in try vault.place(inode) } } catch {
            guard let attributes = heldAttributes(of: inode, nil, request) else { throw error }
            return attributes
        }
        let (job, place) = found
        if !place.isInEveryJob {
            let caller = try caller(request, "stat")
            if caller.job?.job !== job, let attributes = heldAttributes(of: inode, found, request) { return attributes }
            try orStale { () throws(VaultError) in try vault.authorizeLook(at: place, of: job, for: caller) }
        }
        do throws(Errno) {
            return try orStale { () throws(VaultError) in try self.attributes(try vault.attributes(of: place, in: job), of: place, in: job)
            }
        } catch {
            guard let attributes = heldAttributes(of: inode, nil, request) else { throw error }
            return attributes
        }
    }

    /// What is open stays open: cat(1) asks for the size of what it was handed. To who has the file open, its size, which is the largest of
    /// what is open by its number, since the kernel knows but one; and what was told of it, if it is still there.
    private func heldAttributes(of inode: JobInode, _ found: (job: Job, place: JobPlace)?, _ request: Request) -> Attributes? {
        guard let reading = handles.reading(of: inode.number), reading.isHeld(by: request) else { return nil }
        let told = found.flatMap { found in
            try? self.attributes(try vault.attributesTold(of: found.place, in: found.job), of: found.place, in: found.job)
        }
        var attributes =
            told
            ?? Attributes(
                inode: inode.number, type: .file, permissions: 0, links: 0, uid: 0, gid: Self.group, size: 0,
                modified: Timestamp(microseconds: 0), timeout: 0)
        attributes.size = max(attributes.size, UInt64(reading.length))
        return attributes
    }

    private func attributes(_ shown: PlaceAttributes, of place: JobPlace, in job: Job) throws(VaultError) -> Attributes {
        attributes(shown, as: try vault.inode(place, in: job).number, timeout: place.isInEveryJob ? Self.timeoutInJob : 0)
    }

    /// Refuses what nobody may do in the folders of jobs, and has it logged: EACCES; ESTALE where the job is over.
    func refuseChange(of node: JobNode, name: [UInt8]?, for caller: Caller) throws(Errno) -> Never {
        do throws(VaultError) {
            guard case .place(let inode) = node else { try vault.refuseChangeOfJobs(name: name, for: caller) }
            let (job, place) = try vault.place(inode)
            try vault.refuseChange(of: place, name: name, in: job, for: caller)
        } catch .notFound { throw .stale } catch { throw Errno(error) }
    }

    func opendir(_ node: JobNode, _ request: Request) throws(Errno) {
        guard case .place(let inode) = node else { return }
        let caller = try caller(request, "opendir")
        let (job, place) = try orStale { () throws(VaultError) in try vault.place(inode) }
        _ = try orStale { () throws(VaultError) in try vault.list(place, of: job, after: 0, for: caller) }
    }

    /// In `.jobs` nobody finds another job than the one that they are in.
    func readdir(
        _ node: JobNode, after cookie: UInt64, _ request: Request, into filler: inout DirectoryFiller
    ) throws(Errno) {
        let caller = try caller(request, "readdir")
        let (own, parent) = try orStale { () throws(VaultError) -> (UInt64, UInt64) in
            switch node {
            case .jobs: return (Inode.jobs.number, Inode.root.number)
            case .place(let inode): return (inode.number, try vault.parent(of: inode))
            }
        }
        if cookie < First.dot { guard filler.add([UInt8(ascii: ".")], inode: own, type: .folder, cookie: First.dot) else { return } }
        if cookie < First.dotDot {
            guard filler.add(Array("..".utf8), inode: parent, type: .folder, cookie: First.dotDot) else { return }
        }
        let after = cookie > First.count ? cookie - First.count : 0
        switch node {
        case .jobs:
            guard after < 1, let job = caller.job?.job, !job.isOver else { return }
            let inode = try orStale { () throws(VaultError) in try vault.inode(.top, in: job) }
            _ = filler.add(job.id.bytes, inode: inode.number, type: .folder, cookie: 1 + First.count)
        case .place(let inode):
            let entries = try orStale { () throws(VaultError) in
                let (job, place) = try vault.place(inode)
                return try vault.list(place, of: job, after: after, for: caller)
            }
            for entry in entries {
                let type: FileType = entry.form == .folder ? .folder : .file
                guard filler.add(entry.name, inode: entry.inode.number, type: type, cookie: entry.cookie + First.count) else { return }
            }
        }
    }

    func open(_ node: JobNode, flags: OpenFlags, _ caller: Caller) throws(Errno) -> OpenReply {
        guard case .place(let inode) = node else { throw .isFolder }
        let snapshot = try orStale { () throws(VaultError) in
            let (job, place) = try vault.place(inode)
            if flags.writes { try vault.refuseChange(of: place, in: job, for: caller) }
            return try vault.open(place, of: job, for: caller)
        }
        let pages = PageSource(self, inode.number, opener: try caller.keepingGroups())
        let reading = DirectReading(snapshot, pages: pages, follows: false)
        let reader = Reader(.direct(reading, snapshot), number: inode.number, opening: nil, process: caller.pid)
        return OpenReply(handle: try handles.add(reader, for: caller.uid), directIO: true, noFlush: true)
    }

    /// Where the link `job` leads for a caller. Throws ENOENT for who is in none that runs.
    func targetOfJobLink(_ request: Request) throws(Errno) -> [UInt8] {
        guard let job = try caller(request, "readlink").job?.job, !job.isOver else { throw .noEntry }
        return TreeName.jobs + [UInt8(ascii: "/")] + job.id.bytes
    }
}
