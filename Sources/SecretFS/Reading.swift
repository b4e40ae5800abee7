// SPDX-License-Identifier: MIT

package import FUSE
package import Linux
internal import Secrets
internal import Vault

/// Opening and reading.
extension SecretFileSystem {
    package func open(_ inode: UInt64, flags: OpenFlags, _ request: Request) throws(Errno) -> OpenReply {
        let number = inode
        try handles.admit(request.uid)
        if let node = JobNode(number: number) { return try open(node, flags: flags, try caller(request, "open")) }
        let inode = try self.inode(number)
        let caller = try caller(request, "open")
        if let pending = pendingFiles.unstored(inode) { return try open(pending, as: number, flags, caller) }
        if flags.writes { return try openWriter(inode, as: number, flags, caller) }
        return try openReader(inode, as: number, caller, mayWait: request.mayWait)
    }

    /// One version, decided about and logged now.
    private func openReader(
        _ inode: Inode, as number: UInt64, _ caller: Caller, mayWait: Bool
    ) throws(Errno) -> OpenReply {
        let change = openings.lastChange
        var joined: Opening?
        let snapshot = try orStale { () throws(VaultError) in
            try vault.open(inode, .read, for: caller) { identity in
                joined = openings.join(number, identity, since: change)
                return joined != nil
            }
        }
        guard let opening = joined ?? snapshot.map({ openings.open(number, $0, since: change, mayWait: mayWait) }) else {
            throw .inputOutput
        }
        do throws(Errno) {
            let content: Reader.Content
            if opening.way == .passed, let backing = opening.backing {
                content = .passed(backing)
            } else if let snapshot {
                let pages = PageSource(self, number, opener: try caller.keepingGroups())
                content = .direct(DirectReading(snapshot, pages: pages), snapshot)
            } else {
                throw Errno.inputOutput
            }
            let reader = Reader(content, number: number, opening: opening, process: caller.pid)
            return opening.reply(try handles.add(reader, for: caller.uid))
        } catch {
            openings.close(opening)
            throw error
        }
    }

    /// A name that nothing was committed to: a reader finds it empty, and another writer is one of the same item.
    func open(
        _ pending: PendingFiles.PendingFile, as number: UInt64, _ flags: OpenFlags, _ caller: Caller
    ) throws(Errno) -> OpenReply {
        try named { () throws(VaultError) in
            if flags.writes { try vault.authorizePending(pending.name, in: pending.parent, by: caller) }
            if flags.reads { try vault.authorizeRead(pending.parent, for: caller) }
        }
        let reply: OpenReply
        if flags.writes {
            let writer = try named { () throws(VaultError) in try Writer(vault, creating: pending.target, in: pending.parent, caller) }
            reply = try add(writer, as: number, reads: flags.reads, to: pending.target.inode, for: caller)
        } else {
            let opening = openings.openForWriting(number, reads: false)
            reply = try adding(opening) { () throws(Errno) in
                try handles.add(.empty(opening, PageSource(self, number, opener: try caller.keepingGroups())), for: caller.uid)
            }
        }
        // It may have been stored since it was looked at, by a close that did not know of this writer. At ESTALE the kernel looks the name
        // up once more, and opens what it is now.
        guard pendingFiles.unstored(pending.target.inode) != nil else {
            if let opening = handles.remove(reply.handle)?.opening { openings.close(opening) }
            throw .stale
        }
        return reply
    }

    /// Answers an open with a handle that `body` makes. What it throws closes it.
    func adding(_ opening: Opening, _ body: () throws(Errno) -> UInt64) throws(Errno) -> OpenReply {
        do { return opening.reply(try body()) } catch {
            openings.close(opening)
            throw error
        }
    }

    package func read(
        _ inode: UInt64, handle: UInt64, offset: UInt64, size: Int, _ request: Request, into reply: inout ReadReply
    ) throws(Errno) {
        let file = handles.file(handle)
        if let opening = file?.opening { openings.noteArrival(opening) }
        if request.lockOwner == nil, let page = try page(of: file, handle, inode, request) {
            return page.lend(offset, size, &reply)
        }
        switch file {
        case .reader(let reader):
            // Of what is passed the kernel asks for nothing.
            guard case .direct(let reading, _) = reader.content else { throw .inputOutput }
            try reading.snapshot(at: offset, count: size, for: request).withBytes { Self.lend($0, offset, size, &reply) }
        case .writer(let writer, _, _):
            try writer.read(from: offset, count: size, by: request) { locked throws(Errno) in
                try handles.grow(handle, to: locked)
            } lending: { bytes in
                Self.lend(bytes, offset, size, &reply)
            }
        case .empty: Page.empty.lend(offset, size, &reply)
        case .folder, nil: throw .badDescriptor
        }
    }

    /// What is answered where all share it who have the file open.
    private enum Page {
        case empty
        case of(Snapshot)

        func lend(_ offset: UInt64, _ size: Int, _ reply: inout ReadReply) {
            switch self {
            case .empty:
                let none: [UInt8] = []
                unsafe reply.lend(none.span.bytes)
            case .of(let snapshot): snapshot.withBytes { SecretFileSystem.lend($0, offset, size, &reply) }
            }
        }
    }

    /// What a page of a file is to be filled with; nil where nobody else sees it, who might see what is not committed.
    ///
    /// - Throws: EINVAL, whereupon programs read(2), while a process that lost the right to read the file has it open.
    private func page(of file: OpenFile?, _ handle: UInt64, _ number: UInt64, _ request: Request) throws(Errno) -> Page? {
        openings.notePage(number)
        guard let pages = file?.pages else { return nil }
        let others = handles.pages(of: number, but: handle)
        if case .writer = file, others.isEmpty { return nil }
        if others.contains(where: { !$0.mayRead }) { throw .invalidArgument }
        if case .reader(let reader) = file, case .direct(let reading, _) = reader.content { return .of(try reading.page(for: request)) }
        return try pages.page(keeping: nil, for: request).map { .of($0) } ?? .empty
    }

    private static func lend(_ bytes: RawSpan, _ offset: UInt64, _ size: Int, _ reply: inout ReadReply) {
        let start = Int(min(offset, UInt64(bytes.byteCount)))
        let end = min(bytes.byteCount, start + min(max(size, 0), bytes.byteCount - start))
        reply.lend(bytes.extracting(start..<end))
    }
}
