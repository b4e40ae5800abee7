// SPDX-License-Identifier: MIT

package import Linux

/// Why a template can't be rendered. Names positions and references, and quotes nothing else.
package enum TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A reference that stands for nothing, or for more than one thing.
    package struct Unresolved: Hashable, Sendable, CustomStringConvertible {
        /// Why it stands for nothing.
        package enum Reason: Hashable, Sendable {
            /// There is no secret of that name.
            case noSecret
            /// There is such a secret, without that variable.
            case noVariable
            /// The secret has so many items, and the reference names none.
            case items(Int)
            /// There is a secret of that name, and a variable with its secret.
            case ambiguous
        }

        /// Which one, and where it is.
        package let reference: TemplateReference
        /// Why it stands for nothing.
        package let reason: Reason

        package var description: String {
            let name = String(decoding: reference.name, as: UTF8.self)
            let problem =
                switch reason {
                case .noSecret: "no secret for ${secrets.\(name)}"
                case .noVariable: "no such variable: ${secrets.\(name)}"
                case .items(0): "the secret of ${secrets.\(name)} is empty"
                case .items(let count): "the secret of ${secrets.\(name)} has \(count) items"
                case .ambiguous: "${secrets.\(name)} may be a secret or a variable of another"
                }
            return "line \(reference.line), column \(reference.column): \(problem)"
        }
    }

    /// The text is no template.
    case malformed(TemplateTextError)
    /// All references that stand for nothing, in the order of the template.
    case unresolved([Unresolved])
    /// The template is longer than `Template.longestText`.
    case textTooLong
    /// The text with the values is longer than `Template.longestResult`.
    case resultTooLong
    /// No memory can be locked.
    case memory(Errno)

    /// All of it, in one line.
    package var description: String {
        switch self {
        case .malformed(let error): error.description
        case .unresolved(let references): references.map(\.description).joined(separator: "; ")
        case .textTooLong: "the template is longer than \(Template.longestText >> 20) MiB"
        case .resultTooLong: "with its values the template is longer than \(Template.longestResult >> 20) MiB"
        case .memory(let error): "can't lock memory: \(error)"
        }
    }

    /// The next step, if there is one.
    package var hint: String? {
        switch self {
        case .malformed: "$${ stands for ${ itself, ${secrets.$} for a $ in front of a value"
        case .unresolved(let references):
            references.contains { if case .items(2...) = $0.reason { true } else { false } }
                ? "name the variable: ${secrets.NAME.VARIABLE}" : nil
        case .textTooLong, .resultTooLong: nil
        case .memory: "raise RLIMIT_MEMLOCK (ulimit -l)"
        }
    }
}
