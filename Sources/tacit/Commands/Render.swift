// SPDX-License-Identifier: MIT

import ControlAPI
import Formats
import Glibc
import Linux
import Secrets
import Templates

extension Command {
    static let render = Command(
        "render", operands: [Operand("FILE", .file)], summary: "print a template with secrets put in, without a job",
        details: """
            A template has ${secrets.NAME} or ${secrets.NAME.VAR} where a value is to be, as
            for tacit run. NAME is a secret of the project: of its target, else of the
            project, else of @org; without a project, one of your own. Each value takes the
            right to read it, and nothing is written where one is missing.
            FILE is a path, or - for standard input.
            """,
        options: [
            .project,
            DeclaredOption("out", argument: "PATH", kind: .text, "write to that file instead, which nobody else can read"),
        ]
    ) { invocation throws(Failure) in
        try invocation.forbidDumps()
        let path = invocation.operand(0) ?? []
        let text = try TextFile.read(path)
        let template: TemplateText
        do throws(TemplateTextError) {
            template = try text.withBytes { bytes throws(TemplateTextError) in try TemplateText.parse(bytes) }
        } catch {
            throw Failure(.input, "\(tacit.text(path)): \(error)", hint: TemplateError.malformed(error).hint)
        }
        let values = try RenderedValues(of: template, in: try folders(invocation))
        let rendered: LockedBuffer
        do throws(TemplateError) {
            rendered = try text.withBytes { bytes throws(TemplateError) in
                try Template.render(bytes) { meaning, lend in values.lookUp(meaning, lend) }
            }
        } catch {
            if case .memory(let reason) = error { throw .noLockedMemory(reason) }
            throw Failure(.input, "\(tacit.text(path)): \(error)", hint: error.hint)
        }
        guard let out = invocation.arguments.argument("out") else {
            return try rendered.withBytes { bytes throws(Failure) in try put(bytes) }
        }
        do throws(Errno) { try rendered.replace(file: out) } catch { throw Failure(.failed, "can't write \(tacit.text(out)): \(error)") }
    }

    /// Where secrets are looked for, nearest first.
    private static func folders(_ invocation: Invocation) throws(Failure) -> [Reference] {
        let folder = try NameScope(invocation).folder
        guard let scope = try? JobScope(folder) else { return [folder] }
        return scope.levels.compactMap { scope.folder($0) }
    }
}

/// The values that a template names, asked for one by one: each is decided and logged as any other.
private struct RenderedValues {
    private var found: [TemplateReference.Meaning: (answer: TemplateAnswer, value: Value?)] = [:]

    /// Asks for all of them. Throws a failure for what the caller may not read, and where no daemon answers.
    init(of template: TemplateText, in folders: [Reference]) throws(Failure) {
        for part in template.parts {
            guard case .reference(let reference) = part else { continue }
            for meaning in reference.meanings where found[meaning] == nil { found[meaning] = try Self.ask(meaning, folders) }
        }
    }

    func lookUp(_ meaning: TemplateReference.Meaning, _ lend: (RawSpan) -> Void) -> TemplateAnswer {
        guard let (answer, value) = found[meaning] else { return .noSecret }
        // Lending throws nothing.
        try? value?.withBytes { bytes throws(Failure) in lend(bytes) }
        return answer
    }

    private static func ask(_ meaning: TemplateReference.Meaning, _ folders: [Reference]) throws(Failure) -> (TemplateAnswer, Value?) {
        for folder in folders {
            let secret = Reference(components: folder.components + [meaning.secret])
            let items: [SecretReply.Item]
            do throws(Failure) {
                items = try Daemon.ask(DaemonRequest("GET", Endpoint.secret, query: [(name: "ref", value: secret.bytes)])).decoded(
                    as: SecretReply.self
                ).items
            } catch {
                guard error.exitCode == .notFound else { throw error }
                continue
            }
            let item: [UInt8]
            if let variable = meaning.variable {
                item = TreeName.inVars + variable
                guard items.contains(where: { $0.bytes == item }) else { return (.noVariable, nil) }
            } else {
                guard items.count == 1, let only = items.first else { return (.items(items.count), nil) }
                item = only.bytes
            }
            let value = try Daemon.values(
                DaemonRequest("GET", Endpoint.value, query: [(name: "ref", value: secret.bytes + [UInt8(ascii: "/")] + item)]))
            return (.value, Value(value))
        }
        return (.noSecret, nil)
    }
}

extension LockedBuffer {
    /// Makes it what a file holds, readable for its owner alone: written beside it and put in its place, so that nobody ever finds half of
    /// it. Throws what open(2), write(2), fsync(2) and rename(2) do.
    borrowing func replace(file path: [UInt8]) throws(Errno) {
        let spare = string(path) + ".tacit-\(ThisProcess.id)"
        let file = try FileDescriptor.open(spare, [.writeOnly, .create, .exclusive, .noFollow], permissions: 0o600)
        do throws(Errno) {
            try withBytes { bytes throws(Errno) in try file.writeAll(bytes) }
            try file.fsync()
            guard unsafe Glibc.rename(spare, string(path)) == 0 else { throw .current }
        } catch {
            _ = unsafe unlink(spare)
            throw error
        }
    }
}
