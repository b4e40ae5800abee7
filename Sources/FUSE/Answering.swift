// SPDX-License-Identifier: MIT

internal import CFuse
internal import Glibc
internal import Linux
internal import Synchronization

/// Answering requests, and telling the kernel what to forget. Notifier.swift has the rules.
extension KernelConnection {
    /// For how long an answer waits for names to be forgotten. Seconds. They are, later, in any case: who uses one meanwhile finds
    /// something that is gone, and is told so.
    static let patience = 1.0

    /// Answers a request, after the kernel has forgotten what the caller must not find any more.
    ///
    /// - Parameter kernelHoldsLock: whether the kernel may hold an inode's lock until the answer.
    func conclude(
        _ exchange: consuming Exchange, _ answer: Answer, invalidating invalidations: [Invalidation], of message: Message,
        kernelHoldsLock: Bool
    ) {
        if invalidations.isEmpty {
            deliver(answer, to: exchange)
            return
        }
        let uid = message.header.uid
        let entries = invalidations.filter(\.isEntry)
        let contents = invalidations.filter(\.isContents)
        forget(invalidations.filter { !$0.isEntry && !$0.isContents })

        if !kernelHoldsLock { names.perform(entries, by: uid, until: Deadline(after: Self.patience), forget) }
        if contents.isEmpty {
            deliver(answer, to: exchange)
        } else {
            let held = Held(exchange)
            let isTaken = pages.submit {
                self.forget(contents)
                self.deliver(answer, to: held)
            }
            if !isTaken { deliver(answer, to: held) }
        }
        if kernelHoldsLock { names.submit(entries, by: uid, forget) }
    }

    private func deliver(_ answer: Answer, to held: Held) {
        if let exchange = held.take() { deliver(answer, to: exchange) }
    }

    private func deliver(_ answer: Answer, to exchange: consuming Exchange) {
        if exchange.reply(answer) { return }
        // The kernel gave the request up, and so knows nothing of the handle: no RELEASE comes for it.
        switch answer {
        case .opened(let inode, let reply): fileSystem.abandon(inode, handle: reply.handle)
        case .created(let made): fileSystem.abandon(made.entry.attributes.inode, handle: made.open.handle)
        case .openedFolder(let inode, let handle): fileSystem.releasedir(inode, handle: handle)
        default: break
        }
    }

    /// Makes the kernel forget, and returns when it has. May wait: see Notifier.swift for who may call it for what.
    ///
    /// Errors are ignored: the kernel does not know the thing (ENOENT), or the connection is gone, and neither has anything to forget.
    @Sendable func forget(_ invalidations: [Invalidation]) {
        for invalidation in invalidations {
            switch invalidation {
            case .attributes(let inode):
                // The offset, "or negative to invalidate attributes only": with these, the ACLs.
                _ = unsafe notify(FUSE_NOTIFY_INVAL_INODE, fuse_notify_inval_inode_out(ino: inode, off: -1, len: 0))
            case .contents(let inode):
                _ = unsafe notify(FUSE_NOTIFY_INVAL_INODE, fuse_notify_inval_inode_out(ino: inode, off: 0, len: 0))
            case .entry(let parent, let name):
                let name = name + [0]
                let arguments = fuse_notify_inval_entry_out(parent: parent, namelen: UInt32(clamping: name.count - 1), flags: 0)
                _ = unsafe name.withUnsafeBytes { unsafe notify(FUSE_NOTIFY_INVAL_ENTRY, arguments, $0) }
            }
        }
    }

    /// Writes a notification: a header with 0 in the place of a request's number and the code in that of an error.
    ///
    /// - Returns: what writev(2) says against it.
    private func notify<Arguments: BitwiseCopyable>(
        _ code: fuse_notify_code, _ arguments: Arguments, _ bytes: UnsafeRawBufferPointer = unsafe .init(start: nil, count: 0)
    ) -> Errno? {
        let sizes = (MemoryLayout<fuse_out_header>.size, MemoryLayout<Arguments>.size)
        var header = fuse_out_header(
            len: UInt32(clamping: sizes.0 + sizes.1 + bytes.count), error: Int32(bitPattern: code.rawValue), unique: 0)
        var arguments = arguments
        return unsafe withUnsafeMutableBytes(of: &header) { header in
            unsafe withUnsafeMutableBytes(of: &arguments) { arguments in
                let parts = unsafe (
                    iovec(iov_base: header.baseAddress, iov_len: sizes.0), iovec(iov_base: arguments.baseAddress, iov_len: sizes.1),
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
                )
                let written = unsafe withUnsafeBytes(of: parts) { parts in
                    unsafe writev(descriptor, parts.bindMemory(to: iovec.self).baseAddress, bytes.isEmpty ? 2 : 3)
                }
                return written < 0 ? .current : nil
            }
        }
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
        case .contents: true
        case .attributes, .entry: false
        }
    }

    var isEntry: Bool {
        switch self {
        case .entry: true
        case .attributes, .contents: false
        }
    }
}
