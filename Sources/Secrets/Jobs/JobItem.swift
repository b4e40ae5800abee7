// SPDX-License-Identifier: MIT

/// Where something is in a job's view.
package enum JobPath: Hashable, Sendable, CustomStringConvertible {
    /// `vars/NAME`
    case variable([UInt8])
    /// `files/…`, by the names below `files`; what they mean outside is told by `Placement`.
    case file([[UInt8]])

    /// `variable PASSWORD`, `file .ssh/id_rsa`, `file /etc/app/key.pem`.
    package var description: String {
        switch self {
        case .variable(let name): "variable \(String(decoding: name, as: UTF8.self))"
        case .file(let names): "file \(Placement(stored: names)?.description ?? Reference(components: names).description)"
        }
    }

    /// The path of these names below the top of a view; nil for names that no view can have.
    package init?(components: [[UInt8]]) {
        let names = Array(components.dropFirst())
        switch components.first {
        case Facet.vars.name where names.count == 1: self = .variable(names[0])
        case Facet.files.name: self = .file(names)
        default: return nil
        }
        guard (try? check()) != nil else { return nil }
    }

    /// Reads what `text` gives; nil for what no view can have there.
    package init?(text: [UInt8]) { self.init(components: Self.names(in: text)) }

    /// The names on the way from the top of a view.
    package var components: [[UInt8]] {
        switch self {
        case .variable(let name): [Facet.vars.name ?? [], name]
        case .file(let names): [Facet.files.name ?? []] + names
        }
    }

    /// How many names it has below `vars` or `files`.
    package var depth: Int {
        switch self {
        case .variable: 1
        case .file(let names): names.count
        }
    }

    /// `vars/NAME` or `files/a/b`.
    package var text: [UInt8] { Reference(components: components).bytes }

    /// The names between the slashes of a path, with the empty ones, which nothing has.
    package static func names(in path: [UInt8]) -> [[UInt8]] {
        path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
    }

    /// How long the names of a file that a job is given are in all, in bytes with the slashes between: as long as a path may be that
    /// open(2) takes (PATH_MAX, limits.h).
    package static let maximumLength = 4095
    /// How many names those are.
    package static let maximumDepth = 64

    /// Why a job can't be given something there; nil if it can, as far as the path goes.
    package var problem: String? {
        if case .file(let names) = self {
            let length = names.reduce(names.count - 1) { $0 + $1.count }
            guard names.count <= Self.maximumDepth, length <= Self.maximumLength else {
                return "a file is at most \(Self.maximumDepth) names deep, and those have \(Self.maximumLength) bytes together"
            }
        }
        do throws(NameError) { try check() } catch { return "\(self): \(error)" }
        return nil
    }

    /// Throws for names that no view can have.
    func check() throws(NameError) {
        switch self {
        case .variable(let name): try Name.check(name, as: .variable)
        case .file(let names):
            if names.isEmpty { throw NameError(problem: .empty, rule: .fileComponent) }
            for name in names { try Name.check(name, as: .fileComponent) }
        }
    }
}

/// An item as a secret holds it.
package struct JobContent: Hashable, Sendable {
    /// Where it is in its secret, and so in a view.
    package let path: JobPath
    package let item: Inode

    package init(_ path: JobPath, _ item: Inode) {
        self.path = path
        self.item = item
    }
}

/// Something in a job's view.
package struct JobItem: Hashable, Sendable {
    /// Where it is in the view.
    package let path: JobPath
    /// The kind of the item: a variable, a file, or the `env` of a secret.
    package let item: Inode
    /// Where it comes from: the secret, or what `--env` or `--file` named.
    package let source: Reference
}

/// Two things that a job can't have both, and which of them it has.
package struct JobCollision: Hashable, Sendable, CustomStringConvertible {
    /// Why one has it over the other.
    package enum Rule: Hashable, Sendable, CustomStringConvertible {
        case narrowerScope
        /// On the command line.
        case namedLater
        /// Neither was named: the order of names decides, by bytes.
        case laterName
        /// `--env` and `--file` have it over what secrets define.
        case explicit

        package var description: String {
            switch self {
            case .narrowerScope: "the narrower scope wins"
            case .namedLater: "what is named later wins"
            case .laterName: "the secret whose name comes later wins"
            case .explicit: "what the command line places wins"
            }
        }
    }

    /// A kind of collision.
    package enum Subject: Hashable, Sendable {
        /// Two secrets of one name, of which one hides the other whole.
        case secret
        /// Two items. Their paths are equal, or that of one file is a folder in the other's.
        case items(winner: JobPath, loser: JobPath)
    }

    /// The thing that collided: a variable or a file.
    package let subject: Subject
    /// Where what the job has comes from: a secret, or what `--env` or `--file` named.
    package let winner: Reference
    /// Where the other comes from.
    package let loser: Reference
    /// Why the winner has it.
    package let rule: Rule

    /// What to say of the collisions that nothing decides: two secrets of one scope, neither of them named. Nil if there are none.
    package static func undecided(_ collisions: [JobCollision]) -> String? {
        let undecided = collisions.filter { $0.rule == .laterName }
        guard !undecided.isEmpty else { return nil }
        let told = undecided.prefix(3).map { "\($0.loser) and \($0.winner) both have \($0.thing)" }
        return told.joined(separator: ", ") + (undecided.count > 3 ? ", and \(undecided.count - 3) more" : "")
    }

    /// What both want to be.
    private var thing: String {
        switch subject {
        case .secret: "the name \(winner)"
        case .items(let path, let other): path == other ? "\(path)" : "what \(path) and \(other) leave no place for"
        }
    }

    /// A line for standard error. Names of files are other people's: it may hold any character.
    package var description: String {
        switch subject {
        case .secret: "\(winner) hides \(loser): \(rule)"
        case .items(let path, let other) where path == other: "\(path) is that of \(winner), not of \(loser): \(rule)"
        case .items(let path, let other): "\(path) of \(winner) leaves no place for \(other) of \(loser): \(rule)"
        }
    }
}
