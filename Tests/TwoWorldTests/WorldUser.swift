// SPDX-License-Identifier: MIT

import Bytes
import FUSE
import Linux
import Secrets
import TestSupport

@testable import FUSE
@testable import SecretFS
@testable import Vault

/// Somebody who makes system calls and requests in one world, with a transcript of all that they get.
///
/// A call that fails is noted with its error, and what follows from it is left out: as a program would.
final class WorldUser {
    let world: World
    let uid: UInt32
    var transcript = Transcript()
    /// Descriptors that stay open from one operation to the next, by a name.
    var held: [String: Descriptor] = [:]

    /// An open file.
    struct Descriptor {
        let inode: UInt64
        let handle: UInt64
        let flags: OpenFlags
        /// By `creat`, and not committed yet.
        var isNew = false
    }

    init(_ world: World, uid: UInt32) {
        self.world = world
        self.uid = uid
    }

    private var request: Request { Request(uid: uid, gid: uid, tid: 0) }

    /// Makes a system call, and notes how it ended. Nil if it failed.
    @discardableResult
    func call<Result>(_ name: String, _ body: (SecretFileSystem, Request) throws(Errno) -> Result) -> Result? {
        do throws(Errno) {
            let result = try body(world.files, request)
            transcript.note(name, "0")
            return result
        } catch {
            transcript.note(name, "errno \(error.rawValue)")
            return nil
        }
    }

    // MARK: Names

    /// The inode at a path, by a LOOKUP of its last name. Those before it are taken from the rows, as the kernel takes them from its cache.
    func find(_ path: String) -> UInt64? {
        guard let (folder, name) = split(path) else { return nil }
        return name.isEmpty ? folder : look(folder, name)?.attributes.inode
    }

    func look(_ parent: UInt64, _ name: [UInt8]) -> Entry? {
        guard let entry = call("lookup", { files, request throws(Errno) in try files.lookup(parent, name, request) }) else { return nil }
        note("attributes", entry.attributes)
        return entry
    }

    private func note(_ call: String, _ attributes: Attributes) {
        transcript.note(
            call, "size \(attributes.size)",
            Array("\(attributes.inode) \(attributes.type) \(attributes.permissions) \(attributes.uid) \(attributes.modified)".utf8))
    }

    /// Folder and name of a path.
    func split(_ path: String) -> (folder: UInt64, name: [UInt8])? {
        let slash = path.lastIndex(of: "/")
        let parent = slash.map { String(path[..<$0]) } ?? ""
        guard path != "user" else { return ((1 << 32 + UInt64(uid)) << 3, []) }
        guard let folder = try? world.rows.find(parent, home: uid) else {
            transcript.note("path", "none")
            return nil
        }
        return (folder, Array(path[(slash.map { path.index(after: $0) } ?? path.startIndex)...].utf8))
    }

    // MARK: Files

    /// open(2). A name that is not there is created where `flags` say so.
    func open(_ path: String, _ flags: Int32) -> Descriptor? {
        guard let (folder, name) = split(path) else { return nil }
        let flags = OpenFlags(rawValue: flags)
        if let entry = look(folder, name) {
            let inode = entry.attributes.inode
            return call("open", { files, request throws(Errno) in try files.open(inode, flags: flags, request) }).map {
                Descriptor(inode: inode, handle: $0.handle, flags: flags)
            }
        }
        guard flags.creates else { return nil }
        let created = call("create") { files, request throws(Errno) in
            try files.create(folder, name, flags: flags, mode: 0o600, request)
        }
        guard let created else { return nil }
        note("attributes", created.value.entry.attributes)
        return Descriptor(inode: created.value.entry.attributes.inode, handle: created.value.open.handle, flags: flags, isNew: true)
    }

    @discardableResult
    func write(_ file: Descriptor, _ bytes: [UInt8], at offset: Int) -> Bool {
        call("write") { files, request throws(Errno) in
            try unsafe files.write(
                file.inode, handle: file.handle, offset: UInt64(max(offset, 0)), bytes: bytes.span.bytes, flags: file.flags, request
            ).value
        } != nil
    }

    @discardableResult
    func truncate(_ file: Descriptor, to size: Int) -> Bool {
        call("ftruncate") { files, request throws(Errno) in
            try files.setattr(file.inode, SetAttributes(size: UInt64(max(size, 0))), handle: file.handle, request).value.size
        } != nil
    }

    func close(_ file: Descriptor) {
        call("close") { files, request throws(Errno) in _ = try files.flush(file.inode, handle: file.handle, request) }
        _ = world.files.release(file.inode, handle: file.handle)
    }

    /// All bytes that a read of the descriptor gives.
    func read(_ file: Descriptor) {
        var bytes: [UInt8] = []
        let taken: Void? = call("read") { files, request throws(Errno) in
            let request = Request(uid: request.uid, gid: request.gid, tid: request.tid, lockOwner: 0)
            switch files.handles.file(file.handle) {
            case .reader(let reader):
                guard case .direct(let reading, _) = reader.content else { throw .badDescriptor }
                try reading.snapshot(at: 0, count: .max, for: request).withBytes { bytes = Self.bytes($0) }
            case .writer(let writer, _, _):
                try writer.read(from: 0, count: .max, by: request, locking: { _ in }, lending: { bytes = Self.bytes($0) })
            case .empty: break
            case .folder, nil: throw .badDescriptor
            }
        }
        if taken != nil { transcript.note("bytes", "\(bytes.count) bytes", bytes) }
    }

    static func bytes(_ span: RawSpan) -> [UInt8] {
        (0..<span.byteCount).map { span.octet($0) }
    }

    func size(_ path: String) -> Int? {
        guard let inode = find(path) else { return nil }
        let attributes = call("stat") { files, request throws(Errno) in try files.getattr(inode, handle: nil, request) }
        if let attributes { note("attributes", attributes) }
        return attributes.map { Int($0.size) }
    }

    // MARK: Folders

    /// The names in a folder, by READDIR.
    func list(_ path: String) -> [(name: [UInt8], isFolder: Bool)] {
        guard let inode = find(path),
            let handle = call("opendir", { files, request throws(Errno) in try files.opendir(inode, request) })
        else { return [] }
        defer { world.files.releasedir(inode, handle: handle) }
        let bytes = call("readdir") { files, request throws(Errno) in
            var filler = DirectoryFiller(size: 1 << 16)
            try files.readdir(inode, handle: handle, after: 0, request, into: &filler)
            return filler.bytes
        }
        guard let bytes else { return [] }
        transcript.note("entries", "", bytes)
        return Self.names(bytes)
    }

    /// `struct fuse_dirent`: inode 8, offset 8, length of the name 4, type 4, the name, and what fills it up to 8 bytes.
    private static func names(_ bytes: [UInt8]) -> [(name: [UInt8], isFolder: Bool)] {
        var names: [(name: [UInt8], isFolder: Bool)] = []
        var start = 0
        while start + 24 <= bytes.count {
            let length = Int(bytes[start + 16]) | Int(bytes[start + 17]) << 8
            guard start + 24 + length <= bytes.count else { break }
            let name = Array(bytes[(start + 24)..<(start + 24 + length)])
            if name != [46], name != [46, 46] { names.append((name, bytes[start + 20] == 4)) }
            start += (24 + length + 7) / 8 * 8
        }
        return names
    }

    // MARK: The socket

    /// Makes a request of the control socket, and notes how it ended. Nil if it failed.
    @discardableResult
    func ask<Result>(_ name: String, _ body: (Vault, Caller) throws(VaultError) -> Result) -> Result? {
        do throws(VaultError) {
            let result = try body(world.vault, World.caller(uid, name))
            transcript.note(name, "done")
            return result
        } catch {
            transcript.note(name, String("\(error)".prefix { $0 != "(" }), Array("\(error)".utf8))
            return nil
        }
    }

    func answer(_ name: String, _ text: String) { transcript.note(name, "", Array(text.utf8)) }
}

extension OpenFlags {
    /// `O_CREAT`
    fileprivate var creates: Bool { rawValue & 0o100 != 0 }
}

extension Reference {
    /// What stands in an operation, which is always right.
    static func of(_ text: String) -> Reference {
        Reference(components: text.split(separator: "/").map { Array($0.utf8) })
    }
}
