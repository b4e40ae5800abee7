// SPDX-License-Identifier: MIT

package import Linux
package import Secrets

/// A `v1beta` Secret as Semaphore writes it: names of variables and files with their values.
///
///     apiVersion: v1beta
///     kind: Secret
///     metadata:
///       name: db                      # or the whole reference: acme/web/db
///       ref: acme/web/db              # as `tacit show` prints it; counts before the name
///       description: what it is for
///     data:
///       env_vars:
///       - name: PASSWORD
///         value: s3cret
///       files:
///       - path: .ssh/id_ed25519
///         content: <base64>
///     org_config:                     # the policy
///       projects_access: ALL          # or NONE, or ALLOWED, which takes project_ids: a list of names
///       debug_access: JOB_DEBUG_YES   # or JOB_DEBUG_NO
///       attach_access: JOB_ATTACH_YES # or JOB_ATTACH_NO
///       expires: 2027-01-31T00:00:00Z # or a date, or never: from when on the values have expired
///       rotate: 90d                   # or never: how often they are to be replaced
///       on_expire: warn               # or deny: whether reads of expired values are refused
///
/// `id`, `create_time`, `update_time` and the like in `metadata` are passed over. Any other field is an error: it may be a slip.
package struct Manifest: Sendable {
    /// The placeholder for a value that is to stay as it is.
    package static let unchanged = "<unchanged>"
    /// The most bytes of a description.
    package static let maximumDescription = 1024

    /// The name or the reference in the metadata; nil without one.
    package var reference: [UInt8]?
    package var description: [UInt8]?
    package var policy: Policy?
    package var entries: [Entry] = []
    /// Where it begins.
    package let place: TextPlace

    /// One variable or file.
    package struct Entry: Sendable {
        package let kind: Item.Kind
        package let name: [UInt8]
        /// Where its value is among those of all manifests of a text; nil for `<unchanged>`.
        package let value: Range<Int>?
        package let place: TextPlace

        /// The name in its secret: `vars/NAME` or `files/a/b`.
        package var path: [UInt8] { Item(kind, name, 0..<0).path }
    }

    /// Its policy; nil if it names none.
    package struct Policy: Sendable {
        package var projects: AccessPolicy.Projects?
        package var debug: Bool?
        package var attach: Bool?
        package var expiry: Expiry?
        package var rotation: Rotation?
        package var onExpire: ExpiryAction?
    }

    init(place: TextPlace) { self.place = place }
}

/// The manifests of a text, with the memory that holds their values.
package struct Manifests: ~Copyable, Sendable {
    package let manifests: [Manifest]
    package let values: LockedBuffer
    /// The notices for the user who brought them.
    package let notices: [Notice]

    /// Reads one or more manifests, with `---` between. One without variables and files, which removes all that its secret has, is taken if
    /// it `mayBeEmpty`. Throws `nothing`, `malformed`, `unfit`, `ciphertext`,
    /// `tooLarge` and `memory`.
    package static func read(_ text: borrowing LockedBuffer, mayBeEmpty: Bool = true) throws(FormatError) -> Manifests {
        var scalars = try LockedBuffer.make()
        let documents = try SourceText.documents(text, &scalars)
        guard !documents.isEmpty else { throw .nothing("manifest in it") }
        var reader = ManifestReader(TextShape(scalars), try LockedBuffer.make())
        var manifests: [Manifest] = []
        for document in documents { manifests.append(try reader.manifest(document)) }
        guard manifests.reduce(0, { $0 + $1.entries.count }) <= Import.maximumItems else { throw Import.tooMany }
        if !mayBeEmpty, let empty = manifests.first(where: { $0.entries.isEmpty }) {
            throw .nothing("variable and no file in the manifest at \(empty.place)")
        }
        let cut = reader.cut
        return Manifests(manifests, reader.values(), notices: TextShape.notices(cut: cut))
    }

    init(_ manifests: [Manifest], _ values: consuming LockedBuffer, notices: [Notice]) {
        self.notices = notices
        self.manifests = manifests
        self.values = values
    }
}
