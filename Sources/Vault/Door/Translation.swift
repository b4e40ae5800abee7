// SPDX-License-Identifier: MIT

internal import Linux
internal import SQLite
internal import Sodium

// Translation of the errors of the modules below into `VaultError`: one function for each module.

func sodium<Result: ~Copyable>(_ body: () throws(SodiumError) -> Result) throws(VaultError) -> Result {
    do { return try body() } catch {
        switch error {
        case .outOfMemory, .memoryNotLocked: throw .exhausted(.outOfMemory, "\(error)")
        default: throw .storage("\(error)")
        }
    }
}

func sqlite<Result: ~Copyable>(_ body: () throws(SQLiteError) -> Result) throws(VaultError) -> Result {
    do { return try body() } catch { throw VaultError(error) }
}

/// For a call about a file: its path is named.
func system<Result: ~Copyable>(_ path: String, _ body: () throws(Errno) -> Result) throws(VaultError) -> Result {
    do { return try body() } catch {
        if error.isShortage { throw .exhausted(error, path) }
        throw .storage("\(path): \(error)")
    }
}

extension VaultError {
    init(_ error: SQLiteError) {
        let cause = Errno(rawValue: error.system)
        if error.isCorrupt {
            self = .corrupt("the store: \(error)")
        } else if error.isFull {
            self = .noSpace("the store: \(error)")
        } else if error.isOutOfMemory {
            self = .exhausted(.outOfMemory, "the store: \(error)")
        } else if cause.isShortage {
            self = .exhausted(cause, "the store: \(error)")
        } else {
            self = .storage("the store: \(error)")
        }
    }
}
