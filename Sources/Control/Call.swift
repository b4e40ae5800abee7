// SPDX-License-Identifier: MIT

internal import Bytes
internal import ControlAPI
internal import Linux
internal import Secrets
internal import Vault

/// A request as its handler sees it: whole, and within its bounds.
final class Call {
    let service: Service
    let peer: Peer
    /// The header that says which event of a stream the peer has had last; nil if there is none.
    let lastEvent: [UInt8]?
    private let query: Query
    private let text: [UInt8]
    private var octets: SecretBuffer?
    /// Held as long as the octets.
    private let share: Share?

    init(service: Service, peer: Peer, query: Query, body: consuming Received, lastEvent: [UInt8]? = nil) {
        self.lastEvent = lastEvent
        self.service = service
        self.peer = peer
        self.query = query
        text = body.text
        share = body.share
        octets = body.octets.take()
    }

    var vault: Vault { service.vault }

    /// The key, passphrase, value or values that came; nil if none did. They are gone with who takes them.
    func takeOctets() -> SecretBuffer? { octets.take() }

    /// The body, or the head of the bundle, as what `read` makes of it. Throws a refusal if it is something else.
    func body<Body>(_ read: ([UInt8]) throws(JSONError) -> Body) throws(Refused) -> Body {
        do { return try read(text) } catch { throw .invalid("the body can't be read: \(error)") }
    }

    /// The reference in the parameter `ref`, or another. Throws a refusal if it is missing or malformed.
    func reference(_ name: String = "ref") throws(Refused) -> Reference {
        guard let reference = try optionalReference(name) else { throw .invalid("parameter \(name) is missing") }
        return reference
    }

    /// The reference in a parameter; nil if it was not given.
    func optionalReference(_ name: String) throws(Refused) -> Reference? {
        guard let text = query[name] else { return nil }
        do { return try Reference.parse(text) } catch { throw .invalid("parameter \(name): \(error)") }
    }

    /// The bytes of a parameter; nil if it was not given.
    func bytes(_ name: String) -> [UInt8]? { query[name] }

    /// Whether a parameter is `true`; `false` is the same as not to give it.
    func flag(_ name: String) throws(Refused) -> Bool {
        switch query[name].map({ String(decoding: $0, as: UTF8.self) }) {
        case nil, "false": return false
        case "true": return true
        default: throw .invalid("parameter \(name) is neither true nor false")
        }
    }

    /// A number in decimal digits within `range`; nil if the parameter was not given.
    func number<Number: FixedWidthInteger>(_ name: String, in range: ClosedRange<Number>) throws(Refused) -> Number? {
        guard let text = query[name] else { return nil }
        guard let number = Number(decimal: text), range.contains(number) else {
            throw .invalid("parameter \(name) is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The number of a user or group; nil if the parameter was not given.
    func principalNumber(_ name: String) throws(Refused) -> UInt32? { try number(name, in: 0...UInt32.max - 1) }

    /// Numbers with commas between; none if the parameter was not given.
    func principalNumbers(_ name: String) throws(Refused) -> [UInt32] {
        let text = String(decoding: query[name] ?? [], as: UTF8.self)
        let numbers = text.split(separator: ",", omittingEmptySubsequences: true).map { Principal.number($0) }
        guard numbers.count <= 65536, !numbers.contains(nil) else { throw .invalid("parameter \(name) is not a list of numbers") }
        return numbers.compactMap { $0 }
    }

    /// The id of something deleted; nil if the parameter was not given.
    func deletedID(_ name: String = "id") throws(Refused) -> DeletedID? {
        guard let text = query[name] else { return nil }
        guard let id = DeletedID(text) else { throw .invalid("parameter \(name) is no id") }
        return id
    }
}
