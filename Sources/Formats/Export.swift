// SPDX-License-Identifier: MIT

package import Linux
internal import Secrets

/// The formats that a secret can be written in.
package enum ExportFormat: String, CaseIterable, Sendable {
    /// Assignments that dash, bash and zsh source: the text of `env`.
    case sh
    /// Assignments that python-dotenv, node and a shell read alike.
    case dotenv
    /// `docker run --env-file`.
    case docker
    /// `EnvironmentFile=` of systemd.
    case systemd
    /// One object of strings.
    case json
    /// A Secret of Kubernetes, as YAML.
    case k8s

    /// Whether files have a place in it, or variables only.
    package var holdsFiles: Bool { self == .k8s }

    /// Whether a shell sources it, and so does what it does with names that it keeps for itself (`ShellNames`).
    package var isForShells: Bool { self == .sh || self == .dotenv }
}

/// Writes the items of a secret.
package enum Export {
    /// The most bytes of a line that docker's client reads.
    static let longestDockerLine = 65_535

    /// Writes items, whose values are in `values`, in a format. Files are left out where the format holds variables only. `name` is
    /// what a Kubernetes Secret is called, `type` its type, `Opaque` without one.
    ///
    /// Throws `cannotHold` and `sameName` for what the format can't say, `tooLarge` and `memory`.
    package static func write(
        _ items: [Item], _ values: RawSpan, named name: [UInt8], type: [UInt8]? = nil, as format: ExportFormat
    ) throws(FormatError) -> LockedBuffer {
        let items = items.filter { format.holdsFiles || $0.kind == .variable }.sorted { $0.path.lexicographicallyPrecedes($1.path) }
        var text = try LockedBuffer.make()
        switch format {
        case .sh, .dotenv, .docker, .systemd:
            for item in items { try write(item, values.extracting(item.value), as: format, to: &text) }
        case .json: try JSONText.write(items, values, to: &text)
        case .k8s: try KubernetesText.write(items, values, named: name, type: type, to: &text)
        }
        return text
    }

    private static func write(
        _ item: Item, _ value: RawSpan, as format: ExportFormat, to text: inout LockedBuffer
    ) throws(FormatError) {
        if let (reason, instead) = objection(item, ValueTraits(value), format) {
            throw .cannotHold(item: item.name, format: format, reason: reason, instead: instead)
        }
        if format == .docker {
            try text.add(item.name)
            try text.add("=")
            try text.add(value)
            return try text.add("\n")
        }
        try text.add(EnvText.lineLength(name: item.name, value: value)) { line in
            EnvText.writeLine(name: item.name, value: value, into: &line)
        }
    }

    /// Why a format of assignments can't hold a value, and what to do instead; nil if it can.
    private static func objection(_ item: Item, _ traits: ValueTraits, _ format: ExportFormat) -> (String, String)? {
        let lineLength = item.name.count + 1 + traits.length
        if format.isForShells, let effect = ShellNames.effect(of: item.name) {
            return ("a shell keeps this name for itself: it \(effect.text)", "--skip leaves such variables out, tacit run sets them")
        }
        let anyBytes = "--format sh holds any value, and so does --format k8s"
        if traits.hasNUL { return ("its value has a NUL byte, which no variable can have", "--format k8s holds any bytes") }
        switch format {
        case .dotenv:
            return traits.dotenvProblem.map { problem in
                (problem + ", which readers of dotenv take differently", "--format sh for a shell, --format json for a program")
            }
        case .docker:
            let instead = "--format sh, and a shell that starts docker with -e \(String(decoding: item.name, as: UTF8.self))"
            if traits.hasLineFeed { return ("its value has a newline, and docker's file no way to write one", instead) }
            if traits.endsWithCarriageReturn { return ("its value ends with a carriage return, which docker drops", instead) }
            if !traits.isUTF8 { return ("its value is no UTF-8, and docker takes no such file", instead) }
            if lineLength > longestDockerLine {
                return ("with its name it is longer than the \(longestDockerLine) bytes of a line that docker reads", instead)
            }
        case .systemd:
            if !traits.isUTF8 { return ("its value is no UTF-8, and systemd takes no such file", anyBytes) }
            if lineLength > Execution.longestString {
                return ("with its name it is longer than the \(Execution.longestString) bytes that a program can be started with", anyBytes)
            }
        case .sh, .json, .k8s: break
        }
        return nil
    }
}
