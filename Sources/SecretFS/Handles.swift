internal import FUSE
internal import Linux
internal import Secrets
internal import Vault

/// An open file.
enum OpenFile: Sendable {
    case reader(Reader)
    /// With the file that is kept from the page cache until its release.
    case writer(Writer, excluding: KernelInode?, reads: Bool)
    /// A folder, of which there is nothing to remember.
    case folder
}

/// A file open for reading.
struct Reader: Sendable {
    let snapshot: Snapshot
    /// The number by which the kernel knows it.
    let number: UInt64
    /// Nil where the page cache has no part in it.
    let opening: PageCache.Opening?
    /// The process that opened it; 0 for one in a foreign pid namespace.
    let process: Int32
}

/// What is remembered of the opens of a number, for a process that asks for the size of what it has open: fstat(2) does not say by
/// which descriptor it asks, and what a process has open is not looked at, since a process can hold that up for ever.
struct HeldReading {
    /// Of the longest, in bytes.
    let length: Int
    /// The processes that opened it, at most `mostProcesses` of them.
    let processes: Set<Int32>

    static let mostProcesses = 64

    /// Nil for no readers.
    init?(_ readers: [Reader]) {
        guard let length = readers.map(\.snapshot.length).max() else { return nil }
        self.length = length
        processes = Set(readers.lazy.map(\.process).filter { $0 > 0 }.prefix(Self.mostProcesses))
    }

    /// Whether the caller opened it, or descends from a process that did: then it may have got the descriptor at its birth. Who was sent
    /// it otherwise is not known.
    func isHeld(by request: Request) -> Bool {
        CallingThread(uid: request.uid, gid: request.gid, tid: request.tid).descends(fromOneOf: processes)
    }
}

/// The open files and folders by their handles. A user has no more than a share of them.
final class Handles: Sendable {
    private struct Table {
        var next: UInt64 = 1
        var files: [UInt64: OpenFile] = [:]
        /// Who opened them, where their handles are counted.
        var users: [UInt64: UInt32] = [:]
        var counts: [UInt32: Int] = [:]
        /// Those of readers that the page cache has no part in, by the number that is open.
        var direct: [UInt64: Set<UInt64>] = [:]

        /// Throws ENFILE for a user who has as many as one may have.
        func check(_ uid: UInt32, _ limit: Int) throws(Errno) {
            guard counts[uid, default: 0] < limit else { throw .tooManyFiles }
        }
    }

    private let table = Guarded(Table())
    private let limit: Int?
    private let isLimited: @Sendable (UInt32) -> Bool

    /// - Parameters:
    ///   - limit: how many a user may have; nil for no limit.
    ///   - isLimited: whether that counts for a uid.
    init(limit: Int?, isLimited: @escaping @Sendable (UInt32) -> Bool) {
        self.limit = limit
        self.isLimited = isLimited
    }

    /// Throws ENFILE for a user who has as many handles as one may have. To be asked for before an open is decided about, so that the log
    /// tells of no open that comes to nothing: `add` refuses those only that come at the same time.
    func admit(_ uid: UInt32) throws(Errno) {
        guard let limit, isLimited(uid) else { return }
        try table.withLock { table throws(Errno) in try table.check(uid, limit) }
    }

    /// Throws as `admit` does; then the file is not taken.
    func add(_ file: OpenFile, for uid: UInt32) throws(Errno) -> UInt64 {
        let limit = isLimited(uid) ? limit : nil
        return try table.withLock { table throws(Errno) in
            let handle = table.next
            if let limit {
                try table.check(uid, limit)
                table.users[handle] = uid
                table.counts[uid, default: 0] += 1
            }
            table.next &+= 1
            table.files[handle] = file
            if case .reader(let reader) = file, reader.opening == nil { table.direct[reader.number, default: []].insert(handle) }
            return handle
        }
    }

    func file(_ handle: UInt64) -> OpenFile? {
        table.withLock { $0.files[handle] }
    }

    /// Those of a file that are open for reading.
    func readers(of file: KernelInode) -> [Reader] {
        table.withLock { table in
            table.files.values.compactMap { open in
                guard case .reader(let reader) = open, reader.opening?.file == file else { return nil }
                return reader
            }
        }
    }

    /// Those that are open for reading under a number, and that the page cache has no part in. Nil for none.
    func reading(of number: UInt64) -> HeldReading? {
        table.withLock { table in
            HeldReading((table.direct[number] ?? []).compactMap { handle in
                guard case .reader(let reader) = table.files[handle] else { return nil }
                return reader
            })
        }
    }

    func remove(_ handle: UInt64) -> OpenFile? {
        table.withLock { table in
            if let uid = table.users.removeValue(forKey: handle) {
                let count = (table.counts[uid] ?? 0) - 1
                table.counts[uid] = count > 0 ? count : nil
            }
            let file = table.files.removeValue(forKey: handle)
            if case .reader(let reader) = file, reader.opening == nil {
                table.direct[reader.number]?.remove(handle)
                if table.direct[reader.number]?.isEmpty == true { table.direct[reader.number] = nil }
            }
            return file
        }
    }
}

/// The files that were created and are open, and have no row under their inode: no bytes came yet, or somebody else made the
/// name first and what was written became a version of that item.
final class Embryos: Sendable {
    struct Embryo: Sendable {
        let parent: Inode
        /// The item that it became a version of.
        var item: Inode?
    }

    private let embryos = Guarded<[Inode: Embryo]>([:])

    func add(_ inode: Inode, in parent: Inode) {
        embryos.withLock { $0[inode] = Embryo(parent: parent, item: nil) }
    }

    func embryo(_ inode: Inode) -> Embryo? {
        embryos.withLock { $0[inode] }
    }

    /// The inode under which an embryo was stored: for most its own.
    func committed(_ inode: Inode) -> Inode {
        embryos.withLock { $0.isEmpty ? inode : $0[inode]?.item ?? inode }
    }

    func commit(_ inode: Inode, as item: Inode) {
        embryos.withLock { embryos in
            if inode == item { embryos[inode] = nil } else { embryos[inode]?.item = item }
        }
    }

    func remove(_ inode: Inode) {
        embryos.withLock { $0[inode] = nil }
    }
}
