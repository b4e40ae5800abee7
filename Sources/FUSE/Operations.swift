internal import CFuse
internal import Glibc
internal import Linux

/// The operations as libfuse calls them: C's arguments in, Swift's values to the file system.
///
/// What is left out libfuse answers by itself: FORGET and BATCH_FORGET with nothing, as the protocol wants it and inodes
/// that need no lookup count allow it; ACCESS, LSEEK, FALLOCATE, COPY_FILE_RANGE, POLL and the locks with ENOSYS, at
/// which the kernel does them itself, falls back or refuses, and does not ask again.
func lowLevelOperations() -> fuse_lowlevel_ops {
    var operations = fuse_lowlevel_ops()
    unsafe operations.`init` = { connection, information in
        guard let connection = unsafe connection, let information = unsafe information else { return }
        unsafe Unmanaged<Connection>.fromOpaque(connection).takeUnretainedValue().agree(on: &information.pointee)
    }
    addFolderOperations(to: &operations)
    addFileOperations(to: &operations)
    addAttributeOperations(to: &operations)
    return operations
}

/// The operations on names.
private func addFolderOperations(to operations: inout fuse_lowlevel_ops) {
    unsafe operations.lookup = { request, parent, name in
        unsafe serve(request) { files, caller throws(Errno) in
            .init(.entry(try unsafe files.lookup(parent, bytes(name), caller)))
        }
    }
    unsafe operations.readlink = { request, inode in
        unsafe serve(request) { files, caller throws(Errno) in
            .init(.target(try files.readlink(inode, caller)))
        }
    }
    unsafe operations.mkdir = { request, parent, name, mode in
        let name = unsafe bytes(name)
        unsafe change(request) { files, caller throws(Errno) in
            let changed = try files.mkdir(parent, name, mode: mode & 0o7777, caller)
            return .init(.entry(changed.value), changed.invalidations)
        }
    }
    unsafe operations.unlink = { request, parent, name in
        let name = unsafe bytes(name)
        unsafe change(request) { files, caller throws(Errno) in
            .init(.done, try files.unlink(parent, name, caller))
        }
    }
    unsafe operations.rmdir = { request, parent, name in
        let name = unsafe bytes(name)
        unsafe change(request) { files, caller throws(Errno) in
            .init(.done, try files.rmdir(parent, name, caller))
        }
    }
    unsafe operations.rename = { request, parent, name, newParent, newName, flags in
        let (name, newName) = unsafe (bytes(name), bytes(newName))
        unsafe change(request) { files, caller throws(Errno) in
            .init(.done, try files.rename(parent, name, to: newParent, newName, flags: RenameFlags(rawValue: flags), caller))
        }
    }
    unsafe operations.create = { request, parent, name, mode, information in
        let (name, flags) = unsafe (bytes(name), flags(information))
        unsafe change(request) { files, caller throws(Errno) in
            let changed = try files.create(parent, name, flags: flags, mode: mode & 0o7777, caller)
            return .init(.created(changed.value), changed.invalidations)
        }
    }
    unsafe operations.opendir = { request, inode, _ in
        unsafe serve(request) { files, caller throws(Errno) in
            .init(.openedFolder(inode: inode, handle: try files.opendir(inode, caller)))
        }
    }
    unsafe operations.readdir = { request, inode, size, cookie, information in
        unsafe serve(request) { files, caller throws(Errno) in
            var filler = DirectoryFiller(size: size)
            try unsafe files.readdir(inode, handle: handle(information), after: UInt64(bitPattern: Int64(cookie)), caller, into: &filler)
            return .init(.entries(filler.bytes))
        }
    }
    unsafe operations.releasedir = { request, inode, information in
        unsafe serve(request) { files, _ in
            unsafe files.releasedir(inode, handle: handle(information))
            return .init(.done)
        }
    }
    unsafe operations.mknod = { request, _, _, _, _ in unsafe refuse(request, EPERM) }
    unsafe operations.symlink = { request, _, _, _ in unsafe refuse(request, EPERM) }
    unsafe operations.link = { request, _, _, _ in unsafe refuse(request, EPERM) }
}

/// The operations on files.
private func addFileOperations(to operations: inout fuse_lowlevel_ops) {
    unsafe operations.open = { request, inode, information in
        let flags = unsafe flags(information)
        let open = { @Sendable (files: any FileSystem, caller: Request) throws(Errno) in
            Outcome(.opened(inode: inode, try files.open(inode, flags: flags, caller)))
        }
        // Who writes may have to wait for who reads.
        unsafe flags.writes ? change(request, open) : serve(request, open)
    }
    unsafe operations.read = { request, inode, size, offset, information in
        guard let request = unsafe request else { return }
        let connection = unsafe Connection.serving(request)
        let exchange = unsafe Exchange(request)
        let caller = exchange.caller
        var reply = ReadReply(exchange, size: size)
        do throws(Errno) {
            try unsafe connection.fileSystem.read(
                inode, handle: handle(information), offset: UInt64(clamping: offset), size: size, caller, into: &reply)
        } catch {
            reply.fail(error)
        }
    }
    unsafe operations.write = { request, inode, buffer, size, offset, information in
        unsafe serve(request) { files, caller throws(Errno) in
            let changed = try unsafe files.write(
                inode, handle: handle(information), offset: UInt64(clamping: offset),
                bytes: UnsafeRawBufferPointer(start: buffer, count: buffer == nil ? 0 : size).bytes,
                flags: flags(information), caller)
            return .init(.written(min(changed.value, size)), changed.invalidations)
        }
    }
    unsafe operations.flush = { request, inode, information in
        let handle = unsafe handle(information)
        unsafe change(request, kernelHoldsLock: false) { files, caller throws(Errno) in
            .init(.done, try files.flush(inode, handle: handle, caller))
        }
    }
    unsafe operations.fsync = { request, inode, dataOnly, information in
        unsafe serve(request) { files, caller throws(Errno) in
            .init(.done, try unsafe files.fsync(inode, handle: handle(information), dataOnly: dataOnly != 0, caller))
        }
    }
    unsafe operations.release = { request, inode, information in
        unsafe serve(request, kernelHoldsLock: false) { files, _ in
            .init(.done, unsafe files.release(inode, handle: handle(information)))
        }
    }
    unsafe operations.ioctl = { request, _, _, _, _, _, _, _, _ in unsafe refuse(request, ENOTTY) }
}

/// The operations on attributes.
private func addAttributeOperations(to operations: inout fuse_lowlevel_ops) {
    unsafe operations.getattr = { request, inode, information in
        unsafe serve(request) { files, caller throws(Errno) in
            .init(.attributes(try unsafe files.getattr(inode, handle: information?.pointee.fh, caller)))
        }
    }
    unsafe operations.setattr = { request, inode, status, valid, information in
        let changes = unsafe status.map { unsafe SetAttributes($0.pointee, valid: valid) }
        let handle = unsafe information?.pointee.fh
        unsafe change(request) { files, caller throws(Errno) in
            guard let changes else { throw Errno(rawValue: EINVAL) }
            let changed = try files.setattr(inode, changes, handle: handle, caller)
            return .init(.attributes(changed.value), changed.invalidations)
        }
    }
    unsafe operations.getxattr = { request, inode, name, room in
        unsafe serve(request) { files, caller throws(Errno) in
            .init(.attribute(try unsafe files.getxattr(inode, bytes(name), caller), room: room))
        }
    }
    unsafe operations.setxattr = { request, inode, name, value, size, flags in
        let name = unsafe bytes(name)
        // No secret: the file system has no attributes but ACLs.
        let value = unsafe Array(UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : size))
        unsafe change(request) { files, caller throws(Errno) in
            .init(.done, try unsafe files.setxattr(
                inode, name, value: value.span.bytes, flags: SetXattrFlags(rawValue: flags), caller))
        }
    }
    unsafe operations.listxattr = { request, inode, room in
        unsafe serve(request) { files, caller throws(Errno) in
            .init(.attribute(Array(try files.listxattr(inode, caller).map { $0 + [0] }.joined()), room: room))
        }
    }
    unsafe operations.removexattr = { request, inode, name in
        let name = unsafe bytes(name)
        unsafe change(request) { files, caller throws(Errno) in
            .init(.done, try files.removexattr(inode, name, caller))
        }
    }
    unsafe operations.statfs = { request, inode in
        unsafe serve(request) { files, caller throws(Errno) in
            .init(.statistics(try files.statfs(inode, caller)))
        }
    }
}

/// What an operation came to.
private struct Outcome {
    let answer: Answer
    let invalidations: [Invalidation]

    init(_ answer: Answer, _ invalidations: [Invalidation] = []) {
        self.answer = answer
        self.invalidations = invalidations
    }
}

/// Runs an operation and has its outcome, or what it throws, answered.
///
/// - Parameter kernelHoldsLock: whether the kernel may hold an inode's lock until the answer: Notifier.swift.
private func serve(
    _ request: fuse_req_t?, kernelHoldsLock: Bool = true, _ operation: (any FileSystem, Request) throws(Errno) -> Outcome
) {
    guard let request = unsafe request else { return }
    let connection = unsafe Connection.serving(request)
    run(operation, unsafe Exchange(request), connection, kernelHoldsLock: kernelHoldsLock)
}

/// The same by one of the committers: for operations that change something. Nothing that C lent may be used in `operation`.
private func change(
    _ request: fuse_req_t?, kernelHoldsLock: Bool = true,
    _ operation: @escaping @Sendable (any FileSystem, Request) throws(Errno) -> Outcome
) {
    guard let request = unsafe request else { return }
    let connection = unsafe Connection.serving(request)
    let held = Held(unsafe Exchange(request))
    connection.committers.submit {
        guard let exchange = held.take() else { return }
        run(operation, exchange, connection, kernelHoldsLock: kernelHoldsLock)
    }
}

private func run(
    _ operation: (any FileSystem, Request) throws(Errno) -> Outcome, _ exchange: consuming Exchange, _ connection: Connection,
    kernelHoldsLock: Bool
) {
    let outcome: Outcome
    do throws(Errno) {
        outcome = try operation(connection.fileSystem, exchange.caller)
    } catch {
        outcome = Outcome(.failed(error))
    }
    connection.conclude(exchange, outcome.answer, invalidating: outcome.invalidations, kernelHoldsLock: kernelHoldsLock)
}

private func refuse(_ request: fuse_req_t?, _ error: Int32) {
    unsafe serve(request) { _, _ throws(Errno) in throw Errno(rawValue: error) }
}

private func bytes(_ name: UnsafePointer<CChar>?) -> [UInt8] {
    guard let name = unsafe name else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: name, count: strlen(name)))
}

private func flags(_ information: UnsafeMutablePointer<fuse_file_info>?) -> OpenFlags {
    unsafe OpenFlags(rawValue: information?.pointee.flags ?? 0)
}

private func handle(_ information: UnsafeMutablePointer<fuse_file_info>?) -> UInt64 {
    unsafe information?.pointee.fh ?? 0
}

extension SetAttributes {
    fileprivate init(_ status: stat, valid: Int32) {
        func time(_ bit: Int32, now: Int32, _ instant: timespec) -> Time? {
            if valid & now != 0 { return .now }
            if valid & bit == 0 { return nil }
            return .at(Timestamp(seconds: Int64(instant.tv_sec), nanoseconds: UInt32(clamping: instant.tv_nsec)))
        }
        self.init(
            permissions: valid & FUSE_SET_ATTR_MODE != 0 ? status.st_mode & 0o7777 : nil,
            uid: valid & FUSE_SET_ATTR_UID != 0 ? status.st_uid : nil,
            gid: valid & FUSE_SET_ATTR_GID != 0 ? status.st_gid : nil,
            size: valid & FUSE_SET_ATTR_SIZE != 0 ? UInt64(clamping: status.st_size) : nil,
            accessed: time(FUSE_SET_ATTR_ATIME, now: FUSE_SET_ATTR_ATIME_NOW, status.st_atim),
            modified: time(FUSE_SET_ATTR_MTIME, now: FUSE_SET_ATTR_MTIME_NOW, status.st_mtim))
    }
}
