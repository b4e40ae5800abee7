// SPDX-License-Identifier: MIT

import FUSE
import Glibc
import Linux
import Synchronization

/// A file system in memory, which records what it is asked, fails on demand, and waits where it is told to.
final class MemoryFileSystem: FileSystem {
    struct Node {
        var type: FileType
        var permissions: UInt32
        var bytes: [UInt8] = []
        var entries: [[UInt8]: UInt64] = [:]
        var attributes: [[UInt8]: [UInt8]] = [:]
        var modified = Timestamp(seconds: 1_000_000_000, nanoseconds: 123_456_789)
        var uid: UInt32 = 0
        var gid: UInt32 = 0
    }

    struct State {
        var nodes: [UInt64: Node] = [1: Node(type: .folder, permissions: 0o777)]
        var lastInode: UInt64 = 1
        var lastHandle: UInt64 = 0
        /// Open files and folders by handle.
        var handles: [UInt64: UInt64] = [:]
        /// What operations throw, by their name.
        var errors: [String: Errno] = [:]
        var requests: [String: [Request]] = [:]
        /// What the operation returns as invalidations, and does before, by its name.
        var changes: [String: @Sendable (inout State) -> [Invalidation]] = [:]
        var setAttributes: [SetAttributes] = []
        var openFlags: [OpenFlags] = []
        /// Asked for by GETXATTR.
        var attributeNames: [String] = []
        var openReply = OpenReply(handle: 0, directIO: true)
        /// Seconds for which the kernel may cache.
        var timeout = 3600.0
    }

    let state = Mutex(State())
    /// For how long the opens of a user are to wait; microseconds.
    let delays = Mutex<[UInt32: Int64]>([:])
    /// Called by each operation with its name and the request, before it does anything.
    let pause: @Sendable (String, Request?) -> Void

    init(pause: @escaping @Sendable (String) -> Void = { _ in }) {
        self.pause = { name, _ in pause(name) }
    }

    init(pausing pause: @escaping @Sendable (String, Request?) -> Void) {
        self.pause = pause
    }

    /// Makes a file or a folder in the root.
    @discardableResult
    func add(_ name: String, _ contents: String? = nil, type: FileType = .file, permissions: UInt32 = 0o666) -> UInt64 {
        state.withLock { state in
            state.add(Array(name.utf8), in: 1, Node(type: type, permissions: permissions, bytes: Array((contents ?? "").utf8)))
        }
    }

    func delay(of uid: UInt32) -> Int64 { delays.withLock { $0[uid] ?? 0 } }

    func requests(_ operation: String) -> [Request] {
        state.withLock { $0.requests[operation] ?? [] }
    }

    /// Records the request, waits, fails, and changes what the operation is to change besides.
    @discardableResult
    private func begin(_ operation: String, _ request: Request?) throws(Errno) -> [Invalidation] {
        let error = state.withLock { state in
            if let request { state.requests[operation, default: []].append(request) }
            return state.errors[operation]
        }
        pause(operation, request)
        if let error { throw error }
        return state.withLock { state in state.changes[operation]?(&state) ?? [] }
    }

    private func with<R>(_ body: (inout State) -> Result<R, Errno>) throws(Errno) -> R {
        try state.withLock { body(&$0) }.get()
    }

    func lookup(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> Entry {
        try begin("lookup", request)
        return try with { state in
            guard let inode = state.nodes[parent]?.entries[name] else { return .failure(.noEntry) }
            return state.entry(inode)
        }
    }

    func getattr(_ inode: UInt64, handle: UInt64?, _ request: Request) throws(Errno) -> Attributes {
        try begin(handle == nil ? "getattr" : "fgetattr", request)
        return try with { $0.shown(inode) }
    }

    func setattr(
        _ inode: UInt64, _ changes: SetAttributes, handle: UInt64?, _ request: Request
    ) throws(Errno) -> Changed<Attributes> {
        let invalidations = try begin("setattr", request)
        let attributes = try with { state in
            state.setAttributes.append(changes)
            if let permissions = changes.permissions { state.nodes[inode]?.permissions = permissions }
            if let uid = changes.uid { state.nodes[inode]?.uid = uid }
            if let gid = changes.gid { state.nodes[inode]?.gid = gid }
            if let size = changes.size {
                var bytes = Array(state.nodes[inode]?.bytes.prefix(Int(size)) ?? [])
                bytes += repeatElement(0, count: Int(size) - bytes.count)
                state.nodes[inode]?.bytes = bytes
            }
            if case .at(let time) = changes.modified { state.nodes[inode]?.modified = time }
            return state.shown(inode)
        }
        return Changed(attributes, invalidating: invalidations)
    }

    func readlink(_ inode: UInt64, _ request: Request) throws(Errno) -> [UInt8] {
        try begin("readlink", request)
        return try with { .success($0.nodes[inode]?.bytes ?? []) }
    }

    func mkdir(_ parent: UInt64, _ name: [UInt8], mode: UInt32, _ request: Request) throws(Errno) -> Changed<Entry> {
        let invalidations = try begin("mkdir", request)
        let entry = try with { state in
            let inode = state.add(name, in: parent, Node(type: .folder, permissions: mode & ~request.umask))
            return state.entry(inode)
        }
        return Changed(entry, invalidating: invalidations)
    }

    func unlink(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation] {
        let invalidations = try begin("unlink", request)
        _ = state.withLock { $0.nodes[parent]?.entries.removeValue(forKey: name) }
        return invalidations
    }

    func rmdir(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation] {
        let invalidations = try begin("rmdir", request)
        try with { state -> Result<Void, Errno> in
            guard let inode = state.nodes[parent]?.entries[name] else { return .failure(.noEntry) }
            guard state.nodes[inode]?.entries.isEmpty == true else { return .failure(.notEmpty) }
            state.nodes[parent]?.entries[name] = nil
            return .success(())
        }
        return invalidations
    }

    func rename(
        _ parent: UInt64, _ name: [UInt8], to newParent: UInt64, _ newName: [UInt8], flags: RenameFlags, _ request: Request
    ) throws(Errno) -> [Invalidation] {
        let invalidations = try begin("rename", request)
        try with { state -> Result<Void, Errno> in
            guard let inode = state.nodes[parent]?.entries[name] else { return .failure(.noEntry) }
            let other = state.nodes[newParent]?.entries[newName]
            if flags.contains(.noReplace), other != nil { return .failure(.exists) }
            state.nodes[parent]?.entries[name] = flags.contains(.exchange) ? other : nil
            state.nodes[newParent]?.entries[newName] = inode
            return .success(())
        }
        return invalidations
    }

    func create(
        _ parent: UInt64, _ name: [UInt8], flags: OpenFlags, mode: UInt32, _ request: Request
    ) throws(Errno) -> Changed<Created> {
        let invalidations = try begin("create", request)
        let created = try with { state -> Result<Created, Errno> in
            let inode = state.add(name, in: parent, Node(type: .file, permissions: mode & ~request.umask))
            state.openFlags.append(flags)
            let reply = state.open(inode)
            return state.entry(inode).map { Created(entry: $0, open: reply) }
        }
        return Changed(created, invalidating: invalidations)
    }

    func open(_ inode: UInt64, flags: OpenFlags, _ request: Request) throws(Errno) -> OpenReply {
        try begin("open", request)
        return try with { state in
            state.openFlags.append(flags)
            if flags.truncate { state.nodes[inode]?.bytes = [] }
            return .success(state.open(inode))
        }
    }

    func read(
        _ inode: UInt64, handle: UInt64, offset: UInt64, size: Int, _ request: Request, into reply: inout ReadReply
    ) throws(Errno) {
        try begin("read", request)
        let node = try with { state in
            state.handles[handle] == inode ? .success(state.nodes[inode]) : .failure(.badDescriptor)
        }
        let bytes = Array((node?.bytes ?? []).dropFirst(Int(offset)))
        switch bytes {
        case Array("silent".utf8): return
        case Array("twice!".utf8):
            unsafe reply.lend(bytes.span.bytes)
            unsafe reply.lend(bytes.span.bytes)
            throw .accessDenied
        // Maybe more than was asked for.
        default: unsafe reply.lend(bytes.span.bytes)
        }
    }

    func write(
        _ inode: UInt64, handle: UInt64, offset: UInt64, bytes: RawSpan, flags: OpenFlags, _ request: Request
    ) throws(Errno) -> Changed<Int> {
        let invalidations = try begin("write", request)
        let new = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        try with { state -> Result<Void, Errno> in
            guard state.handles[handle] == inode else { return .failure(.badDescriptor) }
            let old = state.nodes[inode]?.bytes ?? []
            let start = flags.append ? old.count : Int(offset)
            var changed = Array(old.prefix(start))
            changed += repeatElement(0, count: start - changed.count)
            changed += new
            changed += old.dropFirst(changed.count)
            state.nodes[inode]?.bytes = changed
            return .success(())
        }
        return Changed(new.count, invalidating: invalidations)
    }

    func flush(_ inode: UInt64, handle: UInt64, _ request: Request) throws(Errno) -> [Invalidation] {
        try begin("flush", request)
    }

    @discardableResult
    func release(_ inode: UInt64, handle: UInt64) -> [Invalidation] {
        state.withLock { _ = $0.handles.removeValue(forKey: handle) }
        return []
    }

    func fsync(_ inode: UInt64, handle: UInt64, dataOnly: Bool, _ request: Request) throws(Errno) -> [Invalidation] {
        try begin(dataOnly ? "fdatasync" : "fsync", request)
    }

    func opendir(_ inode: UInt64, _ request: Request) throws(Errno) -> UInt64 {
        try begin("opendir", request)
        return try with { .success($0.open(inode).handle) }
    }

    func readdir(
        _ inode: UInt64, handle: UInt64, after cookie: UInt64, _ request: Request, into filler: inout DirectoryFiller
    ) throws(Errno) {
        try begin("readdir", request)
        let state = state.withLock { $0 }
        guard state.handles[handle] == inode else { throw .badDescriptor }
        let entries = (state.nodes[inode]?.entries ?? [:]).sorted { $0.value < $1.value }.drop { $0.value <= cookie }
        for (name, inode) in entries {
            let type = state.nodes[inode]?.type ?? .file
            if !filler.add(name, inode: inode, type: type, cookie: inode) { return }
        }
    }

    func releasedir(_ inode: UInt64, handle: UInt64) {
        release(inode, handle: handle)
    }

    func getxattr(_ inode: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [UInt8] {
        try begin("getxattr", request)
        return try with { state in
            state.attributeNames.append(String(decoding: name, as: UTF8.self))
            return state.nodes[inode]?.attributes[name].map { .success($0) } ?? .failure(.noData)
        }
    }

    func setxattr(
        _ inode: UInt64, _ name: [UInt8], value: RawSpan, flags: SetXattrFlags, _ request: Request
    ) throws(Errno) -> [Invalidation] {
        let invalidations = try begin("setxattr", request)
        let value = unsafe value.withUnsafeBytes { unsafe Array($0) }
        state.withLock { $0.nodes[inode]?.attributes[name] = value }
        return invalidations
    }

    func listxattr(_ inode: UInt64, _ request: Request) throws(Errno) -> [[UInt8]] {
        try begin("listxattr", request)
        return try with { .success(Array($0.nodes[inode]?.attributes.keys ?? [:].keys)) }
    }

    func removexattr(_ inode: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation] {
        let invalidations = try begin("removexattr", request)
        return try with { state in
            state.nodes[inode]?.attributes.removeValue(forKey: name) == nil ? .failure(.noData) : .success(invalidations)
        }
    }

    func statfs(_ inode: UInt64, _ request: Request) throws(Errno) -> Statistics {
        try begin("statfs", request)
        return Statistics(blockSize: 4096, blocks: 1000, freeBlocks: 250, files: 77, freeFiles: 11, nameLength: 200)
    }
}

extension MemoryFileSystem.State {
    mutating func add(_ name: [UInt8], in parent: UInt64, _ node: MemoryFileSystem.Node) -> UInt64 {
        lastInode += 1
        nodes[lastInode] = node
        nodes[parent]?.entries[name] = lastInode
        return lastInode
    }

    mutating func open(_ inode: UInt64) -> OpenReply {
        lastHandle += 1
        handles[lastHandle] = inode
        var reply = openReply
        reply.handle = lastHandle
        return reply
    }

    func shown(_ inode: UInt64) -> Result<Attributes, Errno> {
        guard let node = nodes[inode] else { return .failure(.noEntry) }
        return .success(
            Attributes(
                inode: inode, type: node.type, permissions: node.permissions, uid: node.uid, gid: node.gid,
                size: UInt64(node.bytes.count), modified: node.modified, timeout: timeout))
    }

    func entry(_ inode: UInt64) -> Result<Entry, Errno> {
        shown(inode).map { Entry(attributes: $0, timeout: timeout) }
    }
}
