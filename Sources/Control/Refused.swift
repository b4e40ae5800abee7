// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Secrets
internal import Vault

/// Why a request is not granted: the HTTP status and what the answer says.
struct Refused: Error, Equatable {
    let status: UInt32
    let refusal: Refusal
    /// The methods that the path takes, where it does not take the one that came.
    let allowed: [String]

    init(_ status: UInt32, _ error: String, hint: String? = nil, code: Refusal.Code, allowed: [String] = []) {
        self.status = status
        refusal = Refusal(error: error, hint: hint, code: code)
        self.allowed = allowed
    }

    /// A request that is not as it should be.
    static func invalid(_ error: String, hint: String? = nil) -> Refused {
        Refused(400, error, hint: hint, code: .invalid)
    }

    /// A value without a byte, where that is not said to be meant.
    static func empty(hint: String? = nil) -> Refused {
        Refused(400, "there are no bytes, so nothing changes", hint: hint, code: .input)
    }

    /// A method that the path does not take; it takes `allowed`.
    static func methodNotAllowed(_ allowed: [String]) -> Refused {
        Refused(405, "it takes \(allowed.joined(separator: " or "))", code: .invalid, allowed: allowed)
    }

    /// A request that may be granted later.
    static func busy(_ error: String) -> Refused {
        Refused(503, error, hint: "try again", code: .busy)
    }

    /// Why a job can't have what it was to have: all of it, since one would come after the other else.
    private init(_ refused: JobRefusals) {
        let text = refused.refusals.map { "\($0)" }.joined(separator: "; ")
        let problems = refused.refusals.map(\.problem)
        let isDenied = problems.contains { if case .policy = $0 { true } else { $0 == .noGrant } }
        let isAbsent = problems.allSatisfy { if case .noSuchSecret = $0 { true } else { $0 == .notThere } }
        switch (isDenied, isAbsent) {
        case (true, _):
            let isForGrants = problems.contains(.noGrant)
            let hint = isForGrants ? Reason.noGrant.hint : "tacit policy REF shows what it admits"
            self.init(403, text, hint: hint, code: .denied)
        case (_, true): self.init(404, text, code: .notFound)
        default: self.init(400, text, code: .invalid)
        }
    }

    /// The one table from the vault's errors to HTTP.
    init(_ error: VaultError) {
        switch error {
        case .denied(let reason, let rights):
            self.init(403, "permission denied: \(reason.text(for: rights))", hint: reason.hint, code: .denied)
        case .noKey(let problem):
            self.init(423, problem, hint: "tacit unlock -k FILE gives another key", code: .locked)
        case .locked:
            self.init(423, "the store is locked", hint: "tacit unlock opens it", code: .locked)
        case .jobRefused(let refusals):
            self.init(refusals)
        case .busy(let problem):
            self.init(503, problem, hint: "try again", code: .busy)
        case .exhausted(let error, let what):
            self.init(503, "\(what): \(error)", hint: "try again", code: .busy)
        case .notFound:
            self.init(404, "it does not exist, or is not for you to see", code: .notFound)
        case .notGranted(let principal):
            self.init(
                404, "\(principal) holds no such grant on it", hint: "tacit acl REF lists who has what, and where it was granted",
                code: .notFound)
        case .exists:
            self.init(409, "it exists already", code: .conflict)
        case .fileExists(let path):
            self.init(409, "\(path) exists already, and is not touched", code: .conflict)
        case .conflict(let problem):
            self.init(409, problem, code: .conflict)
        case .about(let reference, let cause):
            let refused = Refused(cause)
            self.init(refused.status, "\(reference): \(refused.refusal.error)", hint: refused.refusal.hint, code: refused.refusal.code)
        case .notEmpty:
            self.init(409, "it is not empty", code: .conflict)
        case .notAFolder:
            self.init(409, "it is not a folder", code: .conflict)
        case .isAFolder:
            self.init(409, "it is a folder", code: .conflict)
        case .crossScope:
            self.init(
                409, "it can't be moved to another scope", hint: "tacit cp copies it, and tacit rm removes it here", code: .conflict)
        case .invalidName(let problem), .nameTooLong(let problem):
            self.init(400, problem, code: .invalid)
        case .invalidValue(let problem):
            self.init(400, problem, code: .input)
        case .notPermitted(let problem), .invalidGrant(let problem):
            self.init(422, problem, code: .invalid)
        case .tooLarge(let limit):
            self.init(413, "it is larger than \(limit) bytes", code: .tooLarge)
        case .tooMany(let most):
            self.init(
                413, "a secret holds at most \(most) variables", hint: "put them into several secrets, or into a file of one",
                code: .tooLarge)
        case .quota(let problem):
            self.init(
                507, problem, hint: "tacit rm --purge destroys what is not needed; tacit history shows former versions", code: .quota)
        case .noSpace(let problem):
            self.init(507, problem, hint: "make room on the disk, or remove what is not needed", code: .storage)
        case .wrongKey:
            self.init(403, "this is not the store's root key", code: .wrongKey)
        case .corrupt(let problem), .storage(let problem), .audit(let problem):
            self.init(500, problem, code: .storage)
        }
    }
}

extension Reason {
    /// The reason, and the right that is missing: any of `rights` would do.
    fileprivate func text(for rights: [Rights]) -> String {
        let words = rights.map(\.description).joined(separator: " or ")
        switch self {
        case .noGrant where !words.isEmpty: return "it takes \(words), which no grant gives"
        case .ownerWithoutGrant where !words.isEmpty: return "it takes \(words), which no grant gives, nor does owning the store"
        default: return description
        }
    }

    /// The next step after such a refusal, if there is one.
    fileprivate var hint: String? {
        switch self {
        case .ownerOnly, .unknownCaller, .shortage, .insideJob, .outsideJob, .notInJob, .jobHasEnded: nil
        case .notStarter: "tacit jobs lists your jobs"
        case .expired: "store a new value with tacit set, then move the date: tacit policy REF --expires DATE"
        default: "tacit why REF tells right by right what you may"
        }
    }
}
