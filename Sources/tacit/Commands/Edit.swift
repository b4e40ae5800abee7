// SPDX-License-Identifier: MIT

import ControlAPI
import Formats
import Linux
import Secrets

extension Command {
    static let edit = Command(
        "edit", operands: [Operand("REF", .reference)], summary: "change a secret in your editor",
        details: """
            A manifest with the secret's names is opened in $VISUAL or $EDITOR. Values are
            shown to nobody: each stands as <unchanged>, and stays as it is unless you write
            another in its place. A new name needs a value, a name that you take away is
            removed. The text is in memory, on no disk. What somebody else has changed
            meanwhile is a conflict, and nothing is changed.
            """,
        options: []
    ) { invocation throws(Failure) in
        try invocation.forbidDumps()
        try Editing(invocation.wholeSecret()).run()
    }
}

/// One secret on its way through the editor.
private struct Editing {
    private let place: SecretPlace

    init(_ place: SecretPlace) {
        self.place = place
    }

    func run() throws(Failure) {
        var seen = try Self.ask(place)
        let original = try text(of: seen)
        var current = try copy(original)
        while true {
            let edited = try Editor.edit(current, named: string(place.name) + ".yaml")
            if edited.equals(original) { return try put("no change\n") }
            do {
                guard try store(edited, seen) else { return try put("no change\n") }
                return
            } catch {
                guard try again(after: error) else { throw error }
                // They have been told of what others did, and their next attempt is made in view of that.
                if error.exitCode == .conflict { seen = try Self.ask(place) }
                current = try copy(edited)
            }
        }
    }

    /// Whether to open the editor once more, so that what was typed is not lost. No, where there is nobody to ask.
    private func again(after failure: Failure) throws(Failure) -> Bool {
        guard Prompt.isPossible else { return false }
        complain("tacit: \(failure.message)")
        if let hint = failure.hint { complain("hint: \(hint)") }
        do {
            guard try Prompt.confirm("edit again? [y/N] ") else { throw Failure(failure.exitCode, "nothing is changed") }
            return true
        } catch let error as Failure {
            throw error
        } catch {
            return false
        }
    }

    private static func ask(_ place: SecretPlace) throws(Failure) -> SecretReply {
        let reply = try Daemon.ask(DaemonRequest("GET", Endpoint.secret, query: [(name: "ref", value: place.reference)]))
            .decoded(as: SecretReply.self)
        guard reply.kind == .secret else { throw Failure(.usage, "\(tacit.text(reply.ref)) is no secret") }
        return reply
    }

    private func text(of reply: SecretReply) throws(Failure) -> LockedBuffer {
        var shown = reply
        shown.items = reply.items.filter { $0.encoded == nil }
        let omitted = reply.items.count - shown.items.count
        var head = """
            # Replace \(Manifest.unchanged) where a value is to be another. Files have base64 as their content.
            # What you take away is removed, and can be restored for seven days.

            """
        if omitted > 0 { head += "# \(omitted) files whose names are no UTF-8 are left out, and stay as they are.\n" }
        let bytes = Array((head + ManifestText.of(shown, placeholder: Manifest.unchanged)).utf8)
        return try locked(unsafe bytes.span.bytes)
    }

    private func copy(_ buffer: borrowing LockedBuffer) throws(Failure) -> LockedBuffer {
        try buffer.withBytes { bytes throws(Failure) in try locked(bytes) }
    }

    private func locked(_ bytes: RawSpan) throws(Failure) -> LockedBuffer {
        do throws(Errno) {
            var buffer = try LockedBuffer(capacity: max(1, bytes.byteCount))
            _ = buffer.append(copying: bytes)
            return buffer
        } catch {
            throw .noLockedMemory(error)
        }
    }

    /// Stores what the text says; false if that is what is there. Throws a failure for a text that can't be, and nothing is changed.
    private func store(_ text: borrowing LockedBuffer, _ seen: SecretReply) throws(Failure) -> Bool {
        let read: Manifests
        do { read = try Manifests.read(text) } catch { throw Failure(input: error) }
        guard read.manifests.count == 1, let manifest = read.manifests.first else {
            throw Failure(.input, "there is more than one manifest", hint: "tacit apply -f takes several")
        }
        guard names(manifest, seen) else {
            throw Failure(.input, "the name is another", hint: "tacit mv renames a secret")
        }
        let change = try EditedSecret(manifest, seen)
        guard !change.isEmpty else { return false }
        for notice in read.notices { complain(notice) }
        _ = try Daemon.apply([change.request(place.secretReference)], read.values, change.values)
        return true
    }

    /// Whether the manifest is of the secret that is edited.
    private func names(_ manifest: Manifest, _ seen: SecretReply) -> Bool {
        guard let name = manifest.reference else { return true }
        return name == place.name || name == place.reference || name == seen.ref.bytes
    }
}

/// The changes between an edited manifest and what was seen before.
struct EditedSecret {
    private(set) var items: [ApplyRequest.Item] = []
    /// Where the new values are.
    private(set) var values: [Range<Int>] = []
    private var description: String?
    private var policy: PolicyRequest?

    /// Throws a failure for a new name without a value.
    init(_ manifest: Manifest, _ seen: SecretReply) throws(Failure) {
        var versions: [[UInt8]: Int64] = [:]
        for item in seen.items where item.encoded == nil { versions[Array(item.name.utf8)] = item.version }
        for entry in manifest.entries {
            let version = versions.removeValue(forKey: entry.path)
            if let value = entry.value {
                items.append(ApplyRequest.Item(name: entry.path, length: value.count, expect: version ?? 0))
                values.append(value)
            } else if version == nil {
                throw Failure(
                    .input, "\(entry.place): \(text(entry.path)) is new, and has no value to keep", hint: "tacit mv renames an item")
            }
        }
        for (name, version) in versions.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            items.append(ApplyRequest.Item(removing: name, expect: version))
        }
        let said = manifest.description.map { string($0) } ?? ""
        if said != seen.description ?? "" { description = said }
        let wanted = Self.whole(manifest.policy.map(PolicyRequest.init) ?? PolicyRequest())
        if wanted != Self.whole(seen.policy ?? PolicyRequest()) { policy = wanted }
    }

    /// Whether nothing changes.
    var isEmpty: Bool { items.isEmpty && description == nil && policy == nil }

    func request(_ reference: Reference) -> ApplyRequest.Secret {
        ApplyRequest.Secret(ref: reference, mode: .update, description: description, policy: policy, items: items)
    }

    /// The policy with all fields: those that are not given allow, or have no date.
    private static func whole(_ policy: PolicyRequest) -> PolicyRequest {
        PolicyRequest(
            projects: policy.projects ?? .all, debug: policy.debug ?? .allow, attach: policy.attach ?? .allow,
            expires: policy.expires ?? .never, rotate: policy.rotate ?? .never, onExpire: policy.onExpire ?? .warn)
    }
}
