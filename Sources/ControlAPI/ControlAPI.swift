// SPDX-License-Identifier: MIT

// The messages on the control socket, as both ends see them: the daemon's Control writes these replies, the command reads them.
// The field names are the JSON's, and stay as they are once released; new ones may come.
//
// Words: a *reference* names a part of the tree (`acme/web/db`), `who` is a user or a group by number (`uid:1001`, `gid:100`),
// `rights` are named as on the command line (`list,read`). Times are RFC 3339. No reply in JSON has room for a value or a key: a
// value is an octet stream of its own, several are a *bundle* (`ValueBundle`).
//
// A name below `files` may be any bytes, and JSON has only text: where a name is no UTF-8, its text has U+FFFD in place of what is
// none, and the field `encoded` beside it has the name percent-encoded, which is exact (`OctetText`).

/// The name and number of this release, the same for `tacit` and `tacitd`.
package let release = "0.1.0"

/// The paths of the control socket's requests. `ref` and its like are given in the query, percent-encoded, since a name in the
/// tree may be any bytes, and so are flags, as `true` or `false`; what else a request says is its JSON body.
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
    package static let followAudit = "/v1/audit/follow"
    package static let verifyAudit = "/v1/audit/verify"

    /// GET `ref`, `after`, `limit`: what is in a scope, or the items of a secret: `EntriesReply`.
    package static let entries = "/v1/entries"
    /// GET `ref`: what was deleted and can be restored: `DeletedReply`.
    package static let deleted = "/v1/deleted"
    /// GET `ref`: a place without its values: `SecretReply`.
    package static let secret = "/v1/secret"
    /// GET `ref`: one value, octets, its version in the header `valueVersionHeader`. PUT `ref`, `expect`: octets, `VersionsReply`.
    package static let value = "/v1/value"
    /// GET `ref`: every value of a secret at one instant, a bundle whose head is `ValuesHead`.
    package static let values = "/v1/values"
    /// POST a bundle whose head is `ApplyRequest`: `VersionsReply`.
    package static let apply = "/v1/apply"
    /// POST `ref`, `kind`: `PlaceReply`.
    package static let make = "/v1/make"
    /// POST `ref`, `purge`, or `id` and `purge=true`: `DoneReply`.
    package static let remove = "/v1/remove"
    /// POST `id`, `to`: `PlaceReply`.
    package static let restore = "/v1/restore"
    /// POST `from`, `to`: `PlaceReply`.
    package static let move = "/v1/move"
    /// POST `from`, `to`, `overwrite`: `VersionsReply`.
    package static let copy = "/v1/copy"
    /// POST `from`, `to`, `overwrite`, `dryRun`: lines of JSON, each a `MigrateLine`.
    package static let migrate = "/v1/migrate"
    /// GET `ref`: `HistoryReply`.
    package static let history = "/v1/history"
    /// POST `ref`, `version`: `VersionsReply`.
    package static let rollback = "/v1/rollback"
    /// GET `ref`: `PolicyReply`. POST `ref` with a `PolicyRequest`: `PolicyReply`.
    package static let policy = "/v1/policy"
    /// GET `prefix`, `limit`: `CompleteReply`.
    package static let complete = "/v1/complete"
    /// POST a `JobRequest`: starts a job, whose root is the process that connected: `JobReply`. GET, or GET `id` for more of one:
    /// `JobsReply`.
    package static let jobs = "/v1/jobs"
    /// POST `id`: the process that connected is attached to the job, with all that descends from it: `JobReply`.
    package static let attach = "/v1/jobs/attach"
    /// POST `id`: ends a job: `DoneReply`. For who started it, from outside of any job, and for the owner of the store.
    package static let end = "/v1/jobs/end"
    /// GET `all`: the values of the job that the caller is in: of its variables, or with `all=true` of every item of its secrets; a
    /// bundle whose head is `JobValuesHead`.
    package static let jobValues = "/v1/jobs/values"
    /// PUT `path`: octets that the job is to have as a file of its own, at this name below `files`, as long as it runs: `DoneReply`. For
    /// the process that the job ends with.
    package static let jobFile = "/v1/jobs/file"
    /// GET `ref`, `seconds`: server-sent events, each a `ChangeReply`: what is changed from now on, or since the event that
    /// `Last-Event-ID` names, of what the caller may list, at `ref` and below it.
    package static let changes = "/v1/changes"
    /// GET: `DoctorReply`. For the owner of the store.
    package static let doctor = "/v1/doctor"
}

/// The header beside a value with the number of its version; 0 for `env`, which has as many as it has variables.
package let valueVersionHeader = "Tacit-Version"

/// Most bytes of a key or a passphrase that either end takes.
package let longestKey = 1024

/// Why a request was refused. The only shape of an answer whose status is not 200.
package struct Refusal: Codable, Equatable, Sendable {
    /// The error, in lower case, without a full stop.
    package var error: String
    /// The next step, if there is one.
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
        /// The request does not go with the state of the tree at that place.
        case conflict
        /// The request is malformed, or asks for what can't be.
        case invalid
        /// A value can't be stored as it is.
        case input
        /// A value or a request is larger than what is taken.
        case tooLarge = "too-large"
        /// A home is full.
        case quota
        /// The key or the passphrase is not the store's.
        case wrongKey = "wrong-key"
        /// The store or the audit log can't be read or written.
        case storage
        /// The daemon has no room for it now; the same request may be granted later.
        case busy
        /// A newer daemon's word that this program doesn't know.
        case other

        package init(from decoder: any Decoder) throws {
            self = Code(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
        }
    }
}
