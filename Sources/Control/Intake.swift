// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Vault

/// The body of a request while it comes in: JSON as it is, keys and values straight into locked memory.
struct Intake: ~Copyable {
    private let body: Route.Body
    /// Bytes that were announced, and that came.
    private let length: Int
    private var taken = 0
    /// JSON, or the head of a bundle without its newline.
    private var text: [UInt8] = []
    private var isHeadComplete = false
    private var octets: SecretBuffer?
    /// Kept until the octets are let go of.
    private var share: Share?
    /// Why nothing more is taken in. The rest of the body is passed over.
    private var refusal: Refused?

    /// Makes sure of room for a body of `length` bytes. Throws a refusal if it is too long, or longer than what `peer` may take up.
    init(_ body: Route.Body, length: Int, service: Service, peer: Peer) throws(Refused) {
        self.body = body
        self.length = length
        let limit = body.limit(service.vault)
        guard length <= limit else { throw Refused(413, "the body is longer than \(limit) bytes", code: .tooLarge) }
        switch body {
        case .none, .json: break
        case .secret: octets = length > 0 ? try asking { () throws(VaultError) in try SecretBuffer() } : nil
        case .value, .bundle: share = try service.share(of: length, for: peer)
        }
    }

    /// Takes a piece of the body. False if it is more than was announced.
    mutating func take(_ piece: RawSpan) -> Bool {
        guard taken + piece.byteCount <= length else { return false }
        defer { taken += piece.byteCount }
        guard refusal == nil else { return true }
        do throws(Refused) {
            switch body {
            case .none: break
            case .json: appendText(piece)
            case .secret: try append(piece, at: taken)
            case .value:
                if octets == nil { octets = try Self.room(for: length) }
                try append(piece, at: taken)
            case .bundle: try takeBundle(piece)
            }
        } catch {
            refusal = error
            octets = nil
            share = nil
        }
        return true
    }

    private mutating func takeBundle(_ piece: RawSpan) throws(Refused) {
        var piece = piece
        if !isHeadComplete {
            let end = piece.firstNewline ?? piece.byteCount
            guard text.count + end < ValueBundle.longestHead else {
                throw Refused(413, "the bundle's head is longer than \(ValueBundle.longestHead) bytes", code: .tooLarge)
            }
            appendText(piece.extracting(first: end))
            guard end < piece.byteCount else { return }
            isHeadComplete = true
            piece = piece.extracting(droppingFirst: end + 1)
            octets = try Self.room(for: length - text.count - 1)
        }
        guard piece.byteCount > 0 else { return }
        // Behind the head and its newline.
        try append(piece, at: max(0, taken - text.count - 1))
    }

    private mutating func appendText(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe text.append(contentsOf: $0) }
    }

    private mutating func append(_ bytes: RawSpan, at offset: Int) throws(Refused) {
        do throws(VaultError) { try octets?.write(bytes, at: offset) } catch { throw .noLockedMemory }
    }

    private static func room(for length: Int) throws(Refused) -> SecretBuffer {
        do throws(VaultError) {
            var buffer = try SecretBuffer()
            try buffer.resize(to: length)
            return buffer
        } catch { throw .noLockedMemory }
    }

    /// The body, now that all of it is there. Throws a refusal if something was wrong with it.
    consuming func finished() throws(Refused) -> Received {
        if let refusal { throw refusal }
        guard taken == length else { throw .invalid("the body is shorter than was said") }
        if body == .bundle, !isHeadComplete { throw .invalid("the bundle has no newline behind its head") }
        if body == .value, octets == nil { octets = try Self.room(for: 0) }
        return Received(text: text, octets: octets.take(), share: share)
    }
}

/// The body of a request: text, and what is for nobody's eyes.
struct Received: ~Copyable {
    /// JSON, or the head of a bundle.
    let text: [UInt8]
    var octets: SecretBuffer?
    /// Kept until the octets are let go of.
    let share: Share?
}

extension Route.Body {
    /// Most bytes of it.
    func limit(_ vault: Vault) -> Int {
        switch self {
        case .none: 0
        case .json(let limit): limit
        case .secret: longestKey
        // `env` is the longest.
        case .value: vault.maxEnvironment
        case .bundle: ValueBundle.longest
        }
    }
}

extension Refused {
    /// Memory that the limit allows can't be had, or not be locked.
    static let noLockedMemory = Refused.busy("there is no locked memory left for it")
}

extension RawSpan {
    fileprivate var firstNewline: Int? {
        // Safe: within the span, and every bit pattern is a valid `UInt8`.
        byteOffsets.first { unsafe unsafeLoad(fromByteOffset: $0, as: UInt8.self) == UInt8(ascii: "\n") }
    }
}
