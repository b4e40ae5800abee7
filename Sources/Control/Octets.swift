// SPDX-License-Identifier: MIT

internal import CMicroHTTPD
internal import ControlAPI
internal import Vault

/// Values on their way to a peer. The HTTP library sends them from where they lie, in locked memory, and lets go of them when they are
/// sent, or the peer is gone: nothing of them is copied in this process.
@safe
final class Octets {
    /// The bytes in front, without a secret in them.
    private let head: UnsafeMutableRawBufferPointer
    private let values: [Snapshot]
    private let shares: [Share]

    init(head: [UInt8] = [], values: [Snapshot], shares: [Share]) {
        unsafe self.head = .allocate(byteCount: head.count, alignment: 1)
        self.values = values
        self.shares = shares
        unsafe self.head.copyBytes(from: head)
    }

    deinit { unsafe head.deallocate() }

    /// The answer that sends them, and owns them until it is destroyed; nil if there is no memory for it.
    func response() -> OpaquePointer? {
        var pieces = unsafe [MHD_IoVec(iov_base: UnsafeRawPointer(head.baseAddress), iov_len: head.count)]
        for value in values {
            // Safe: a snapshot's memory stays where it is until its last owner goes.
            value.withBytes { bytes in
                unsafe bytes.withUnsafeBytes { unsafe pieces.append(MHD_IoVec(iov_base: $0.baseAddress, iov_len: $0.count)) }
            }
        }
        let owner = unsafe Unmanaged.passRetained(self)
        let response = unsafe MHD_create_response_from_iovec(
            &pieces, UInt32(clamping: pieces.count),
            { owner in if let owner = unsafe owner { unsafe Unmanaged<Octets>.fromOpaque(owner).release() } }, owner.toOpaque())
        if unsafe response == nil { unsafe owner.release() }
        return unsafe response
    }
}
