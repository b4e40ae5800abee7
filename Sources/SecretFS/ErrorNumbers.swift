// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Vault

/// Error numbers: the one table from the vault's errors to those that a system call fails with (tacit-tree(7), REFUSALS).
extension Errno {
    init(_ error: VaultError) {
        self =
            switch error.cause {
            case .denied(.expired, _): .keyExpired
            case .denied, .jobRefused: .accessDenied
            case .locked, .noKey: .noKey
            case .notFound, .notGranted: .noEntry
            case .exists, .fileExists: .exists
            case .conflict: .stale
            case .notEmpty: .notEmpty
            case .notAFolder: .notFolder
            case .isAFolder: .isFolder
            case .invalidName, .invalidValue, .invalidGrant: .invalidArgument
            case .nameTooLong: .nameTooLong
            case .tooLarge: .fileTooLarge
            case .tooMany: .tooBig
            case .quota: .overQuota
            case .noSpace: .noSpace
            case .crossScope: .crossDevice
            case .notPermitted: .notPermitted
            case .busy: .again
            case .exhausted(let error, _): error
            case .wrongKey: .keyRejected
            case .corrupt, .storage, .audit, .about: .inputOutput
            }
    }
}
