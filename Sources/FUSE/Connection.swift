internal import CFuse
internal import Glibc
internal import Linux
internal import Synchronization

/// The owner of libfuse's session: of the descriptor of `/dev/fuse`, and of what comes and goes through it.
@safe final class Connection: @unchecked Sendable {
    let fileSystem: any FileSystem
    /// Waits for pages, and for folders' locks: Notifier.swift.
    let pages = Notifier()
    let names = Notifier()
    let committers = Committers()

    /// Set in `init`, before anybody else has this object, and never again.
    private(set) var session: OpaquePointer?
    /// Takes the descriptor's place at the end.
    private let nowhere: FileDescriptor
    private let handshake = Mutex(Handshake.pending)

    /// - Parameters:
    ///   - name: shown as the mount's source, and in its type, `fuse.<name>`.
    ///   - allowOthers: whether users other than the one who mounts may use it.
    init(_ fileSystem: any FileSystem, name: String, allowOthers: Bool) throws(Errno) {
        self.fileSystem = fileSystem
        nowhere = try FileDescriptor.open("/dev/null", .readWrite)
        let options = "fsname=\(name),subtype=\(name),default_permissions,nosuid,nodev,noexec"
        var operations = lowLevelOperations()
        // libfuse copies the operations. It hands this object to them, and is gone before it is (`deinit`).
        unsafe session = unsafe cfuse_session_new(
            name, options + (allowOthers ? ",allow_other" : ""), &operations, Unmanaged.passUnretained(self).toOpaque())
        guard unsafe session != nil else { throw .outOfMemory }
    }

    deinit {
        // Whoever handles a request has a reference to this object, so nobody does any more.
        if let session = unsafe session { unsafe fuse_session_destroy(session) }
    }

    /// The connection that a request came in by. It lives as long as the request is handled.
    static func serving(_ request: fuse_req_t) -> Connection {
        unsafe Unmanaged<Connection>.fromOpaque(fuse_req_userdata(request)).takeUnretainedValue()
    }

    /// The descriptor of `/dev/fuse`.
    var descriptor: Int32 {
        unsafe session.map { unsafe fuse_session_fd($0) } ?? -1
    }

    /// Mounts on a folder, by mount(2) for root, else by fusermount3(1).
    func mount(at path: String) throws(SessionError) -> Mount {
        guard let session = unsafe session, unsafe fuse_session_mount(session, path) == 0 else {
            if unsafe access("/dev/fuse", R_OK | W_OK) != 0 { throw .device(.current) }
            throw .refused(mountpoint: path)
        }
        do throws(Errno) {
            let mountpoint = try Mountpoint(path)
            if let mount = try mountpoint.mount() { return mount }
            throw .noEntry
        } catch {
            try? Mountpoint(path).detach()
            throw .mountpoint(path, error)
        }
    }

    /// Handles one request as it was received.
    func process(_ request: UnsafeMutableRawBufferPointer) {
        guard let session = unsafe session else { return }
        var buffer = unsafe fuse_buf()
        unsafe buffer.mem = request.baseAddress
        unsafe buffer.size = request.count
        unsafe buffer.fd = -1
        unsafe fuse_session_process_buf(session, &buffer)
    }

    /// The operation INIT, on the thread that is in `shakeHands`.
    func agree(on information: inout fuse_conn_info) {
        let result = Handshake.agree(on: &information)
        handshake.withLock { $0 = result }
    }

    /// Receives what the kernel sends first, and answers it.
    func shakeHands() throws(SessionError) {
        let buffer: RequestBuffer
        do throws(Errno) { buffer = try RequestBuffer() } catch { throw .memory(error) }
        while true {
            do throws(Errno) {
                guard try unsafe buffer.receive(from: descriptor, { unsafe process($0) }) else { throw Errno.notConnected }
            } catch .interrupted {
                continue
            } catch {
                throw .system(error)
            }
            switch handshake.withLock({ $0 }) {
            case .agreed: return
            case .lacks(let feature): throw .kernel(lacks: feature)
            case .pending:
                // A kernel with a newer protocol asks again with ours. libfuse ends the session over an older one.
                if unsafe session.map({ unsafe fuse_session_exited($0) }) != 0 { throw .kernel(lacks: "protocol 7") }
            }
        }
    }

    func startNotifiers() throws(SessionError) {
        do throws(Errno) {
            try pages.start()
            try names.start()
        } catch {
            throw .system(error)
        }
    }

    /// Has all that was to be told the kernel told.
    ///
    /// - Returns: false if it was not by then.
    func stopNotifiers(until deadline: Deadline) -> Bool {
        let isDone = pages.finish(until: deadline)
        return names.finish(until: deadline) && isDone
    }

    /// Breaks the connection off although a thread of ours is inside the kernel with the descriptor, which keeps it open:
    /// a notifier waits for a folder's lock that is held for a request, and no worker will answer that.
    ///
    /// Possible only where fusectl is mounted. The mount exists, since the notifier waits for it.
    func abort(_ mount: Mount) {
        try? FileDescriptor.open("/sys/fs/fuse/connections/\(mount.minor)/abort", .writeOnly).writeAll([UInt8(ascii: "1")])
    }

    /// Closes the connection, so that nobody waits for an answer.
    func sever() {
        // The kernel gives a connection up when its last descriptor is closed. An operation that hangs may still use the
        // number, so it must not become free.
        dup2(nowhere.rawValue, descriptor)
    }
}
