internal import Linux
internal import Secrets
internal import Vault

/// An open file.
enum OpenFile: Sendable {
    case reader(Reader)
    /// With the file that is kept from the page cache until its release.
    case writer(Writer, excluding: KernelInode?, reads: Bool)
}

/// A file open for reading.
struct Reader: Sendable {
    let snapshot: Snapshot
    /// The number by which the kernel knows it.
    let number: UInt64
    /// Nil where the page cache has no part in it.
    let opening: PageCache.Opening?
}

/// The open files by their handles.
final class Handles: Sendable {
    private struct Table {
        var next: UInt64 = 1
        var files: [UInt64: OpenFile] = [:]
    }

    private let table = Guarded(Table())

    func add(_ file: OpenFile) -> UInt64 {
        table.withLock { table in
            let handle = table.next
            table.next &+= 1
            table.files[handle] = file
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

    /// The length of the longest of those that are open for reading under a number, in bytes; nil for none.
    func longestReading(of number: UInt64) -> Int? {
        table.withLock { table in
            table.files.values.compactMap { open in
                guard case .reader(let reader) = open, reader.number == number else { return nil }
                return reader.snapshot.length
            }.max()
        }
    }

    func remove(_ handle: UInt64) -> OpenFile? {
        table.withLock { $0.files.removeValue(forKey: handle) }
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
