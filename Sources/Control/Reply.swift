// SPDX-License-Identifier: MIT

internal import CMicroHTTPD
internal import ControlAPI
internal import Linux

/// An answer, ready to be sent.
enum Reply {
    case json([UInt8])
    case refusal(status: UInt32, [UInt8], allowed: [String])
    /// The first `length` bytes of a file, as lines of JSON; the descriptor goes to the HTTP library.
    case lines(file: Int32, length: UInt64)
    /// Lines of JSON from a pipe; the descriptor goes to the HTTP library.
    case stream(pipe: Int32)
    /// Server-sent events from a pipe; the descriptor goes to the HTTP library.
    case events(pipe: Int32)
    /// One value.
    case value(Octets, version: Int64)
    /// Several values, behind a head that names them.
    case bundle(Octets)

    /// One of ControlAPI's replies.
    init(_ reply: some Encodable) throws(Refused) {
        guard let line = JSONLine.bytes(of: reply) else { throw Refused(500, "the answer can't be written", code: .storage) }
        self = .json(line)
    }

    init(_ refused: Refused) {
        self = .refusal(status: refused.status, JSONLine.bytes(of: refused.refusal) ?? [], allowed: refused.allowed)
    }

    /// Hands the answer to the HTTP library, which sends it when this returns.
    consuming func queue(on connection: OpaquePointer) -> MHD_Result {
        var silence = Limits.silence
        switch self {
        case .stream, .events: silence = Limits.work
        default: break
        }
        // From now on: the time that the handler took is not the peer's.
        unsafe tacit_mhd_set_timeout(connection, silence)
        switch self {
        case .json(let bytes):
            return unsafe Self.queue(Self.copying(bytes), 200, type: "application/json", on: connection)
        case .refusal(let status, let bytes, let allowed):
            let response = unsafe Self.copying(bytes)
            if !allowed.isEmpty, let response = unsafe response {
                // "The origin server MUST generate an Allow header field in a 405" (RFC 9110, 15.5.6).
                unsafe MHD_add_response_header(response, "Allow", allowed.joined(separator: ", "))
            }
            return unsafe Self.queue(response, status, type: "application/json", on: connection)
        case .lines(let file, let length):
            // The library closes the file with the response.
            guard let response = unsafe MHD_create_response_from_fd64(length, file) else {
                _ = FileDescriptor(owning: file)
                return .NO
            }
            return unsafe Self.queue(response, 200, type: "application/jsonl", on: connection)
        case .stream(let pipe): return unsafe Self.queue(pipe: pipe, type: "application/x-ndjson", on: connection)
        case .events(let pipe): return unsafe Self.queue(pipe: pipe, type: "text/event-stream", on: connection)
        case .value(let octets, let version):
            let response = unsafe octets.response()
            if let response = unsafe response { unsafe MHD_add_response_header(response, valueVersionHeader, "\(version)") }
            return unsafe Self.queue(response, 200, type: "application/octet-stream", on: connection)
        case .bundle(let octets):
            return unsafe Self.queue(octets.response(), 200, type: ValueBundle.mediaType, on: connection)
        }
    }

    private static func queue(pipe: Int32, type: String, on connection: OpaquePointer) -> MHD_Result {
        guard let response = unsafe MHD_create_response_from_pipe(pipe) else {
            _ = FileDescriptor(owning: pipe)
            return .NO
        }
        return unsafe queue(response, 200, type: type, on: connection)
    }

    private static func copying(_ bytes: [UInt8]) -> OpaquePointer? {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe MHD_create_response_from_buffer(
                bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
        }
    }

    private static func queue(
        _ response: OpaquePointer?, _ status: UInt32, type: String, on connection: OpaquePointer
    ) -> MHD_Result {
        guard let response = unsafe response else { return .NO }
        defer { unsafe MHD_destroy_response(response) }
        unsafe MHD_add_response_header(response, "Content-Type", type)
        unsafe MHD_add_response_header(response, "Cache-Control", "no-store")
        return unsafe MHD_queue_response(connection, status, response)
    }
}
