// SPDX-License-Identifier: MIT

internal import CMicroHTTPD
internal import Glibc
internal import Linux
internal import Synchronization
internal import Vault

/// Owner of the HTTP library's daemon: from its calls in C to an `HTTPExchange` per request.
///
/// The library gives each connection a thread, on which the three functions below are called for it, one at a time; only
/// `connectionChanged` for a new connection is called on the thread that listens.
final class HTTPServer: Sendable {
    let service: Service
    let foreignIDs = ForeignIDs.ofThisNamespace()
    let connections: Connections
    private let daemon = Mutex<Daemon?>(nil)

    /// The library's pointer: it locks by itself, and is used by `init` and `stop` only.
    @safe private struct Daemon: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    init(service: Service, listener: Int32) throws(ControlError) {
        self.service = service
        let vault = service.vault
        connections = Connections(share: vault.shares.connections, isLimited: { vault.isLimited($0) })
        do { try connections.start() } catch { throw .notStarted(error) }
        let limits = tacit_mhd_limits(
            connections: Limits.connections + Limits.connectionsRefused, connection_memory: Limits.connectionMemory,
            timeout: Limits.silence,
            stack: Limits.stack)
        // Unretained: `stop` ends the library's threads before the server goes.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let started = unsafe tacit_mhd_start(listener, context, limits, answer, completed, connectionChanged)
        guard let started = unsafe started else {
            let error = Errno.current
            connections.stop()
            throw .notStarted(error)
        }
        daemon.withLock { unsafe $0 = Daemon(pointer: started) }
    }

    deinit {
        stop()
    }

    /// Stops the library's threads; a second call does nothing.
    func stop() {
        let stopped = daemon.withLock { daemon in
            defer { daemon = nil }
            return daemon
        }
        guard let stopped else { return }
        connections.stop()
        // Quiescing hands the listening socket back, which `MHD_stop_daemon` would close.
        unsafe MHD_quiesce_daemon(stopped.pointer)
        unsafe MHD_stop_daemon(stopped.pointer)
    }
}

/// `MHD_AccessHandlerCallback`: called with the head, then with each piece of the body, then once more to answer.
private func answer(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, url: UnsafePointer<CChar>?, method: UnsafePointer<CChar>?,
    version: UnsafePointer<CChar>?, upload: UnsafePointer<CChar>?, uploadSize: UnsafeMutablePointer<Int>?,
    state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let context = unsafe context, let connection = unsafe connection, let uploadSize = unsafe uploadSize,
        let state = unsafe state
    else { return .NO }
    guard let known = unsafe state.pointee else {
        let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
        guard let peer = unsafe Peer.of(connection), let url = unsafe url, let method = unsafe method else { return .NO }
        server.connections.headCame(from: peer)
        let exchange = unsafe HTTPExchange(
            service: server.service, peer: peer, method: String(cString: method), path: String(cString: url),
            parameters: parameters(of: connection), headers: HTTPExchange.Headers(of: connection))
        unsafe state.pointee = Unmanaged.passRetained(exchange).toOpaque()
        // A refusal at the head ends the connection: the body of a request that is refused is not taken in.
        return exchange.earlyReply.map { unsafe $0.queue(on: connection) } ?? .YES
    }
    let exchange = unsafe Unmanaged<HTTPExchange>.fromOpaque(known).takeUnretainedValue()
    if unsafe uploadSize.pointee > 0, let upload = unsafe upload {
        let piece = unsafe UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(mutating: upload), count: uploadSize.pointee)
        unsafe uploadSize.pointee = 0
        return unsafe exchange.take(piece) ? .YES : .NO
    }
    return unsafe exchange.reply().queue(on: connection)
}

/// `MHD_RequestCompletedCallback`.
private func completed(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    how: MHD_RequestTerminationCode
) {
    guard let known = unsafe state?.pointee else { return }
    unsafe Unmanaged<HTTPExchange>.fromOpaque(known).release()
    unsafe state?.pointee = nil
    guard let context = unsafe context, let connection = unsafe connection, let peer = unsafe Peer.of(connection) else { return }
    let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    server.connections.expectHead(of: peer, unsafe tacit_mhd_socket(connection), isFirst: false)
}

/// `MHD_NotifyConnectionCallback`: a connection has begun or ended.
private func connectionChanged(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    what: MHD_ConnectionNotificationCode
) {
    guard let context = unsafe context, let connection = unsafe connection, let state = unsafe state else { return }
    let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    if what == .CONNECTION_NOTIFY_STARTED {
        let socket = unsafe tacit_mhd_socket(connection)
        // Whom the daemon's namespace does not know is not even told why.
        guard let peer = try? Peer(socket: socket, foreign: server.foreignIDs) else {
            _ = shutdown(socket, Int32(SHUT_RDWR))
            return
        }
        guard server.connections.admit(peer, socket) else { return }
        unsafe state.pointee = Unmanaged.passRetained(peer).toOpaque()
    } else if let known = unsafe state.pointee {
        server.connections.dismiss(unsafe Unmanaged<Peer>.fromOpaque(known).takeRetainedValue())
        unsafe state.pointee = nil
    }
}
