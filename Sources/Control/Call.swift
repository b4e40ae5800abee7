internal import ControlAPI
internal import FoundationEssentials
internal import Secrets
internal import Vault

/// A request as its handler sees it: whole, and within its bounds.
final class Call {
    let service: Service
    let peer: Peer
    private let query: Query
    private let json: [UInt8]
    private var secret: SecretBuffer?

    init(service: Service, peer: Peer, query: Query, json: [UInt8], secret: consuming SecretBuffer?) {
        self.service = service
        self.peer = peer
        self.query = query
        self.json = json
        self.secret = secret
    }

    var vault: Vault { service.vault }

    /// The key or passphrase that came; nil if none did. It is gone with who takes it.
    func takeSecret() -> SecretBuffer? { secret.take() }

    /// The body as `type`. Throws a refusal if it is something else.
    func body<Body: Decodable>(as type: Body.Type) throws(Refused) -> Body {
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch {
            throw .invalid("the body is not the JSON that this request takes")
        }
    }

    /// What the parameter `ref` names, for the peer. Throws a refusal where it names nothing.
    func reference() throws(Refused) -> Reference {
        guard let text = query["ref"] else { throw .invalid("parameter ref is missing") }
        do { return try Reference.parse(text) } catch { throw .invalid("\(error)") }
    }

    /// A number of 32 bits; nil if the parameter was not given.
    func number(_ name: String) throws(Refused) -> UInt32? {
        guard let text = query[name] else { return nil }
        guard let number = Principal.number(String(decoding: text, as: UTF8.self)) else {
            throw .invalid("parameter \(name) is not a number")
        }
        return number
    }

    /// Numbers with commas between; none if the parameter was not given.
    func numbers(_ name: String) throws(Refused) -> [UInt32] {
        let text = String(decoding: query[name] ?? [], as: UTF8.self)
        let numbers = text.split(separator: ",", omittingEmptySubsequences: true).map { Principal.number($0) }
        guard numbers.count <= 65536, !numbers.contains(nil) else { throw .invalid("parameter \(name) is not a list of numbers") }
        return numbers.compactMap { $0 }
    }
}
