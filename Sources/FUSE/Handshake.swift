// SPDX-License-Identifier: MIT

internal import CFuse
internal import Glibc
internal import Linux

/// INIT: what is agreed on with the kernel before anything else, read and answered raw.
enum Handshake {
    /// Needed: without POSIX ACLs the kernel would let everybody or nobody pass, and without atomic `O_TRUNC` it would
    /// empty a file before it is opened.
    private static let needed: [(UInt32, String)] = [(cfuse_posix_acl, "POSIX ACLs"), (cfuse_atomic_o_trunc, "atomic O_TRUNC")]

    /// Taken where offered.
    ///
    /// - DONT_MASK: with ACLs it is the file system that applies the umask.
    /// - AUTO_INVAL_DATA: the kernel looks at each read whether it knows the size of what it has in the page cache: a file
    ///   that was just replaced may be open before its size was asked for. It costs nothing where it does.
    /// - BIG_WRITES: a WRITE may be of more than a page.
    /// - ABORT_ERROR: reading requests fails with an error of its own where the connection was aborted: `SessionEnd`.
    /// - PARALLEL_DIROPS: several look up and list in one folder at once.
    /// - HANDLE_KILLPRIV_V2: we clear set-user-ID bits and file capabilities when a file is written, truncated or given
    ///   away. That is kept without doing anything, since there are none: permissions are made up from grants,
    ///   `security.capability` is never stored, and the mount is `nosuid` besides. Without it the kernel asks for
    ///   `security.capability` before each write.
    private static let wished =
        cfuse_dont_mask | cfuse_auto_inval_data | cfuse_big_writes | cfuse_abort_error | cfuse_parallel_dirops | cfuse_handle_killpriv_v2

    /// Everything else stays off. Of these,
    ///
    /// - ASYNC_READ would lock pages for READs that no process waits for, which outlive the file's last close; then even
    ///   an invalidation of attributes would wait for a READ (Notifier.swift).
    /// - SPLICE_READ would carry what is written through a pipe, which we can't wipe; SPLICE_WRITE what is read.
    /// - WRITEBACK_CACHE would keep what is written in the kernel, and write it later, in nobody's name.
    /// - READDIRPLUS would look up all that is listed; CACHE_SYMLINKS would show one caller's link to another.
    /// - DIRECT_IO_ALLOW_MMAP would let a shared mapping by a writer show bytes to others that nobody has committed.
    /// - SETXATTR_EXT, SECURITY_CTX and CREATE_SUPP_GROUP would change the layout of requests.
    private static func flags(of offer: fuse_init_in) throws(SessionError) -> UInt32 {
        for (flag, name) in needed where offer.flags & flag == 0 { throw .kernel(lacks: name) }
        return needed.reduce(0) { $0 | $1.0 } | offer.flags & wished
    }

    /// The protocol that is spoken here; what later versions add is off unless it is agreed on. The layouts are of 7.23 (Linux 3.15).
    private static let (major, minor, oldest): (UInt32, UInt32, UInt32) = (7, 38, 23)

    /// Receives INIT, which is what the kernel sends first, and answers it.
    ///
    /// - Throws: `kernel` if it can't do what is needed.
    /// - Parameter passthrough: whether it is wished that files are handed out as `Backing`.
    /// - Returns: whether the kernel can do that.
    static func shake(
        _ device: borrowing FileDescriptor, receivingIn slot: Slot, passthrough: Bool
    ) throws(SessionError) -> Bool {
        while true {
            do throws(Errno) {
                guard try slot.receive(from: device.rawValue) else { throw .notConnected }
            } catch .interrupted {
                continue
            } catch {
                throw .system(error)
            }
            defer { _ = slot.reclaim() }
            let message = Message(in: slot)
            guard let message, message.opcode == .initialize else { throw .system(.inputOutput) }
            let exchange = Exchange(message, device: device.rawValue)
            let offer = offer(in: message)
            if offer.major > major {
                // "If the major version … is larger, … the kernel will then issue a second INIT with" ours.
                guard exchange.reply(.agreed(fuse_init_out(major: major, minor: minor))) else { throw .system(.notConnected) }
                continue
            }
            let flags: UInt32
            do throws(SessionError) {
                guard offer.major == major, offer.minor >= oldest else { throw .kernel(lacks: "protocol \(major).\(oldest)") }
                flags = try Self.flags(of: offer)
            } catch {
                _ = exchange.reply(.failed(Errno(rawValue: EPROTO)))
                throw error
            }
            var agreed = fuse_init_out(major: major, minor: minor)
            agreed.max_readahead = offer.max_readahead
            agreed.flags = flags
            agreed.max_write = UInt32(Slots.largestWrite)
            // A RELEASE is a request in the background. Of those the kernel sends 12 at once unless told otherwise: more threads than that,
            // which open and close as fast as they can, would leave ever more files behind that nobody has open.
            agreed.max_background = .max
            agreed.congestion_threshold = .max
            agreed.time_gran = 1
            let passes = passthrough && offer.flags & cfuse_init_ext != 0 && offer.flags2 & cfuse_passthrough2 != 0
            if passes { unsafe cfuse_allow_passthrough(&agreed) }
            guard exchange.reply(.agreed(agreed)) else { throw .system(.notConnected) }
            return passes
        }
    }

    /// The offer of the kernel. Older ones send less.
    private static func offer(in message: Message) -> fuse_init_in {
        var offer = fuse_init_in()
        try? message.withBytes(at: 0, count: MemoryLayout<fuse_init_in>.size) { bytes throws(Errno) in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe withUnsafeMutableBytes(of: &offer) { unsafe $0.copyMemory(from: bytes) }
            }
        }
        return offer
    }
}

extension fuse_init_out {
    fileprivate init(major: UInt32, minor: UInt32) {
        self.init()
        self.major = major
        self.minor = minor
    }
}
