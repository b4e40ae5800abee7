// SPDX-License-Identifier: MIT

internal import FUSE
internal import Linux
internal import Secrets
internal import Vault

/// An open file.
enum OpenFile: Sendable {
    case reader(Reader)
    /// Without an opening it is one that no process has: truncate(2). Without pages it does not read.
    case writer(Writer, Opening?, PageSource?)
    /// Open for reading, of a name that nothing was committed to.
    case empty(Opening, PageSource)
    /// A folder, of which there is nothing to remember.
    case folder

    var opening: Opening? {
        switch self {
        case .reader(let reader): reader.opening
        case .writer(_, let opening, _): opening
        case .empty(let opening, _): opening
        case .folder: nil
        }
    }

    /// Where its pages come from, if it sees those that all share who have the file open.
    var pages: PageSource? {
        switch self {
        case .reader(let reader):
            if case .direct(let reading, _) = reader.content { reading.pages } else { nil }
        case .writer(_, _, let pages): pages
        case .empty(_, let pages): pages
        case .folder: nil
        }
    }
}

/// A file open for reading.
struct Reader: Sendable {
    enum Content: Sendable {
        /// The kernel reads it by itself.
        case passed(Backing)
        /// What is read, with what it was at the open.
        case direct(DirectReading, Snapshot)
    }

    let content: Content
    /// The number by which the kernel knows it.
    let number: UInt64
    /// Nil for what is in a job's folder, of which nothing is passed.
    let opening: Opening?
    /// The process that opened it; 0 for one in a foreign pid namespace.
    let process: Int32

    init(_ content: Content, number: UInt64, opening: Opening?, process: Int32) {
        self.content = content
        self.number = number
        self.opening = opening
        self.process = process
    }

    /// The length of the version that it keeps, in bytes; nil if it will show the current one.
    var length: Int? {
        switch content {
        case .passed(let backing): backing.length
        case .direct(let reading, _): reading.length
        }
    }
}

/// The opens of a number, for a process that asks for the size of what it has open: fstat(2) does not say by
/// which descriptor it asks, and what a process has open is not looked at, since a process can hold that up for ever.
struct HeldReading {
    /// Of the longest, in bytes.
    let length: Int
    /// The processes that opened it, at most `mostProcesses` of them.
    let processes: Set<Int32>

    static let mostProcesses = 64

    /// Nil for no readers that keep a version.
    init?(_ readers: [Reader]) {
        let keeping = readers.filter { $0.length != nil }
        guard let length = keeping.compactMap(\.length).max() else { return nil }
        self.length = length
        processes = Set(keeping.lazy.map(\.process).filter { $0 > 0 }.prefix(Self.mostProcesses))
    }

    /// Whether the caller opened it, or descends from a process that did: then it may have got the descriptor at its birth. Who was sent
    /// it otherwise is not known.
    func isHeld(by request: Request) -> Bool {
        CallingThread(uid: request.uid, gid: request.gid, tid: request.tid).descends(fromOneOf: processes)
    }
}

/// The open files and folders by their handles. A user has no more than a share of them, and of the locked memory that they take up.
final class Handles: Sendable {
    /// The copy of a value that a user has open.
    private struct Copy: Hashable {
        let uid: UInt32
        let copy: ObjectIdentifier
    }

    private struct Entry {
        let file: OpenFile
        let uid: UInt32
        /// Bytes of locked memory that it counts for, unless `copy` is counted.
        var bytes: Int
        /// That of a value which others of the user's handles may have too.
        let copy: ObjectIdentifier?
        /// What it writes to.
        var target: Inode?
    }

    /// The part of the table that a user has.
    private struct Holding {
        var handles = 0
        /// Bytes of locked memory.
        var bytes = 0
    }

    private struct Table {
        var next: UInt64 = 1
        var files: [UInt64: Entry] = [:]
        var users: [UInt32: Holding] = [:]
        var copies: [Copy: Int] = [:]
        /// Bytes of locked memory that all users have.
        var bytes = 0
        /// Those of readers, by the number that is open.
        var reading: [UInt64: Set<UInt64>] = [:]
        /// Those of writers, by what they write to.
        var writing: [Inode: Set<UInt64>] = [:]
        /// Those that see pages, by the number that is open.
        var sharing: [UInt64: Set<UInt64>] = [:]
    }

    /// Bytes of locked memory that each user has for certain, however much others have.
    static let always = 64 << 10

    private let table = Guarded(Table())
    private let limit: Int?
    private let locked: Int?
    /// Bytes of locked memory for all users together: a quarter of what may be locked is for the daemon itself.
    private let mostLocked: Int
    private let isLimited: @Sendable (UInt32) -> Bool

    /// - Parameters:
    ///   - limit: how many a user may have; nil for no limit.
    ///   - isLimited: whether that counts for a uid.
    ///   - locked: bytes of locked memory for a user; nil for no limit.
    ///   - lockable: bytes of locked memory that there are.
    init(limit: Int?, isLimited: @escaping @Sendable (UInt32) -> Bool, locked: Int?, lockable: Int) {
        self.limit = limit
        self.isLimited = isLimited
        self.locked = locked
        mostLocked = lockable / 4 * 3
    }

    /// Throws ENFILE for a user who has as many handles as one may have. To be asked for before an open is decided about, so that the log
    /// tells of no open that comes to nothing: `add` refuses those only that come at the same time.
    func admit(_ uid: UInt32) throws(Errno) {
        guard let limit, isLimited(uid) else { return }
        let count = table.withLock { $0.users[uid]?.handles ?? 0 }
        guard count < limit else { throw .tooManyFiles }
    }

    /// Throws as `admit` does, and ENOMEM for a user with as much locked memory as one user may have; then the file is not taken.
    ///
    /// - Parameters:
    ///   - bytes: of locked memory that it takes up.
    ///   - copy: of a value that is large enough to be shared, and counts once for a user.
    ///   - target: what a writer writes to.
    func add(
        _ file: OpenFile, for uid: UInt32, locking bytes: Int = 0, copy: ObjectIdentifier? = nil, target: Inode? = nil
    ) throws(Errno) -> UInt64 {
        let limit = isLimited(uid) ? limit : nil
        return try table.withLock { table throws(Errno) in
            var holding = table.users[uid] ?? Holding()
            if let limit, holding.handles >= limit { throw .tooManyFiles }
            let isFirst = copy.map { table.copies[Copy(uid: uid, copy: $0)] == nil } ?? true
            let added = isFirst ? bytes : 0
            try self.check(added, for: holding, table)
            if let copy { table.copies[Copy(uid: uid, copy: copy), default: 0] += 1 }
            holding.handles += 1
            holding.bytes += added
            table.bytes += added
            table.users[uid] = holding
            let handle = table.next
            table.next &+= 1
            table.files[handle] = Entry(file: file, uid: uid, bytes: bytes, copy: copy, target: target)
            if let target { table.writing[target, default: []].insert(handle) }
            if case .reader(let reader) = file { table.reading[reader.number, default: []].insert(handle) }
            if let pages = file.pages { table.sharing[pages.number, default: []].insert(handle) }
            return handle
        }
    }

    /// An open file is to take up more locked memory. Throws ENOMEM as `add` does.
    func grow(_ handle: UInt64, to bytes: Int) throws(Errno) {
        try table.withLock { table throws(Errno) in
            guard var entry = table.files[handle], entry.copy == nil, bytes > entry.bytes else { return }
            var holding = table.users[entry.uid] ?? Holding()
            let added = bytes - entry.bytes
            try self.check(added, for: holding, table)
            holding.bytes += added
            table.bytes += added
            table.users[entry.uid] = holding
            entry.bytes = bytes
            table.files[handle] = entry
        }
    }

    private func check(_ added: Int, for holding: Holding, _ table: borrowing Table) throws(Errno) {
        guard let locked, added > 0 else { return }
        let own = holding.bytes + added
        guard own <= locked, own <= Self.always || table.bytes + added <= mostLocked else { throw .outOfMemory }
    }

    func file(_ handle: UInt64) -> OpenFile? {
        table.withLock { $0.files[handle]?.file }
    }

    /// Who opened it.
    func user(of handle: UInt64) -> UInt32? {
        table.withLock { $0.files[handle]?.uid }
    }

    /// Those that are open for reading under a number, and keep a version. Nil for none.
    func reading(of number: UInt64) -> HeldReading? {
        table.withLock { table in
            HeldReading(
                (table.reading[number] ?? []).compactMap { handle in
                    guard case .reader(let reader) = table.files[handle]?.file else { return nil }
                    return reader
                })
        }
    }

    /// Where pages of a number come from for those who see them, but for one of them.
    func pages(of number: UInt64, but handle: UInt64) -> [PageSource] {
        table.withLock { table in
            (table.sharing[number] ?? []).compactMap { $0 == handle ? nil : table.files[$0]?.file.pages }
        }
    }

    /// Those that are open for writing to an inode.
    func writers(of inode: Inode) -> [Writer] { writing(inode).map(\.writer) }

    /// The same, with their handles.
    func writing(_ inode: Inode) -> [(handle: UInt64, writer: Writer)] {
        table.withLock { table in
            (table.writing[inode] ?? []).compactMap { handle in
                guard case .writer(let writer, _, _) = table.files[handle]?.file else { return nil }
                return (handle, writer)
            }
        }
    }

    /// What is open for writing to an inode writes to another from now on. Gives the writers.
    func retarget(_ inode: Inode, to item: Inode) -> [Writer] {
        table.withLock { table in
            guard let moved = table.writing.removeValue(forKey: inode) else { return }
            for handle in moved { table.files[handle]?.target = item }
            table.writing[item, default: []].formUnion(moved)
        }
        return writers(of: item)
    }

    func remove(_ handle: UInt64) -> OpenFile? {
        table.withLock { table in
            guard let entry = table.files.removeValue(forKey: handle) else { return nil }
            var given = entry.bytes
            if let id = entry.copy {
                let copy = Copy(uid: entry.uid, copy: id)
                let left = (table.copies[copy] ?? 1) - 1
                table.copies[copy] = left > 0 ? left : nil
                if left > 0 { given = 0 }
            }
            if var holding = table.users[entry.uid] {
                holding.handles -= 1
                holding.bytes -= given
                table.users[entry.uid] = holding.handles > 0 ? holding : nil
            }
            table.bytes -= given
            if let target = entry.target {
                table.writing[target]?.remove(handle)
                if table.writing[target]?.isEmpty == true { table.writing[target] = nil }
            }
            if case .reader(let reader) = entry.file {
                table.reading[reader.number]?.remove(handle)
                if table.reading[reader.number]?.isEmpty == true { table.reading[reader.number] = nil }
            }
            if let number = entry.file.pages?.number {
                table.sharing[number]?.remove(handle)
                if table.sharing[number]?.isEmpty == true { table.sharing[number] = nil }
            }
            return entry.file
        }
    }
}

extension Handles {
    /// Adds a reader, with the locked memory that its value takes up.
    func add(_ reader: Reader, for uid: UInt32) throws(Errno) -> UInt64 {
        switch reader.content {
        case .passed(let backing):
            try add(.reader(reader), for: uid, locking: backing.footprint, copy: ObjectIdentifier(backing))
        case .direct(_, let snapshot):
            try add(.reader(reader), for: uid, locking: snapshot.footprint, copy: snapshot.isShared ? snapshot.copy : nil)
        }
    }
}
