// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// The dates of a secret: by its policy, and by when a value of it was written last.
package struct SecretDates: Equatable, Sendable {
    /// When its values expire.
    package let expiry: Expiry
    package let onExpire: ExpiryAction
    /// When its values are due to be replaced: a rotation after one of them was written last. Without a value they never are.
    package let rotation: Expiry
}

extension Vault {
    /// The dates of a secret, for a caller who may see all of it; nil for others, for all that is no secret, and where there are none.
    func dates(of node: NodeRow, for caller: Caller, _ store: StoreConnection) throws(VaultError) -> SecretDates? {
        guard node.kind == .secret, node.policy != nil, let place = try store.place(Inode(node.id)), let dates = place.policy?.dates,
            (dates.expiry, dates.rotation) != (.never, .never), listsAll(of: place, for: caller)
        else { return nil }
        var rotation = Expiry.never
        if case .every(let seconds) = dates.rotation, let written = try lastWrite(in: place, store) {
            rotation = .at(min(written / 1_000_000 + seconds, Expiry.latest))
        }
        return SecretDates(expiry: dates.expiry, onExpire: dates.onExpire, rotation: rotation)
    }

    /// When the newest of the current versions in a secret was written, in microseconds since the start of 1970; nil if there is none.
    private func lastWrite(in secret: Place, _ store: StoreConnection) throws(VaultError) -> Int64? {
        var latest: Int64?
        for item in try store.items(in: secret) {
            guard let version = try store.version(item.node.current, of: item.node.id) else { continue }
            latest = max(latest ?? version.created, version.created)
        }
        return latest
    }

    /// The secrets of a job that is to begin whose values have expired, as far as the caller may see their policies. Throws `denied` about
    /// one of which reads are refused for that.
    func expired(in selection: JobSelection, for caller: Caller) throws(VaultError) -> [(reference: Reference, since: Expiry)] {
        var expired: [(reference: Reference, since: Expiry)] = []
        for (inode, reference) in selection.secrets.map({ (Inode($0.id), $0.reference) })
            + selection.additions.map({ ($0.item, $0.source) })
        {
            let place = try place(inode)
            if let refusal = place.readRefusal {
                try log(caller, place.reference, allowed: false, reason: "\(refusal)")
                throw .about(reference, .denied(refusal))
            }
            guard let dates = place.policy?.dates, dates.hasExpired(at: SystemClock.now() / 1_000_000) else { continue }
            guard let secret = place.secret, listsAll(of: try self.place(Inode(secret)), for: caller) else { continue }
            expired.append((reference, dates.expiry))
        }
        return expired
    }
}
