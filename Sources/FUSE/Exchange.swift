internal import CFuse
internal import Glibc
internal import Linux

/// A request that is not answered yet. The only place that replies, and each does once: every answer consumes the
/// exchange, it can't be copied, and one that is dropped answers EIO.
@safe struct Exchange: ~Copyable, @unchecked Sendable {
    private let request: fuse_req_t

    /// - Parameter request: just handed to an operation by libfuse, and used by nobody else from now on.
    init(_ request: fuse_req_t) {
        unsafe self.request = request
    }

    deinit {
        _ = unsafe fuse_reply_err(request, EIO)
    }

    private consuming func take() -> fuse_req_t {
        let request = unsafe self.request
        discard self
        return unsafe request
    }

    consuming func fail(_ error: Errno) {
        _ = unsafe fuse_reply_err(take(), error.rawValue)
    }

    consuming func reply(_ bytes: RawSpan) {
        let request = unsafe take()
        _ = unsafe bytes.withUnsafeBytes { buffer in
            unsafe fuse_reply_buf(request, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
    }
}
