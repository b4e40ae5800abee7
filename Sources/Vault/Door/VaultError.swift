// SPDX-License-Identifier: MIT

package import Linux
package import Secrets

/// The reason for which the vault refused or could not do what was asked.
///
/// Each front door translates these once: to an errno (`SecretFS`), to an HTTP status (`Control`).
/// No case carries a byte of a value.
package indirect enum VaultError: Error, Sendable {
    /// Grants, a policy or ownership refuse it; the refusal is in the audit log. Any of the rights would have done; none where it is not
    /// for want of one.
    case denied(Reason, for: [Rights] = [])
    /// The store is locked: no root key is loaded, so nothing can be decrypted.
    case locked
    /// Nothing of that name or number is there.
    case notFound
    /// The name is taken.
    case exists
    /// A file that is to be made exists: its path.
    case fileExists(String)
    /// The principal holds no grant on the place itself that could be taken away.
    case notGranted(Principal)
    /// Something has changed since the caller saw it; the text says what.
    case conflict(String)
    /// A folder still holds something.
    case notEmpty
    case notAFolder
    case isAFolder
    /// A name breaks its rule; the text says which.
    case invalidName(String)
    /// A name is longer than any file name; the text says so.
    case nameTooLong(String)
    /// A value breaks a rule (NUL in a variable, a line of `env`); the text names the rule and the place, never a byte.
    case invalidValue(String)
    /// A value is larger than `limit` bytes.
    case tooLarge(limit: Int)
    /// A secret would have more than so many variables.
    case tooMany(variables: Int)
    /// A home is full, and nothing in it was deleted that could make room; the text says of what.
    case quota(String)
    /// The disk that the store or the audit log is on is full. Nothing was done.
    case noSpace(String)
    /// Source and destination of a rename lie in different scopes, or are of different kinds.
    case crossScope
    /// The tree does not have this operation here, for any caller.
    case notPermitted(String)
    /// The argument can't be expressed as grants.
    case invalidGrant(String)
    /// The key or passphrase does not belong to this store.
    case wrongKey
    /// There is no key: what is to give it does not. The store stays locked.
    case noKey(String)
    /// A stored row does not verify: it was changed by somebody without the keys, or the disk lost it.
    case corrupt(String)
    /// The store, a key file or the configuration can't be read or written.
    case storage(String)
    /// The audit log can't be written: nothing is handed out that is not logged.
    case audit(String)
    /// A job can't get the secrets or files that were asked for.
    case jobRefused(JobRefusals)
    /// There is no room for it now. It may be tried again.
    case busy(String)
    /// The daemon or the machine has too many open files or no memory for it now: what a system call said, and of what.
    case exhausted(Errno, String)
    /// An error about a place, with the whole reference of a place or an item, of a new one too. The innermost subject counts.
    case about(Reference, VaultError)

    /// The error without the subject that it is about.
    package var cause: VaultError {
        if case .about(_, let error) = self { error.cause } else { self }
    }

    /// The same about a place, unless it is about one already.
    func concerning(_ reference: Reference) -> VaultError {
        if case .about = self { self } else { .about(reference, self) }
    }

    /// Why a key, the store or the log could not be used, for a line of the audit log.
    var words: String {
        switch self {
        case .wrongKey: "the key does not belong to this store"
        case .storage(let text), .corrupt(let text), .notPermitted(let text), .audit(let text), .noSpace(let text), .noKey(let text): text
        case .exhausted(let error, let what): "\(what): \(error)"
        default: "failed"
        }
    }

    /// Why a caller could not be told for certain: it is gone or hidden, which is a refusal, or there was no descriptor to ask with.
    static func unknownCaller(_ error: Errno) -> VaultError {
        error.isShortage ? .exhausted(error, "the caller can't be told") : .denied(.unknownCaller)
    }
}

/// Calls something about a place: what it throws is about that, unless it says about which other.
func concerning<Value: ~Copyable>(_ reference: Reference, _ call: () throws(VaultError) -> Value) throws(VaultError) -> Value {
    do { return try call() } catch { throw error.concerning(reference) }
}
