// SPDX-License-Identifier: MIT

internal import CFuse
internal import Glibc
internal import Linux

/// The operations as the kernel asks for them: its arguments in, values of this module to the file system.
///
/// Operations that are not listed are answered ENOSYS: the kernel does them itself, falls back or refuses, and does not ask again: ACCESS,
/// LSEEK, FALLOCATE, COPY_FILE_RANGE, POLL, FSYNCDIR, TMPFILE, STATX and the locks. So is INTERRUPT: a caller that was sent a signal
/// waits for its answer, which comes soon; an answer EINTR would be an error that stat(2) and most others never report.
/// FORGET is not answered at all, as the protocol wants it, and needs nothing: inodes are not counted here.
extension KernelConnection {
    /// Handles one request, and answers it, now or when the kernel has forgotten what it must before.
    ///
    /// - Parameter mayWait: see `Request`.
    func process(_ slot: Slot, mayWait: Bool = false) {
        guard let message = Message(in: slot, mayWait: mayWait) else {
            slot.answered()
            return
        }
        switch message.opcode {
        case .forget, .batchForget: slot.answered()
        case .lookup, .readlink, .opendir, .readdir, .releasedir: look(message)
        case .mkdir, .unlink, .rmdir, .rename, .rename2, .create: changeFolder(message)
        case .open, .read, .write, .flush, .fsync, .release: useFile(message)
        case .getattr, .setattr, .statfs: useAttributes(message)
        case .getxattr, .setxattr, .listxattr, .removexattr: useExtendedAttributes(message)
        case .mknod, .symlink, .link: refuse(message, .notPermitted)
        case .ioctl: refuse(message, .notTerminal)
        case .destroy: serve(message) { _, _ in .init(.done) }
        case .initialize, .interrupt, nil: refuse(message, .noSystemCall)
        }
    }

    /// The operations that find names.
    private func look(_ message: Message) {
        let inode = message.inode
        switch message.opcode {
        case .lookup:
            serve(message) { files, caller throws(Errno) in
                .init(.entry(try files.lookup(inode, message.name(at: 0).bytes, caller)))
            }
        case .readlink:
            serve(message) { files, caller throws(Errno) in .init(.target(try files.readlink(inode, caller))) }
        case .opendir:
            serve(message) { files, caller throws(Errno) in
                .init(.openedFolder(inode: inode, handle: try files.opendir(inode, caller)))
            }
        case .readdir:
            serve(message) { files, caller throws(Errno) in
                let arguments: fuse_read_in = try message.arguments()
                var filler = DirectoryFiller(size: Int(arguments.size))
                try files.readdir(inode, handle: arguments.fh, after: arguments.offset, caller, into: &filler)
                return .init(.entries(filler.bytes))
            }
        default:
            serve(message) { files, _ throws(Errno) in
                let arguments: fuse_release_in = try message.arguments()
                files.releasedir(inode, handle: arguments.fh)
                return .init(.done)
            }
        }
    }

    /// The operations that change names.
    private func changeFolder(_ message: Message) {
        let parent = message.inode
        switch message.opcode {
        case .mkdir:
            serve(message, umask: umask(message, fuse_mkdir_in.self, \.umask)) { files, caller throws(Errno) in
                let arguments: fuse_mkdir_in = try message.arguments()
                let name = try message.name(at: MemoryLayout<fuse_mkdir_in>.size).bytes
                let changed = try files.mkdir(parent, name, mode: arguments.mode & 0o7777, caller)
                return .init(.entry(changed.value), changed.invalidations)
            }
        case .create:
            serve(message, umask: umask(message, fuse_create_in.self, \.umask)) { files, caller throws(Errno) in
                let arguments: fuse_create_in = try message.arguments()
                let name = try message.name(at: MemoryLayout<fuse_create_in>.size).bytes
                let flags = OpenFlags(rawValue: Int32(bitPattern: arguments.flags))
                let changed = try files.create(parent, name, flags: flags, mode: arguments.mode & 0o7777, caller)
                return .init(.created(changed.value), changed.invalidations)
            }
        case .unlink:
            serve(message) { files, caller throws(Errno) in
                .init(.done, try files.unlink(parent, message.name(at: 0).bytes, caller))
            }
        case .rmdir:
            serve(message) { files, caller throws(Errno) in
                .init(.done, try files.rmdir(parent, message.name(at: 0).bytes, caller))
            }
        default:
            serve(message) { files, caller throws(Errno) in
                let (newParent, flags, start): (UInt64, UInt32, Int)
                if message.opcode == .rename2 {
                    let arguments: fuse_rename2_in = try message.arguments()
                    (newParent, flags, start) = (arguments.newdir, arguments.flags, MemoryLayout<fuse_rename2_in>.size)
                } else {
                    let arguments: fuse_rename_in = try message.arguments()
                    (newParent, flags, start) = (arguments.newdir, 0, MemoryLayout<fuse_rename_in>.size)
                }
                let (name, end) = try message.name(at: start)
                let newName = try message.name(at: end).bytes
                return .init(
                    .done, try files.rename(parent, name, to: newParent, newName, flags: RenameFlags(rawValue: flags), caller))
            }
        }
    }

    /// The operations on files.
    private func useFile(_ message: Message) {
        let inode = message.inode
        switch message.opcode {
        case .open:
            serve(message) { files, caller throws(Errno) in
                let arguments: fuse_open_in = try message.arguments()
                let flags = OpenFlags(rawValue: Int32(bitPattern: arguments.flags))
                return .init(.opened(inode: inode, try files.open(inode, flags: flags, caller)))
            }
        case .read:
            read(message)
        case .write:
            serve(message, lockOwner: writingOwner(message)) { files, caller throws(Errno) in
                let arguments: fuse_write_in = try message.arguments()
                let size = Int(arguments.size)
                let changed = try message.withBytes(at: MemoryLayout<fuse_write_in>.size, count: size) { bytes throws(Errno) in
                    try files.write(
                        inode, handle: arguments.fh, offset: arguments.offset, bytes: bytes,
                        flags: OpenFlags(rawValue: Int32(bitPattern: arguments.flags)), caller)
                }
                return .init(.written(min(max(changed.value, 0), size)), changed.invalidations)
            }
        case .flush:
            let owner = (try? message.arguments(fuse_flush_in.self))?.lock_owner
            serve(message, lockOwner: owner, kernelHoldsLock: false) { files, caller throws(Errno) in
                let arguments: fuse_flush_in = try message.arguments()
                return .init(.done, try files.flush(inode, handle: arguments.fh, caller))
            }
        case .fsync:
            serve(message) { files, caller throws(Errno) in
                let arguments: fuse_fsync_in = try message.arguments()
                let dataOnly = arguments.fsync_flags & UInt32(FUSE_FSYNC_FDATASYNC) != 0
                return .init(.done, try files.fsync(inode, handle: arguments.fh, dataOnly: dataOnly, caller))
            }
        default:
            serve(message, kernelHoldsLock: false) { files, _ throws(Errno) in
                let arguments: fuse_release_in = try message.arguments()
                return .init(.done, files.release(inode, handle: arguments.fh))
            }
        }
    }

    private func writingOwner(_ message: Message) -> UInt64? {
        guard let arguments: fuse_write_in = try? message.arguments() else { return nil }
        return arguments.write_flags & UInt32(FUSE_WRITE_LOCKOWNER) != 0 ? arguments.lock_owner : nil
    }

    private func read(_ message: Message) {
        let exchange = Exchange(message, device: descriptor)
        let arguments: fuse_read_in
        do throws(Errno) { arguments = try message.arguments() } catch {
            _ = exchange.reply(.failed(error))
            return
        }
        let size = Int(arguments.size)
        var reply = ReadReply(exchange, size: size)
        do throws(Errno) {
            try fileSystem.read(
                message.inode, handle: arguments.fh, offset: arguments.offset, size: size,
                message.caller(lockOwner: arguments.read_flags & cfuse_read_lockowner != 0 ? arguments.lock_owner : nil), into: &reply)
        } catch {
            reply.fail(error)
        }
    }

    /// The operations on attributes.
    private func useAttributes(_ message: Message) {
        let inode = message.inode
        switch message.opcode {
        case .getattr:
            serve(message) { files, caller throws(Errno) in
                let arguments: fuse_getattr_in = try message.arguments()
                let handle = arguments.getattr_flags & UInt32(FUSE_GETATTR_FH) != 0 ? arguments.fh : nil
                return .init(.attributes(try files.getattr(inode, handle: handle, caller)))
            }
        case .setattr:
            serve(message) { files, caller throws(Errno) in
                let arguments: fuse_setattr_in = try message.arguments()
                let handle = arguments.valid & UInt32(FATTR_FH) != 0 ? arguments.fh : nil
                let changed = try files.setattr(inode, SetAttributes(arguments), handle: handle, caller)
                return .init(.attributes(changed.value), changed.invalidations)
            }
        default:
            serve(message) { files, caller throws(Errno) in .init(.statistics(try files.statfs(inode, caller))) }
        }
    }

    private func useExtendedAttributes(_ message: Message) {
        let inode = message.inode
        switch message.opcode {
        case .getxattr:
            serve(message) { files, caller throws(Errno) in
                let arguments: fuse_getxattr_in = try message.arguments()
                let name = try message.name(at: MemoryLayout<fuse_getxattr_in>.size).bytes
                return .init(.attribute(try files.getxattr(inode, name, caller), room: Int(arguments.size)))
            }
        case .setxattr:
            serve(message) { files, caller throws(Errno) in
                let arguments: cfuse_setxattr_in = try message.arguments()
                let (name, start) = try message.name(at: MemoryLayout<cfuse_setxattr_in>.size)
                return .init(
                    .done,
                    try message.withBytes(at: start, count: Int(arguments.size)) { value throws(Errno) in
                        try files.setxattr(
                            inode, name, value: value, flags: SetXattrFlags(rawValue: Int32(bitPattern: arguments.flags)), caller)
                    })
            }
        case .listxattr:
            serve(message) { files, caller throws(Errno) in
                let arguments: fuse_getxattr_in = try message.arguments()
                let names = try files.listxattr(inode, caller).map { $0 + [0] }
                return .init(.attribute(Array(names.joined()), room: Int(arguments.size)))
            }
        default:
            serve(message) { files, caller throws(Errno) in
                .init(.done, try files.removexattr(inode, message.name(at: 0).bytes, caller))
            }
        }
    }
}

/// The outcome of an operation.
private struct Outcome {
    let answer: Answer
    let invalidations: [Invalidation]

    init(_ answer: Answer, _ invalidations: [Invalidation] = []) {
        self.answer = answer
        self.invalidations = invalidations
    }
}

extension KernelConnection {
    /// Runs an operation and has its outcome, or what it throws, answered.
    ///
    /// - Parameter kernelHoldsLock: whether the kernel may hold an inode's lock until the answer: Notifier.swift.
    private func serve(
        _ message: Message, umask: UInt32 = 0, lockOwner: UInt64? = nil, kernelHoldsLock: Bool = true,
        _ operation: (any FileSystem, Request) throws(Errno) -> Outcome
    ) {
        let exchange = Exchange(message, device: descriptor)
        let outcome: Outcome
        do throws(Errno) {
            outcome = try operation(fileSystem, message.caller(umask: umask, lockOwner: lockOwner))
        } catch {
            outcome = Outcome(.failed(error))
        }
        conclude(exchange, outcome.answer, invalidating: outcome.invalidations, of: message, kernelHoldsLock: kernelHoldsLock)
    }

    private func refuse(_ message: Message, _ error: Errno) {
        serve(message) { _, _ throws(Errno) in throw error }
    }

    /// The caller's umask, from a request that has it. One that is too short has none, and fails as an operation.
    private func umask<Arguments: BitwiseCopyable>(
        _ message: Message, _ type: Arguments.Type, _ field: KeyPath<Arguments, UInt32>
    ) -> UInt32 {
        (try? message.arguments(type))?[keyPath: field] ?? 0
    }
}
