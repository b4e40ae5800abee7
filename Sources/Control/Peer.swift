// SPDX-License-Identifier: MIT

internal import CMicroHTTPD
internal import Glibc
internal import Linux
internal import Vault

/// The peer of a connection, as the kernel noted it when the connection was made: what the process does later, such as running a
/// program that is somebody else's, changes nothing of it.
final class Peer: Sendable {
    let uid: UInt32
    let gid: UInt32
    /// 0 for a process of a foreign pid namespace.
    let pid: Int32
    /// The supplementary groups.
    let groups: [UInt32]
    /// The name of the process; empty if it is gone.
    let comm: [UInt8]
    /// The process; nil where it can't be held: of a foreign pid namespace, or gone.
    let process: HeldProcess?
    /// The job that it is in, as of the request.
    let job: JobMembership?

    init(
        uid: UInt32, gid: UInt32, pid: Int32, groups: [UInt32], comm: [UInt8], process: HeldProcess? = nil, job: JobMembership? = nil
    ) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
        self.groups = groups
        self.comm = comm
        self.process = process
        self.job = job
    }

    /// Throws if the kernel doesn't tell; nil for a user that the daemon's namespace doesn't know.
    convenience init?(socket: Int32, foreign: ForeignIDs) throws(Errno) {
        let credentials = try PeerCredentials(of: socket)
        guard !foreign.hasUser(credentials.uid), !foreign.hasGroup(credentials.gid) else { return nil }
        let groups = try Self.groups(of: socket).filter { !foreign.hasGroup($0) }
        let process = try? HeldProcess.peer(of: socket)
        self.init(
            uid: credentials.uid, gid: credentials.gid, pid: credentials.pid, groups: groups,
            comm: Self.name(of: credentials, process), process: process)
    }

    /// The same peer with the job that it is in now. Throws a refusal where that can't be told.
    func placed(by vault: Vault) throws(Refused) -> Peer {
        do throws(Errno) {
            guard let job = try vault.membership(process) else { return self }
            return Peer(uid: uid, gid: gid, pid: pid, groups: groups, comm: comm, process: process, job: job)
        } catch {
            if error.isShortage { throw Refused(.exhausted(error, "the caller can't be told")) }
            try asking { () throws(VaultError) in try vault.refuseUnknown(acting("connect")) }
        }
    }

    /// The peer as the vault knows callers, doing `action`.
    func acting(_ action: String) -> Caller {
        let groups = groups
        return Caller(uid: uid, gid: gid, pid: pid, comm: comm, action: action, job: job, groups: { groups })
    }

    /// The peer of a connection that was admitted.
    static func of(_ connection: OpaquePointer) -> Peer? {
        guard let known = unsafe tacit_mhd_socket_context(connection) else { return nil }
        return unsafe Unmanaged<Peer>.fromOpaque(known).takeUnretainedValue()
    }

    /// The name of the peer's process, for the log; none where its number may be another's by now.
    private static func name(of peer: PeerCredentials, _ process: HeldProcess?) -> [UInt8] {
        guard let process, let found = try? CallingThread.inspect(uid: peer.uid, gid: peer.gid, tid: peer.pid) else { return [] }
        // Until it has ended its number was nobody else's.
        return process.hasEnded ? [] : found.comm
    }

    /// The supplementary groups, `SO_PEERGROUPS` of `asm-generic/socket.h`: as they were when the connection was made.
    private static func groups(of socket: Int32) throws(Errno) -> [UInt32] {
        var room = 64
        while true {
            var groups = [gid_t](repeating: 0, count: room)
            var size = socklen_t(room * MemoryLayout<gid_t>.size)
            if unsafe getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, &groups, &size) == 0 {
                return Array(groups.prefix(Int(size) / MemoryLayout<gid_t>.size))
            }
            // ERANGE: `size` is what it takes; NGROUPS_MAX is 65536.
            guard Errno.current == .range, room < 65536 else { throw .current }
            room = 65536
        }
    }
}
