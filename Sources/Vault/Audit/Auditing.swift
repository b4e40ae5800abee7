// SPDX-License-Identifier: MIT

package import Linux

/// The audit log for who may see it: the store's owner.
extension Vault {
    /// A descriptor of the log's file. Throws `denied` (logged), `audit`.
    package func auditFile(for caller: Caller) throws(VaultError) -> FileDescriptor {
        try authorizeOwner(caller)
        do { return try audit.reader() } catch { throw .audit("\(configuration.auditPath): \(error)") }
    }

    /// Looks for the first line of the current file that was changed, removed or put in. Throws `denied` (logged), `audit`.
    package func verifyAudit(for caller: Caller) throws(VaultError) -> AuditVerification {
        try authorizeOwner(caller)
        do { return try audit.verify() } catch { throw .audit("\(configuration.auditPath): \(error)") }
    }
}
