// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

/// The words that a shell offers for one of tacit's: those that the daemon knows, as far as the caller may see them.
enum Offered {
    /// Those that the options of `tacit completion` ask for; nil if none does.
    static func words(_ invocation: Invocation) throws(Failure) -> [String]? {
        let arguments = invocation.arguments
        if let prefix = arguments.argument("references") { return try names(prefix, invocation) + references(prefix) }
        if let word = arguments.argument("variables") { return try variables(of: try invocation.secretReference(named: word)) }
        if let word = arguments.argument("versions") { return try versions(of: try invocation.secretReference(named: word)) }
        if arguments.has("secrets") { return try secrets(invocation) }
        if arguments.has("targets") { return try targets(invocation) }
        if arguments.has("deleted") {
            return try Daemon.ask(DaemonRequest("GET", Endpoint.deleted)).decoded(as: DeletedReply.self).deleted.map { $0.ref.description }
        }
        guard arguments.has("jobs") else { return nil }
        return try Daemon.ask(DaemonRequest("GET", Endpoint.jobs)).decoded(as: JobsReply.self).jobs.map(\.id)
    }

    /// References that begin with a prefix, in the form that it has: with `secret:`, below the mountpoint, below the working directory
    /// where that is in the mount, or from the root on.
    private static func references(_ prefix: [UInt8]) throws(Failure) -> [String] {
        let slash = UInt8(ascii: "/")
        var (written, asked, unseen) = ([UInt8](), prefix, [UInt8]())
        let scheme = Reference.schemeLength(prefix)
        if scheme > 0 {
            (written, asked) = (Array(prefix.prefix(scheme)), Array(prefix.dropFirst(scheme)))
        } else if prefix.starts(with: [slash, slash]) {
            // What bash hands over of `tacit://`: it takes the colon for a word's end.
            (written, asked) = ([slash, slash], Array(prefix.dropFirst(2)))
        } else if prefix.first == slash {
            written = Array(try Daemon.status().mountpoint.utf8) + [slash]
            guard prefix.starts(with: written) else { return [] }
            asked.removeFirst(written.count)
        } else if let place = try ReferenceArgument.workingPlace() {
            unseen = place.bytes + [slash]
            asked = unseen + prefix
        }
        let reply = try Daemon.ask(DaemonRequest("GET", Endpoint.complete, query: [(name: "prefix", value: asked)]))
        return try reply.decoded(as: CompleteReply.self).names.map { string(written + Array($0.utf8.dropFirst(unseen.count))) }
    }

    /// The names of the scope's secrets, for a word that is a name alone.
    private static func names(_ prefix: [UInt8], _ invocation: Invocation) throws(Failure) -> [String] {
        guard !prefix.contains(UInt8(ascii: "/")), Reference.schemeLength(prefix) == 0 else { return [] }
        return try secrets(in: try NameScope(invocation).folder)
    }

    /// The names that `-s` takes: those of all levels of the project.
    private static func secrets(_ invocation: Invocation) throws(Failure) -> [String] {
        let folder = try NameScope(invocation).folder
        guard let scope = try? JobScope(folder) else { return try secrets(in: folder) }
        var names: Set<String> = []
        for level in scope.levels { names.formUnion(try scope.folder(level).map(secrets) ?? []) }
        return names.sorted()
    }

    /// The names of a folder's secrets; none where there is no such folder.
    private static func secrets(in folder: Reference) throws(Failure) -> [String] {
        do throws(Failure) {
            return try Entries(below: folder.bytes) { $0.kind == .secret }.all().map(\.name)
        } catch {
            guard error.exitCode == .notFound || error.exitCode == .denied else { throw error }
            return []
        }
    }

    private static func targets(_ invocation: Invocation) throws(Failure) -> [String] {
        let folder = try NameScope(invocation).folder
        guard let name = folder.components.last, folder.components.count == 2 else { return [] }
        let project = splitTarget(name)?.project ?? name
        return try Entries(below: Reference(components: folder.components.dropLast()).bytes) { $0.kind == .target }.all().compactMap {
            entry in
            guard let parts = splitTarget(entry.ref.components.last ?? []), parts.project == project else { return nil }
            return string(parts.target)
        }
    }

    private static func variables(of secret: [UInt8]) throws(Failure) -> [String] {
        let reply = try Daemon.ask(DaemonRequest("GET", Endpoint.secret, query: [(name: "ref", value: secret)]))
        return try reply.decoded(as: SecretReply.self).items.map(\.name).compactMap { name in
            name.utf8.starts(with: TreeName.inVars) ? String(name.utf8.dropFirst(TreeName.inVars.count)) : nil
        }
    }

    /// The numbers of an item's versions, or of a secret's items, the newest first.
    private static func versions(of place: [UInt8]) throws(Failure) -> [String] {
        let reply = try Daemon.ask(DaemonRequest("GET", Endpoint.history, query: [(name: "ref", value: place)]))
        return Set(try reply.decoded(as: HistoryReply.self).versions.map(\.version)).sorted(by: >).map { "\($0)" }
    }
}
