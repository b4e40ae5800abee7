// SPDX-License-Identifier: MIT

import ControlAPI
import Glibc
import Linux

/// A connection to the control socket, for one request and its answer. HTTP by hand, since linking a client library costs more
/// than a whole command takes.
struct DaemonConnection: ~Copyable {
    private let socket: FileDescriptor
    private let path: String

    /// Connects to `TACIT_SOCKET`, or else to the caller's own daemon, or else to the machine's. A caller with a store of their own, whose
    /// daemon does not run, means no other.
    init() throws(Failure) {
        let told = Self.environment("TACIT_SOCKET")
        let data = DefaultStore.folder(dataHome: Self.environment("XDG_DATA_HOME"), home: Self.environment("HOME"))
        let ownStore = geteuid() == 0 ? nil : data.map { $0 + "/" + DefaultStore.name }.flatMap { FileDescriptor.exists($0) ? $0 : nil }
        let paths = Self.paths(
            told: told, runtimeFolder: Self.environment("XDG_RUNTIME_DIR"), dataFolder: data, uid: geteuid(), ownsStore: ownStore != nil)
        for path in paths {
            do {
                socket = try UnixStream.connect(path)
                self.path = path
                Self.limitWaiting(on: socket)
                return
            } catch {
                if error == .noEntry || error == .connectionRefused { continue }
                throw Failure(.unreachable, "can't connect to \(text(path)): \(error)")
            }
        }
        if let ownStore, told?.isEmpty != false {
            throw Failure(
                .unreachable, "your own daemon does not run, and your secrets are in \(text(ownStore))",
                hint: "tacitd MOUNTPOINT starts it; TACIT_SOCKET=\(DefaultSocket.system) asks the machine's daemon instead")
        }
        throw Failure(
            .unreachable, "no daemon answers at \(text(paths.last ?? ""))",
            hint: "tacit init makes a store, and tacitd MOUNTPOINT serves it; TACIT_SOCKET names the socket of one that runs elsewhere")
    }

    /// Where to look for a daemon, in this order.
    static func paths(told: String?, runtimeFolder: String?, dataFolder: String?, uid: UInt32, ownsStore: Bool) -> [String] {
        if let told, !told.isEmpty { return [told] }
        let own = DefaultSocket.places(uid: uid, runtimeFolder: runtimeFolder, dataFolder: dataFolder)
        return ownsStore || own.contains(DefaultSocket.system) ? own : own + [DefaultSocket.system]
    }

    /// Throws a failure unless root or the caller serves the socket: for what only they may be told, such as a key.
    borrowing func requireTrustedDaemon() throws(Failure) {
        let server: PeerCredentials
        do {
            server = try PeerCredentials(of: socket.rawValue)
        } catch {
            throw Failure(.failed, "can't tell who serves \(text(path)): \(error)")
        }
        guard server.uid == 0 || server.uid == geteuid() else {
            throw Failure(.denied, "\(text(path)) is served by uid \(server.uid), which is neither you nor root")
        }
    }

    /// Sends bytes. Where the daemon has stopped listening, it has answered already, and the answer says why.
    borrowing func send(_ bytes: [UInt8]) throws(Failure) {
        try unsafe send(bytes.span.bytes)
    }

    borrowing func send(_ bytes: RawSpan) throws(Failure) {
        var rest = bytes
        while rest.byteCount > 0 {
            let sent = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.send(socket.rawValue, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            if sent >= 0 {
                rest = rest.extracting(droppingFirst: sent)
                continue
            }
            let error = Errno.current
            if error == .brokenPipe || error == .connectionReset { return }
            guard error == .interrupted else { throw Self.broken(error) }
        }
    }

    /// Reads the answer to its end, and gives each part of the body to `use` with the answer's status.
    consuming func receive(
        _ use: (ArraySlice<UInt8>, _ status: Int) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        var parser = ResponseParser()
        while !parser.isComplete {
            var bytes = try read()
            guard !bytes.isEmpty else { throw Failure(.failed, "the daemon's answer ends early") }
            while let part = try Self.nextPart(&parser, &bytes) { try use(part, parser.status) }
        }
        return parser.status
    }

    /// The same for an answer that holds values: it is read into locked memory, and lent from there.
    consuming func receiveValues(_ use: (RawSpan, _ status: Int) throws(Failure) -> Void) throws(Failure) -> Int {
        var parser = ResponseParser()
        var piece: LockedBuffer
        do { piece = try LockedBuffer(capacity: 16384) } catch { throw .noLockedMemory(error) }
        while !parser.isComplete {
            piece.removeAll()
            let count: Int
            do { count = try piece.append(readingFrom: socket) } catch { throw Self.broken(error) }
            guard count > 0 else { throw Failure(.failed, "the daemon's answer ends early") }
            try piece.withBytes { bytes throws(Failure) in
                var position = 0
                while let part = try Self.nextPart(&parser, bytes, &position) { try use(bytes.extracting(part), parser.status) }
            }
        }
        return parser.status
    }

    private static func nextPart(
        _ parser: inout ResponseParser, _ bytes: RawSpan, _ position: inout Int
    ) throws(Failure) -> Range<Int>? {
        do {
            return try parser.nextPart(of: bytes, from: &position)
        } catch {
            throw Failure(.failed, "the daemon's answer is malformed at byte \(error.offset)")
        }
    }

    private borrowing func read() throws(Failure) -> ArraySlice<UInt8> {
        var piece = [UInt8](repeating: 0, count: 65536)
        do {
            var span = piece.mutableSpan
            var bytes = unsafe span.mutableBytes
            let count = try socket.read(into: &bytes)
            return piece.prefix(count)
        } catch {
            throw Self.broken(error)
        }
    }

    private static func nextPart(
        _ parser: inout ResponseParser, _ bytes: inout ArraySlice<UInt8>
    ) throws(Failure) -> ArraySlice<UInt8>? {
        do {
            return try parser.nextPart(of: &bytes)
        } catch {
            throw Failure(.failed, "the daemon's answer is malformed at byte \(error.offset)")
        }
    }

    private static func broken(_ error: Errno) -> Failure {
        Failure(.unreachable, error == .again ? "the daemon does not answer" : "the connection broke: \(error)")
    }

    /// Two minutes without a byte are the end: far more than the slowest answer takes, a passphrase's hash included.
    private static func limitWaiting(on socket: borrowing FileDescriptor) {
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(socket.rawValue, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(socket.rawValue, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    private static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}

extension Errno {
    fileprivate static let connectionReset = Errno(rawValue: ECONNRESET)
}
