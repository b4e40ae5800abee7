internal import CFuse
internal import Glibc
internal import Linux
internal import Synchronization

/// What the kernel is told: answers, and what to forget. Notifier.swift has the rules.
extension Connection {
    /// Answers a request, after the kernel has forgotten what the caller must not find any more.
    ///
    /// - Parameter kernelHoldsLock: whether the kernel may hold an inode's lock until the answer.
    func conclude(
        _ exchange: consuming Exchange, _ answer: Answer, invalidating invalidations: [Invalidation], kernelHoldsLock: Bool
    ) {
        if invalidations.isEmpty {
            deliver(answer, to: exchange)
            return
        }
        let entries = invalidations.filter(\.isEntry)
        let contents = invalidations.filter(\.isContents)
        forget(invalidations.filter { !$0.isEntry && !$0.isContents })

        let before = kernelHoldsLock ? contents : contents + entries
        if before.isEmpty {
            deliver(answer, to: exchange)
        } else {
            let held = Held(exchange)
            let isTaken = (before.contains(where: \.isEntry) ? names : pages).submit {
                self.forget(before)
                self.deliver(answer, to: held)
            }
            if !isTaken { deliver(answer, to: held) }
        }
        if kernelHoldsLock, !entries.isEmpty {
            _ = names.submit { self.forget(entries) }
        }
    }

    private func deliver(_ answer: Answer, to held: Held) {
        if let exchange = held.take() { deliver(answer, to: exchange) }
    }

    private func deliver(_ answer: Answer, to exchange: consuming Exchange) {
        if exchange.reply(answer) { return }
        // "if fuse_reply_open() return -ENOENT means, that the release method for this file will not be called."
        switch answer {
        case .opened(let inode, let reply): _ = fileSystem.release(inode, handle: reply.handle)
        case .created(let made): _ = fileSystem.release(made.entry.attributes.inode, handle: made.open.handle)
        case .openedFolder(let inode, let handle): fileSystem.releasedir(inode, handle: handle)
        default: break
        }
    }

    /// Makes the kernel forget, and returns when it has. May wait: see Notifier.swift for who may call it for what.
    ///
    /// What fails is what the kernel does not know (ENOENT), or a connection that is gone: neither has anything to forget.
    func forget(_ invalidations: [Invalidation]) {
        guard let session = unsafe session else { return }
        for invalidation in invalidations {
            switch invalidation {
            case .attributes(let inode):
                // The offset, "or negative to invalidate attributes only": with these, the ACLs.
                _ = unsafe fuse_lowlevel_notify_inval_inode(session, inode, -1, 0)
            case .contents(let inode):
                _ = unsafe fuse_lowlevel_notify_inval_inode(session, inode, 0, 0)
            case .entry(let parent, let name):
                unsafe withCharacters(of: name) { name, count in
                    _ = unsafe fuse_lowlevel_notify_inval_entry(session, parent, name, count)
                }
            case .expiredEntry(let parent, let name):
                unsafe withCharacters(of: name) { name, count in
                    _ = unsafe fuse_lowlevel_notify_expire_entry(session, parent, name, count, FUSE_LL_EXPIRE_ONLY)
                }
            case .end(let token):
                fileSystem.forgotten(token)
            }
        }
    }

    /// Puts bytes into the kernel's page cache.
    func store(_ bytes: RawSpan, at offset: UInt64, of inode: UInt64) throws(Errno) {
        guard let session = unsafe session else { throw .notConnected }
        let result = unsafe bytes.withUnsafeBytes { bytes in
            unsafe cfuse_notify_store(session, inode, off_t(clamping: offset), bytes.baseAddress, bytes.count)
        }
        if result != 0 { throw Errno(rawValue: -result) }
    }
}

/// An exchange on its way to another thread.
final class Held: Sendable {
    private let exchange: Mutex<Exchange?>

    init(_ exchange: consuming Exchange) {
        self.exchange = Mutex(consume exchange)
    }

    func take() -> Exchange? {
        exchange.withLock { $0.take() }
    }
}

extension Invalidation {
    fileprivate var isContents: Bool {
        switch self {
        case .contents, .end: true
        case .attributes, .entry, .expiredEntry: false
        }
    }

    var isEntry: Bool {
        switch self {
        case .entry, .expiredEntry: true
        case .attributes, .contents, .end: false
        }
    }
}

private func withCharacters(of name: [UInt8], _ body: (UnsafePointer<CChar>, Int) -> Void) {
    unsafe (name + [0]).withUnsafeBytes { bytes in
        if let start = bytes.baseAddress { unsafe body(start.assumingMemoryBound(to: CChar.self), name.count) }
    }
}
