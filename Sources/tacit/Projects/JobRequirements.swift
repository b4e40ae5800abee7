// SPDX-License-Identifier: MIT

import ControlAPI
import Formats
import Linux
import Secrets

/// The variables and files that a `.tacit` file requires of a job.
struct JobRequirements {
    private let required: [[UInt8]]
    private let folder: ProjectFolder?

    /// None.
    init() { (required, folder) = ([], nil) }

    init(_ folder: ProjectFolder) { (required, self.folder) = (folder.file.required, folder) }

    var isEmpty: Bool { required.isEmpty }

    /// What is wrong with one of them.
    struct Problem: Encodable, Equatable {
        /// The name of a variable or file.
        let name: String
        /// `missing`, `not used` or `empty`.
        let problem: String
        /// Where something of that name is that the job has not; nil where nothing is, or where it is empty.
        let ref: String?

        /// For people.
        var line: String { text(name) + ": " + problem + (ref.map { ": " + text($0) } ?? "") }
    }

    /// Throws a failure where something that is required is not in the job, or is empty.
    func check(_ values: borrowing JobValues) throws(Failure) {
        let problems = problems(values)
        guard !problems.isEmpty, let folder else { return }
        throw Failure(
            .failed,
            "\(text(ProjectFolder.filePath(in: folder.path))) requires what the job has not: "
                + problems.map(\.line).joined(separator: ", "),
            hint: "tacit check tells whether it is somewhere else, and tacit add NAME stores one")
    }

    /// What is wrong, in the order of the file. `places` tell of the project's secrets where something of a name is.
    func problems(_ values: borrowing JobValues, places: [[UInt8]: String] = [:]) -> [Problem] {
        var found: [[UInt8]: Bool] = [:]
        for item in values.items where item.isInView { found[item.path.name] = item.value.isEmpty }
        return required.compactMap { name in
            if let isEmpty = found[name] { return isEmpty ? Problem(name: string(name), problem: "empty", ref: nil) : nil }
            return Problem(name: string(name), problem: places[name] == nil ? "missing" : "not used", ref: places[name])
        }
    }

    /// Where the secrets of a scope that the caller may list have variables or files of the required names. A process in a job sees only
    /// what the job has: it is to be asked before.
    func places(in scope: JobScope) throws(Failure) -> [[UInt8]: String] {
        var places: [[UInt8]: String] = [:]
        for level in scope.levels.reversed() {
            guard let place = scope.folder(level) else { continue }
            do throws(Failure) {
                try TreeWalk.visit(below: place.bytes) { entry throws(Failure) in
                    guard let item = SecretPlace(entry.ref)?.below, let name = Self.name(of: item), required.contains(name) else { return }
                    places[name] = string(entry.ref.bytes)
                }
            } catch { guard error.exitCode == .notFound || error.exitCode == .denied else { throw error } }
        }
        return places
    }

    /// The name by which a job has an item of a secret: that of a variable, the path of a file.
    private static func name(of item: [[UInt8]]) -> [UInt8]? {
        guard item.count >= 2 else { return nil }
        if item[0] == TreeName.vars { return item[1] }
        return item[0] == TreeName.files ? Reference(components: Array(item.dropFirst())).bytes : nil
    }
}
