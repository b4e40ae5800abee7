// SPDX-License-Identifier: MIT

import Bytes
import ControlAPI
import Linux
import Secrets

/// The requests of commands to the daemon.
enum Daemon {
    /// Most bytes of an answer that is read as a whole.
    private static let longestAnswer = 64 << 20

    /// Asks, and gives the answer as a whole. Throws the daemon's refusal as a failure. `trusted`: only a daemon that is root's or the
    /// caller's, since what it answers is done.
    static func ask(_ request: DaemonRequest, trusted: Bool = false) throws(Failure) -> DaemonAnswer {
        let connection = try DaemonConnection()
        if trusted { try connection.requireTrustedDaemon() }
        let isJSON = !request.json.isEmpty
        try connection.send(request.head(contentType: isJSON ? "application/json" : nil, length: request.json.count))
        try connection.send(request.json)
        return try answer(to: connection)
    }

    /// Asks with a key or a passphrase as the body: from locked memory to the socket of a daemon that is root's or the caller's.
    static func ask(_ request: DaemonRequest, sending secret: borrowing LockedBuffer) throws(Failure) -> DaemonAnswer {
        let connection = try DaemonConnection()
        try connection.requireTrustedDaemon()
        try connection.send(request.head(contentType: "application/octet-stream", length: secret.count))
        try secret.withBytes { bytes throws(Failure) in try connection.send(bytes) }
        return try answer(to: connection)
    }

    /// Asks with a value as the body, as `ask(_:sending:)` with a key.
    private static func ask(_ request: DaemonRequest, sending value: Value) throws(Failure) -> DaemonAnswer {
        let connection = try DaemonConnection()
        try connection.requireTrustedDaemon()
        try connection.send(request.head(contentType: "application/octet-stream", length: value.count))
        try value.withBytes { bytes throws(Failure) in try connection.send(bytes) }
        return try answer(to: connection)
    }

    /// Stores a value that is the body, and says what the daemon has to say of it.
    static func put(_ request: DaemonRequest, sending value: Value) throws(Failure) -> DaemonAnswer {
        let answer = try ask(request, sending: value)
        warn(answer)
        return answer
    }

    /// Says what the daemon has to say of what was stored.
    private static func warn(_ answer: DaemonAnswer) {
        for warning in (try? answer.decoded(as: VersionsReply.self))?.warnings ?? [] {
            complain(Notice(text(warning.warning), hint: warning.hint.map { text($0) }))
        }
    }

    /// Asks for all these changes or none of them. `values` are those of the items that have one, in their order.
    static func apply(_ changes: [ApplyRequest.Secret], _ values: [Value], verbatim: Bool = false) throws(Failure) -> DaemonAnswer {
        try apply(changes, length: values.reduce(0) { $0 + $1.count }, verbatim) { connection throws(Failure) in
            for value in values { try value.withBytes { bytes throws(Failure) in try connection.send(bytes) } }
        }
    }

    /// The same with values that lie in one buffer, where `ranges` say.
    static func apply(
        _ changes: [ApplyRequest.Secret], _ values: borrowing LockedBuffer, _ ranges: [Range<Int>], verbatim: Bool = false
    ) throws(Failure) -> DaemonAnswer {
        try values.withBytes { bytes throws(Failure) in
            try apply(changes, length: ranges.reduce(0) { $0 + $1.count }, verbatim) { connection throws(Failure) in
                for range in ranges { try connection.send(bytes.extracting(range)) }
            }
        }
    }

    private static func apply(
        _ changes: [ApplyRequest.Secret], length: Int, _ verbatim: Bool, sending send: (borrowing DaemonConnection) throws(Failure) -> Void
    ) throws(Failure) -> DaemonAnswer {
        let head =
            try DaemonRequest("POST", Endpoint.apply).with(ApplyRequest(secrets: changes, verbatim: verbatim ? true : nil)).json + [
                UInt8(ascii: "\n")
            ]
        guard head.count <= ValueBundle.longestHead else { throw Failure(.failed, "these are too many at once") }
        let connection = try DaemonConnection()
        try connection.requireTrustedDaemon()
        try connection.send(DaemonRequest("POST", Endpoint.apply).head(contentType: ValueBundle.mediaType, length: head.count + length))
        try connection.send(head)
        try send(connection)
        let answer = try answer(to: connection)
        warn(answer)
        return answer
    }

    /// Asks for an answer that holds values, and gives it as a whole, in locked memory. `trusted` is as for `ask`.
    static func values(_ request: DaemonRequest, trusted: Bool = false) throws(Failure) -> LockedBuffer {
        let connection = try DaemonConnection()
        if trusted { try connection.requireTrustedDaemon() }
        try connection.send(request.head(contentType: nil, length: 0))
        var body: LockedBuffer
        do { body = try LockedBuffer(capacity: 4096) } catch { throw .noLockedMemory(error) }
        var refusal: [UInt8] = []
        let status = try connection.receiveValues { part, status throws(Failure) in
            if status == 200 { try append(part, to: &body) } else { try append(part.publicBytes(0..<part.byteCount)[...], to: &refusal) }
        }
        guard status == 200 else { throw Failure(try DaemonAnswer(bytes: refusal).decoded(as: Refusal.self)) }
        return body
    }

    private static func append(_ part: RawSpan, to body: inout LockedBuffer) throws(Failure) {
        guard part.byteCount <= ValueBundle.longest - body.count else { throw Failure(.failed, "the daemon's answer is too long") }
        if part.byteCount > body.capacity - body.count {
            do {
                try body.grow(to: max(body.count + part.byteCount, 2 * body.capacity))
            } catch {
                throw .noLockedMemory(error)
            }
        }
        _ = body.append(copying: part)
    }

    /// Asks for an answer of any length, and gives it to `use` part by part.
    static func stream(_ request: DaemonRequest, _ use: (ArraySlice<UInt8>) throws(Failure) -> Void) throws(Failure) {
        let connection = try DaemonConnection()
        try connection.send(request.head(contentType: nil, length: 0))
        var refusal: [UInt8] = []
        let status = try connection.receive { part, status throws(Failure) in
            if status == 200 { try use(part) } else { try append(part, to: &refusal) }
        }
        guard status == 200 else { throw Failure(try DaemonAnswer(bytes: refusal).decoded(as: Refusal.self)) }
    }

    /// The mountpoint and all else that the daemon says of itself.
    static func status() throws(Failure) -> StatusReply {
        try ask(DaemonRequest("GET", Endpoint.status)).decoded(as: StatusReply.self)
    }

    private static func answer(to connection: consuming DaemonConnection) throws(Failure) -> DaemonAnswer {
        var bytes: [UInt8] = []
        let status = try connection.receive { part, _ throws(Failure) in try append(part, to: &bytes) }
        let answer = DaemonAnswer(bytes: bytes)
        guard status == 200 else { throw Failure(try answer.decoded(as: Refusal.self)) }
        return answer
    }

    private static func append(_ part: ArraySlice<UInt8>, to bytes: inout [UInt8]) throws(Failure) {
        guard bytes.count + part.count <= longestAnswer else { throw Failure(.failed, "the daemon's answer is too long") }
        bytes += part
    }
}
