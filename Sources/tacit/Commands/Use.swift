// SPDX-License-Identifier: MIT

import ControlAPI
import Formats
import Linux
import Secrets

extension Command {
    static let use = Command(
        "use", operands: [Operand("[PROJECT]", .scope)], summary: "say in a .tacit file which project a folder belongs to",
        details: """
            Commands that are run in the folder, or below it, take the project from the file:
            tacit add API_KEY stores into it, tacit run uses it. The file holds no value, and
            gives nobody a right: it is made to be committed. Without PROJECT, the project
            that would be taken here is printed, with what says so. tacit(1) tells what else
            the file can say: required, secrets, env, files, templates.
              tacit use acme/web --link .env
            With --link, PATH is a link to the variables of the job that reads it, which git
            is told to ignore: every process of tacit run reads it as often as it wants, and
            outside of a job it leads nowhere.
            """,
        options: [
            DeclaredOption("link", argument: "PATH", kind: .file, "make PATH, such as .env, a link to the job's env; may be repeated"),
            .json,
        ]
    ) { invocation throws(Failure) in
        guard let word = invocation.operand(0) else {
            guard !invocation.arguments.has("link") else { throw .usage("--link goes with PROJECT", of: invocation.command) }
            return try tell(invocation)
        }
        let links = try invocation.options(named: "link").map { name throws(Failure) in
            guard ProjectFolder.mayBeLink(name) else {
                throw Failure(.usage, "--link takes the name of a file in this folder, such as .env")
            }
            return name
        }
        guard let folder = ThisProcess.knownWorkingFolder else { throw Failure(.failed, "the working directory is gone") }
        guard let status = try? FileDescriptor.status(of: string(folder)), ProjectFolder.isLooked(into: status) else {
            throw Failure(
                .failed, "a .tacit file in \(text(folder)) would count for nothing: others can write there",
                hint: "use a folder of your own")
        }
        let scope = try project(word)
        try requireExisting(scope)
        var file = try ProjectFileText(in: folder)
        let parts = splitTarget(scope.components.last ?? [])
        let project = parts.map { Reference(components: scope.components.dropLast() + [$0.project]) } ?? scope
        try file.set("project", to: [project.bytes], asList: false)
        try file.set("target", to: parts.map { [$0.target] } ?? [], asList: false)
        let known = try ProjectFolder.read(in: folder)?.file.links ?? []
        let added = links.filter { !known.contains($0) }
        if !added.isEmpty { try file.set("link", to: known + added, asList: true) }
        // The file last: where a link can't be made, nothing says that there is one.
        if !links.isEmpty {
            let mountpoint = Array(try Daemon.status().mountpoint.utf8)
            for link in links { try JobLink.place(at: ReferenceArgument.whole(link, from: folder), mountpoint: mountpoint) }
            try GitIgnore.add(links, in: folder)
        }
        try file.write()
    }

    /// Prints the project that names are taken for, and why.
    private static func tell(_ invocation: Invocation) throws(Failure) {
        let scope = try NameScope(invocation)
        let source: String? =
            switch scope.origin {
            case .option: "-p"
            case .variable: NameScope.variable
            case .file: scope.projectFolder.map { string(ProjectFolder.filePath(in: $0.path)) }
            case .workingFolder: "the working directory"
            case .none: nil
            }
        if invocation.wantsJSON {
            return try DaemonAnswer(encoding: ["project": string(scope.folder.bytes), "from": source ?? ""]).print()
        }
        try put("\(text(scope.folder))\(source.map { ", by \(text($0))" } ?? ", your own secrets: nothing names a project")\n")
    }

    private static func project(_ word: [UInt8]) throws(Failure) -> Reference {
        let reference: Reference
        do {
            reference = try Reference.parse(try ReferenceArgument.parse(word))
            if reference.components == [TreeName.user] { return reference }
            return try JobScope(reference).reference
        } catch {
            throw (error as? Failure)
                ?? Failure(.usage, "\(error)", hint: "a project is acme/web, with a target acme/web@production; user is your own secrets")
        }
    }

    /// A project that is misspelt would be found out much later.
    private static func requireExisting(_ scope: Reference) throws(Failure) {
        guard scope.components != [TreeName.user] else { return }
        do throws(Failure) { _ = try Daemon.ask(DaemonRequest("GET", Endpoint.entries, query: [(name: "ref", value: scope.bytes)])) } catch
        {
            guard error.exitCode == .notFound else { throw error }
            let kind = splitTarget(scope.components.last ?? []) == nil ? "project" : "target"
            let organization = text(scope.components.first ?? [])
            throw Failure(
                error.exitCode, "\(text(scope)): there is no such \(kind), or none that is shared with you",
                hint: "tacit org create \(organization), where that is missing, and tacit \(kind) create \(text(scope)) make it; "
                    + "a user who manages it lets you use it")
        }
    }
}
