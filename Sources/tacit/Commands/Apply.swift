// SPDX-License-Identifier: MIT

import ControlAPI
import Formats
import Linux
import Secrets

extension Command {
    static let apply = Command(
        "apply", summary: "make and update secrets as a manifest with values says",
        details: """
            A manifest is a v1beta Secret as Semaphore has it: env_vars with name and value,
            files with path and content, which is base64. It says all that the secret holds:
            what it does not name is removed, and can be restored. Several manifests in one
            file, with --- between, are applied together or not at all.
            A name that is a reference, or ref, says which secret it is. A name alone is one
            of the project that -p, TACIT_PROJECT or a .tacit file names.
            """,
        options: [
            DeclaredOption("filename", letter: "f", argument: "FILE", kind: .file, "the manifest; - is standard input"),
            .project,
            DeclaredOption("in", argument: "REF", kind: .reference, "the same as -p, as release 0.1 had it"),
            DeclaredOption("empty", "take manifests without variables and files, too"),
            ValueReader.verbatim, .json,
        ]
    ) { invocation throws(Failure) in
        try invocation.forbidDumps()
        guard let path = invocation.arguments.argument("filename") else { throw .usage("apply needs -f FILE", of: invocation.command) }
        var scope: [UInt8]?
        if let word = invocation.arguments.argument("in") {
            scope = try ReferenceArgument.parse(word)
        } else {
            let names = try NameScope(invocation)
            if names.isChosen { scope = names.folder.bytes }
        }
        let text = try TextFile.read(path)
        let read: Manifests
        do throws(FormatError) { read = try Manifests.read(text, mayBeEmpty: invocation.arguments.has("empty")) } catch {
            throw Failure(input: error, in: path, isEmpty: text.count == 0)
        }
        var changes: [ApplyRequest.Secret] = []
        for manifest in read.manifests { changes.append(try change(manifest, in: scope, path)) }
        guard Set(changes.map(\.ref)).count == changes.count else { throw Failure(.input, "\(tacit.text(path)): a secret is in it twice") }
        for notice in read.notices { complain(notice) }
        let answer = try Daemon.apply(
            changes, read.values, read.manifests.flatMap { $0.entries.compactMap(\.value) }, verbatim: invocation.arguments.has("verbatim"))
        if invocation.wantsJSON { try answer.print() }
    }

    private static func change(_ manifest: Manifest, in scope: [UInt8]?, _ path: [UInt8]) throws(Failure) -> ApplyRequest.Secret {
        func failure(_ place: TextPlace, _ problem: String, hint: String? = nil) -> Failure {
            Failure(.input, "\(text(path)): \(place): \(problem)", hint: hint)
        }
        guard var name = manifest.reference else { throw failure(manifest.place, "a manifest without a name") }
        if !name.contains(UInt8(ascii: "/")) {
            guard let scope else {
                throw failure(manifest.place, "the name does not say where the secret is", hint: "-p acme/web does")
            }
            name = Array("tacit://".utf8) + scope + [UInt8(ascii: "/")] + name
        }
        let reference = try ReferenceArgument.parse(name)
        guard let place = (try? Reference.parse(reference)).flatMap(SecretPlace.init), place.below.isEmpty else {
            throw failure(manifest.place, "\(text(reference)) is no secret")
        }
        if let entry = manifest.entries.first(where: { $0.value == nil }) {
            throw failure(
                entry.place, "\(Manifest.unchanged) says no value", hint: "tacit edit changes some values and leaves the others")
        }
        return ApplyRequest.Secret(
            ref: place.secretReference, mode: .either, description: manifest.description.map { string($0) },
            policy: manifest.policy.map(PolicyRequest.init), replaceItems: true,
            items: manifest.entries.map { ApplyRequest.Item(name: $0.path, length: $0.value?.count ?? 0) })
    }
}

extension PolicyRequest {
    init(_ policy: Manifest.Policy) {
        self.init(
            projects: policy.projects.map(PolicyProjects.init), debug: policy.debug.map(PolicyPermission.init),
            attach: policy.attach.map(PolicyPermission.init), expires: policy.expiry, rotate: policy.rotation, onExpire: policy.onExpire)
    }
}
