// Control: the daemon's side of the control socket. HTTP over a unix socket, for the command and, later, a console.
//
// Open this file first. A connection's peer is told by the kernel (`Peer`), never by what it sends. A request is collected
// (`Exchange`), found in the one table of routes (`Routes`) and given to its handler as a `Call`; the handlers, one file per
// family, ask the vault and turn its answer into one of ControlAPI's replies. There is no policy here: who may do what is the
// vault's to say. `Refused` has the one table from the vault's errors to HTTP.
//
// What the module promises: a key or passphrase that comes in is in locked memory only, and wiped from the HTTP library's buffer;
// a change is acknowledged after the kernel has forgotten what it changed; no peer can take more than a share of the
// connections, and none more memory than the limits below.

package import Linux
package import Vault

/// The server of the control socket, from `init` until `stop`.
package final class ControlServer: Sendable {
    private let http: HTTPServer

    /// Starts to answer on `listener`, which stays the caller's to close and remove, after `stop`.
    /// - Parameters:
    ///   - mountpoint: where the tree is mounted, for `status`.
    ///   - rootKey: where the vault was told to get its root key, for `status`.
    ///   - invalidate: makes the kernel forget what it has cached of what changed, and returns when it has.
    /// - Throws: what the HTTP library could not do.
    package init(
        vault: Vault, listener: Int32, mountpoint: String, rootKey: RootKeySource,
        invalidate: @escaping @Sendable (Stale) -> Void
    ) throws(ControlError) {
        let service = Service(vault: vault, mountpoint: mountpoint, rootKey: rootKey, invalidate: invalidate)
        http = try HTTPServer(service: service, listener: listener)
    }

    /// Stops listening, lets the requests in progress finish, and returns when the last thread is gone.
    package func stop() {
        http.stop()
    }
}

/// Why the control socket can't be served.
package enum ControlError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The HTTP library did not start: out of memory, threads or descriptors.
    case notStarted(Errno)

    package var description: String {
        switch self {
        case .notStarted(let error): "can't serve the control socket: \(error)"
        }
    }
}

/// What the handlers work with.
struct Service: Sendable {
    let vault: Vault
    let mountpoint: String
    let rootKey: RootKeySource
    let invalidate: @Sendable (Stale) -> Void
}

/// The bounds of what peers can take up.
enum Limits {
    static let connections: UInt32 = 128
    /// Of one uid, so that no user can keep others out.
    static let connectionsPerUser = 16
    /// Bytes for the head of a request, which has a reference of up to 4096 bytes, percent-encoded. More than 32 KiB the library maps
    /// instead of taking it from the heap: what is in it at the end of a connection, such as a key too long to be taken, is gone.
    static let connectionMemory = 64 << 10
    /// Seconds.
    static let silence: UInt32 = 20
    /// Bytes; the pages are taken as they are used.
    static let stack = 1 << 20
    /// Bytes of a body of JSON.
    static let json = 16 << 10
}
