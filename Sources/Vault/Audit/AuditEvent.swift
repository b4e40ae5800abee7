// SPDX-License-Identifier: MIT

internal import Linux

/// An event for the audit log: who did what to which secret, and what was decided.
struct AuditEvent {
    /// The system call or command.
    let action: String
    /// The place, as a reference; nil where it is about none.
    let ref: String?
    /// The version that was opened or made.
    let version: Int64?
    let uid: UInt32
    let gid: UInt32
    /// The process; 0 in a foreign pid namespace.
    let pid: Int32
    /// The command name as the kernel has it: any bytes.
    let comm: [UInt8]
    /// The id of the job that it was done in, or is about.
    let job: String?
    /// How the process descends from the root of its job.
    let lineage: Lineage?
    let allowed: Bool
    let reason: String
    /// The generation of the store that the change made of which this is a line; nil where it is of none. In the first line of a file: of
    /// the last change whose lines are all in the files before.
    var generation: Int64?
}

/// The end of the audit log at some moment, as the store remembers it.
struct AuditAnchor: Equatable, Sendable {
    /// How many lines were written since the store was made.
    var count: Int64 = 0
    /// How long the file was, in bytes.
    var offset: Int64 = 0
    /// The chain of the last line, 32 bytes.
    var chain: [UInt8] = AuditLine.firstChain
}

/// Why the audit log could not be written or read.
struct AuditError: Error, CustomStringConvertible {
    let description: String
    /// The error number of the system call that is the cause, if one is.
    let cause: Errno?

    init(_ description: String, cause: Errno? = nil) {
        self.description = description
        self.cause = cause
    }

    init(_ cause: Errno) {
        self.init(cause.description, cause: cause)
    }
}
