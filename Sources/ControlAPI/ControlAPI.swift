// What goes over the control socket, as both ends see it: the daemon's Control writes these replies, the command reads them.
// The field names are the JSON's, and stay as they are once released; new ones may come.
//
// Words: a *reference* names a part of the tree (`acme/web/db`), `who` is a user or a group by number (`uid:1001`, `gid:100`),
// `rights` are named as on the command line (`list,read`). No reply has room for a value or a key.

/// The name and number of this release, the same for `tacit` and `tacitd`.
package let release = "0.1.0"

/// The paths of the control socket's requests. `ref` and its like are given in the query, percent-encoded, since a name in the
/// tree may be any bytes; what else a request says is its JSON body.
package enum Endpoint {
    package static let status = "/v1/status"
    package static let lock = "/v1/lock"
    package static let unlock = "/v1/unlock"
    package static let grant = "/v1/grant"
    package static let revoke = "/v1/revoke"
    package static let acl = "/v1/acl"
    package static let shared = "/v1/shared"
    package static let why = "/v1/why"
    package static let audit = "/v1/audit"
    package static let verifyAudit = "/v1/audit/verify"
}

/// Most bytes of a key or a passphrase that either end takes.
package let longestKey = 1024

/// Why a request was refused. The only shape of an answer whose status is not 200.
package struct Refusal: Codable, Equatable, Sendable {
    /// What happened, lower case, no full stop.
    package var error: String
    /// What to do about it, where there is something.
    package var hint: String?
    /// One word for programs.
    package var code: Code

    package init(error: String, hint: String? = nil, code: Code) {
        self.error = error
        self.hint = hint
        self.code = code
    }

    /// Every kind of refusal; a program may count on these words.
    package enum Code: String, Codable, CaseIterable, Sendable {
        /// The caller has no right to it.
        case denied
        /// The store is locked and the request needs the root key.
        case locked
        /// A name or a reference leads nowhere.
        case notFound = "not-found"
        /// What the tree has at that place already doesn't go with the request.
        case conflict
        /// The request is malformed, or asks for what can't be.
        case invalid
        /// A value or a request is larger than what is taken.
        case tooLarge = "too-large"
        /// The key or the passphrase is not the store's.
        case wrongKey = "wrong-key"
        /// The store or the audit log can't be read or written.
        case storage
        /// A newer daemon's word that this program doesn't know.
        case other

        package init(from decoder: any Decoder) throws {
            self = Code(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
        }
    }
}
