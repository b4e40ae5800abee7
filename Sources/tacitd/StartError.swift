// SPDX-License-Identifier: MIT

import FUSE
import Linux
import Vault

/// Why the daemon doesn't start, or can't stop as it should: `tacitd: message`, and `hint: …` where there is a next step.
struct StartError: Error, Equatable {
    let exitCode: Tacitd.ExitCode
    /// Lower case, no full stop.
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.init(.failed, message, hint: hint)
    }

    init(_ error: VaultError) {
        switch error {
        case .storage(let problem), .corrupt(let problem), .audit(let problem), .notPermitted(let problem), .noSpace(let problem),
            .noKey(let problem):
            self.init(problem)
        case .fileExists(let path): self.init(.exists, "\(path) exists already, and is not touched")
        case .exhausted(let error, let what): self.init("\(what): \(error)")
        case .wrongKey:
            self.init("the root key belongs to another store", hint: "give the right one with --key-file")
        default:
            self.init("the store can't be used: \(error)")
        }
    }

    init(_ error: SessionError) {
        let hint: String? =
            switch error {
            case .notEmpty: "what was written there while nothing was mounted is in plaintext: move it away, or go on with --nonempty"
            case .unreadable: "make it readable for the user who mounts, or go on with --nonempty"
            case .mountpoint(let path, .noEntry): "mkdir -p \(path) makes it"
            default: nil
            }
        self.init("\(error)", hint: hint)
    }

    init(_ failure: Passphrase.Failure) {
        self.init(failure == .interrupted ? .interrupted : .failed, "\(failure)")
    }

    private init(_ exitCode: Tacitd.ExitCode, _ message: String, hint: String? = nil) {
        self.exitCode = exitCode
        self.message = message
        self.hint = hint
    }

    /// The same, with this hint.
    func hinting(_ hint: String) -> StartError { StartError(exitCode, message, hint: hint) }

    static func lost(_ message: String) -> StartError {
        StartError(.lost, message)
    }

    static func usage(_ message: String) -> StartError {
        StartError(.usage, message, hint: "tacitd --help explains it")
    }
}
