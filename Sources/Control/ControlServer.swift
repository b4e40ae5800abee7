// SPDX-License-Identifier: MIT

// Control: the daemon's side of the control socket. HTTP over a unix socket, for the command and, later, a console.
//
// Open this file first. A connection's peer is told by the kernel (`Peer`), never by what it sends. A request is collected
// (`HTTPExchange`), found in the one table of routes (`Routes`) and given to its handler as a `Call`; the handlers, one file per
// family, ask the vault and turn its answer into one of ControlAPI's replies. There is no policy here: who may do what is the
// vault's to say. `Refused` has the one table from the vault's errors to HTTP.
//
// A body comes in by way of `Intake`, and a value goes out by way of `Octets`; how much of them may be under way, `LockedShares` says.
//
// What the module promises: keys, passphrases and values are in locked memory only, wiped from the HTTP library's buffer when they
// come in, and not copied when they go out; none is in a URL, in JSON, or in an error; a change is acknowledged after the kernel has
// forgotten what it changed (`Vault.change`); no peer can take more than a share of the connections and of locked memory, and none more of
// anything than the limits below.

package import Linux
package import Vault

/// The server of the control socket, from `init` until `stop`.
package final class ControlServer: Sendable {
    private let http: HTTPServer

    /// Starts to answer on `listener`, which stays the caller's to close and remove, after `stop`.
    /// - Parameters:
    ///   - mountpoint: where the tree is mounted, for `status`.
    ///   - rootKey: where the vault was told to get its root key, for `status`.
    /// - Throws: what the HTTP library could not do.
    package init(
        vault: Vault, listener: Int32, mountpoint: String, rootKey: RootKeySource
    ) throws(ControlError) {
        let service = Service(vault: vault, mountpoint: mountpoint, rootKey: rootKey)
        http = try HTTPServer(service: service, listener: listener)
    }

    /// Stops listening, lets the requests in progress finish, and returns when the last thread is gone.
    package func stop() {
        http.service.vault.endFollowing()
        http.service.followers.endAll()
        http.stop()
        http.service.migrations.wait()
        http.service.followers.wait()
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

/// The service that handlers work with: the vault, and what the server's connections share.
struct Service: Sendable {
    let vault: Vault
    let mountpoint: String
    let rootKey: RootKeySource
    let shares = LockedShares()
    let migrations = Migrations()
    let followers = Followers()

    /// Locked memory for so many bytes of values, for a peer. Throws a refusal if it may not have that.
    func share(of bytes: Int, for peer: Peer) throws(Refused) -> Share {
        try shares.take(bytes, for: peer, isOwner: vault.isOwner(peer.acting("limit")))
    }

    /// The same for a value that is kept when the request has ended.
    func keptShare(of bytes: Int, for peer: Peer) throws(Refused) -> Share {
        try shares.take(bytes, for: peer, isOwner: false, kept: true)
    }
}

/// The bounds of what peers can take up.
enum Limits {
    /// Connections at once. What of them one user may have, `Shares` says.
    static let connections: UInt32 = 256
    /// How many of them are kept for root and the owner of the store, and for users who have none.
    static let connectionsForOwner = 16
    static let connectionsForNewcomers = 32
    /// Beyond these, as many as are being refused at once.
    static let connectionsRefused: UInt32 = 64
    /// Within so many seconds the head of a request must come, however slowly its bytes do.
    static let headTime = 5.0
    /// The longest that a request waits whose user is late (`Shares.auditRate`). Seconds.
    static let pause = 5.0
    /// Bytes for the head of a request, which has two references of up to 4096 bytes, percent-encoded, and for the list of where the
    /// values of an answer lie, 16 bytes each. More than 32 KiB the library maps instead of taking it from the heap: what is in it at
    /// the end of a connection, such as a key too long to be taken, is gone.
    static let connectionMemory = 192 << 10
    /// Seconds.
    static let silence: UInt32 = 20
    /// Bytes; the pages are taken as they are used.
    static let stack = 1 << 20
    /// Bytes of a body of JSON.
    static let json = 16 << 10
    /// Bytes of one with the longest list of projects that a policy can have.
    static let policy = 1 << 20
    /// Bytes of what a job is to have.
    static let job = 1 << 20
    /// Most of each that a job is to have: names, variables, files.
    static let jobParts = 1000
    /// Most secrets that a list of jobs names of each, and bytes of all names that are in it: more is told of one job alone.
    static let listedNames = 16
    static let listedNameBytes = 1 << 20
    /// Bytes of all names that are told of one job.
    static let jobNameBytes = 8 << 20
    /// Seconds that work which is told line by line may take from one line to the next.
    static let work: UInt32 = 600
    /// Most connections by which a user follows changes.
    static let followers = 32
    /// Microseconds after which one is told that nothing has changed, so that the end of its peer is noticed.
    static let heartbeat: Int64 = 2_000_000
    /// Microseconds for which changes are gathered before they are told.
    static let gathering: UInt32 = 20_000
    /// Bytes of a value that everybody has room for: at most 16 MiB for all connections together.
    static let smallValue = 64 << 10
    /// Bytes that a value which outlives its request counts for at least, for all that goes with it.
    static let smallestKept = 4096
    /// Bytes of locked memory for larger ones, where the process may lock as much as it wants.
    static let lockedMemory = 256 << 20
    /// Most entries of a page, and most completions.
    static let page = 1000
}
