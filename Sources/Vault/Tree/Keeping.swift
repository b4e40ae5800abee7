// SPDX-License-Identifier: MIT

internal import Secrets

/// The right to keep stored bytes when an item is changed in place.
extension Vault {
    /// Refuses a caller who may not read `env` or a variable and would keep some of its bytes; logs it.
    ///
    /// `env` is parsed, so that its bytes may become names and errors; both are measured, since the line of a value in `env` is longer or
    /// shorter by what is in it. Nothing of the like comes of a file's bytes. It is decided by the rights alone, before anything is
    /// decrypted.
    func authorizeKeeping(_ place: Place, for caller: Caller, version: Int64?) throws(VaultError) {
        guard place.isEnvironment || place.kind == .variable, !isKeptUnread(place) else { return }
        try authorize(.read, on: place, for: caller, version: version, refusingAs: .wouldKeep)
    }

    private func isKeptUnread(_ place: Place) -> Bool {
        place.isEnvironment ? isOpen(.inPlaceEnv) || isOpen(.errnoOracle) : isOpen(.sizeAfterPartial) || isOpen(.storedNewline)
    }
}
