// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// A listening stream socket in the file system, unix(7). Its file goes with it.
package struct UnixListener: ~Copyable {
    private let socket: FileDescriptor
    private let path: String

    /// The descriptor, for who accepts on it; it stays this listener's.
    package var rawValue: Int32 { socket.rawValue }

    /// Listens at `path` with these permission bits. The file of a listener that is gone is replaced; throws EADDRINUSE where one
    /// answers, and what socket(2), bind(2) and listen(2) do.
    package init(path: String, mode: UInt32) throws(Errno) {
        let socket = try Self.makeSocket()
        do throws(Errno) {
            try Self.bind(socket, path)
        } catch .addressInUse {
            try Self.removeStale(path)
            try Self.bind(socket, path)
        }
        // Between bind(2) and here the umask has held: nobody connects before listen(2).
        _ = try retrying { unsafe chmod(path, mode) }
        _ = try retrying { listen(socket.rawValue, 128) }
        self.socket = socket
        self.path = path
    }

    deinit { _ = unsafe unlink(path) }

    static func makeSocket() throws(Errno) -> FileDescriptor {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        return FileDescriptor(owning: try retrying { Glibc.socket(AF_UNIX, type, 0) })
    }

    private static func bind(_ socket: borrowing FileDescriptor, _ path: String) throws(Errno) {
        let descriptor = socket.rawValue
        try unsafe withAddress(path) { (address, length) throws(Errno) in
            _ = try retrying { unsafe Glibc.bind(descriptor, address, length) }
        }
    }

    /// Removes a socket's file that nobody answers at; throws EADDRINUSE if somebody does, or if it is no socket.
    private static func removeStale(_ path: String) throws(Errno) {
        var status = stat()
        _ = try retrying { unsafe lstat(path, &status) }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .addressInUse }
        do throws(Errno) {
            _ = try UnixStream.connect(path)
        } catch .connectionRefused {
            return try FileDescriptor.unlink(path)
        }
        throw .addressInUse
    }
}

/// A connection over a unix socket.
package enum UnixStream {
    /// Connects; throws what connect(2) does: ENOENT without a socket of that name, ECONNREFUSED where nobody listens.
    package static func connect(_ path: String) throws(Errno) -> FileDescriptor {
        let socket = try UnixListener.makeSocket()
        let descriptor = socket.rawValue
        try unsafe withAddress(path) { (address, length) throws(Errno) in
            _ = try retrying { unsafe Glibc.connect(descriptor, address, length) }
        }
        return socket
    }
}

/// The credentials of the peer of a unix socket, as the kernel noted them at connect(2) (`SO_PEERCRED`, unix(7)).
package struct PeerCredentials: Equatable, Sendable {
    package let uid: UInt32
    package let gid: UInt32
    /// 0 in a foreign pid namespace.
    package let pid: Int32

    init(uid: UInt32, gid: UInt32, pid: Int32) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
    }

    /// Throws what getsockopt(2) does.
    package init(of socket: Int32) throws(Errno) {
        var credentials = tacit_peer()
        _ = try retrying { unsafe tacit_peer_credentials(socket, &credentials) }
        uid = credentials.uid
        gid = credentials.gid
        pid = credentials.pid
    }
}

/// Tells systemd of a change of state, sd_notify(3): one datagram to the socket that `NOTIFY_SOCKET` names. Without it, nothing.
package func notifySystemd(_ state: String) {
    guard let path = unsafe getenv("NOTIFY_SOCKET").map({ unsafe String(cString: $0) }), !path.isEmpty else { return }
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard let socket = try? retrying({ Glibc.socket(AF_UNIX, type, 0) }) else { return }
    let descriptor = FileDescriptor(owning: socket)
    let bytes = Array(state.utf8)
    // Nobody to tell of a failure: systemd will say that it heard nothing.
    try? unsafe withAddress(path) { (address, length) throws(Errno) in
        _ = try retrying { unsafe sendto(descriptor.rawValue, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length) }
    }
}

/// The address of a path; one that begins with `@` is of the abstract namespace. Throws ENAMETOOLONG for what does not fit.
private func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Errno) -> Void
) throws(Errno) {
    var bytes = Array(path.utf8)
    let isAbstract = bytes.first == UInt8(ascii: "@")
    if isAbstract { bytes[0] = 0 }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard bytes.count < room, !bytes.isEmpty else { throw .nameTooLong }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    // An abstract name ends with the address, another with a NUL.
    let header = MemoryLayout<sa_family_t>.size
    let length = socklen_t(header + bytes.count + (isAbstract ? 0 : 1))
    var failure: Errno?
    unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            do throws(Errno) { unsafe try body(pointer, length) } catch { failure = error }
        }
    }
    if let failure { throw failure }
}
