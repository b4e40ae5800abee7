// SPDX-License-Identifier: MIT

internal import Glibc

/// A descriptor that is given up for a moment where there are no more, so that a caller can be told apart all the same: without, a process
/// that has used up all descriptors would make every decision about others a refusal.
enum SpareDescriptor {
    /// Nil while it is lent, and where there was none to be had.
    private static let spare = Guarded<FileDescriptor?>(try? FileDescriptor.open("/dev/null", .readOnly))

    /// Runs `body`, which opens at most one file and closes it; again with one descriptor more if there was none for it. Throws what it
    /// does.
    static func lend<Result>(to body: () throws(Errno) -> Result) throws(Errno) -> Result {
        do { return try body() } catch {
            guard error == .tooManyDescriptors || error == .tooManyFiles else { throw error }
            return try spare.withLock { spare throws(Errno) in
                // One at a time: the others wait for microseconds, since such a file is read at once.
                guard spare.take() != nil else { throw error }
                defer { spare = try? FileDescriptor.open("/dev/null", .readOnly) }
                return try body()
            }
        }
    }

    /// Takes it back, where others had taken the one that was given up, and some are free again.
    static func regain() {
        spare.withLock { spare in
            if spare == nil { spare = try? FileDescriptor.open("/dev/null", .readOnly) }
        }
    }
}
