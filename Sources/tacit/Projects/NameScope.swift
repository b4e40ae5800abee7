// SPDX-License-Identifier: MIT

import Formats
import Glibc
import Linux
import Secrets

/// The folder of secrets that names without a slash are in: a project, a target, or the caller's own secrets.
struct NameScope {
    /// What said so.
    enum Origin {
        /// `-p PROJECT`.
        case option
        /// `TACIT_PROJECT`.
        case variable
        /// A `.tacit` file.
        case file
        /// The working directory, which is in the mount.
        case workingFolder
        /// Nothing: they are the caller's own.
        case none
    }

    /// `acme/web`, `acme/web@production`, `user`.
    let folder: Reference
    let origin: Origin
    /// The folder with the nearest `.tacit` file, whether or not that said it.
    let projectFolder: ProjectFolder?

    /// The variable that names a project.
    static let variable = "TACIT_PROJECT"

    /// That of a command: `-p`, else TACIT_PROJECT, else `.tacit`, else the working directory if it is in the mount, else `user`.
    ///
    /// A `.tacit` file that can't be used is in nobody's way who says what they mean, unless it is used for more than the project.
    init(_ invocation: Invocation, usingSettings: Bool = false) throws(Failure) {
        let option = invocation.project
        let variable = unsafe getenv(Self.variable).map { unsafe Array(UnsafeBufferPointer(start: $0, count: strlen($0))) } ?? []
        if option != nil || !variable.isEmpty {
            origin = option == nil ? .variable : .option
            folder = try Self.folder(
                option ?? variable.map(UInt8.init(bitPattern:)), named: option == nil ? Self.variable : "-p")
            projectFolder = usingSettings ? try ProjectFolder.find() : try? ProjectFolder.find()
            return
        }
        let found = try ProjectFolder.find()
        projectFolder = found
        if let found, let project = found.file.project {
            origin = .file
            do throws(Failure) { folder = try Self.folder(project, target: found.file.target, named: "project") } catch {
                throw found.failure(error.message, hint: error.hint)
            }
        } else {
            let place = try Self.workingScope()
            origin = place == nil ? .none : .workingFolder
            folder = place ?? Reference(components: [TreeName.user])
        }
    }

    private init(_ folder: Reference, _ origin: Origin, _ projectFolder: ProjectFolder?) {
        (self.folder, self.origin, self.projectFolder) = (folder, origin, projectFolder)
    }

    /// The same project without a target.
    var withoutTarget: NameScope { NameScope(Reference(components: Self.project(folder)), origin, projectFolder) }

    /// The scope that the working directory is in: a secret's own names are no secrets of the scope. Nil outside of the mount.
    private static func workingScope() throws(Failure) -> Reference? {
        guard var names = try ReferenceArgument.workingPlace()?.components, names.first != TreeName.jobs, names.first != TreeName.job else {
            return nil
        }
        if names.first == TreeName.users {
            guard names.count > 1, names[1] == Array("\(ThisProcess.uid)".utf8) else { return nil }
            names = [TreeName.user]
        }
        return Reference(components: Array(names.prefix(names.first == TreeName.user ? 1 : 2)))
    }

    /// Whether something says which it is.
    var isChosen: Bool { origin != .none }

    /// Whether they are the caller's own secrets.
    var isOwn: Bool { folder.components == [TreeName.user] }

    /// The reference of a secret in it.
    func secret(_ name: [UInt8]) -> Reference { Reference(components: folder.components + [name]) }

    /// The settings of the `.tacit` file, where they are about the same project: what another one uses is not said there.
    var settings: ProjectFolder? {
        guard let projectFolder else { return nil }
        guard let project = projectFolder.file.project else { return projectFolder }
        let theirs = try? Self.folder(project, named: "project")
        return theirs.map(Self.project) == Self.project(folder) ? projectFolder : nil
    }

    /// A scope without its target.
    private static func project(_ folder: Reference) -> [[UInt8]] {
        folder.components.dropLast() + folder.components.suffix(1).map { splitTarget($0)?.project ?? $0 }
    }

    /// The folder that `acme/web`, `acme/web@production`, `acme/@org` or `user` means.
    private static func folder(_ word: [UInt8], target: [UInt8]? = nil, named source: String) throws(Failure) -> Reference {
        let example = "a project is acme/web, with a target acme/web@production; user is your own secrets"
        // From the root on, wherever one is: a path is one only where it is said to be.
        let isPath = word.first == UInt8(ascii: "/") || ReferenceArgument.isFromHere(word)
        let reference: Reference
        do { reference = try Reference.parse(isPath && source == "-p" ? try ReferenceArgument.parse(word) : word) } catch {
            throw (error as? Failure) ?? Failure(.usage, "\(source): \(error)", hint: example)
        }
        if reference.components == [TreeName.user] {
            guard target == nil else { throw Failure(.usage, "your own secrets have no target", hint: example) }
            return reference
        }
        if reference.components.count == 2, reference.components[1] == TreeName.shared, target == nil { return reference }
        do { return try JobScope(reference, target: target).reference } catch {
            throw Failure(.usage, "\(source): \(error)", hint: example)
        }
    }
}

extension Invocation {
    /// What `-p` names; of several, the last. To `get`, `-p {.NAME}` says another thing.
    var project: [UInt8]? { options(named: DeclaredOption.project.name).last { command.name != Command.get.name || !JSONPath.isOne($0) } }

    /// The arguments of an option, in their order.
    func options(named name: String) -> [[UInt8]] { arguments.options.filter { $0.name == name }.map(\.argument) }
}

extension DeclaredOption {
    /// `-p`, of every command that takes references.
    static let project = DeclaredOption(
        "project", letter: "p", argument: "PROJECT", kind: .reference, "the project of names without a slash")
}
