// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets
import Templates

/// The templates of a job, read before it starts.
struct JobTemplates {
    private final class Text: Sendable {
        let path: [UInt8]
        let output: Placement
        let bytes: LockedBuffer

        init(_ template: RunAdditions.Template) throws(Failure) {
            path = template.input
            output = template.output
            do {
                let file = try FileDescriptor.open(string(path), .readOnly)
                var bytes = try LockedBuffer(capacity: 4096)
                try bytes.append(readingAllOf: file, limit: Template.longestText)
                self.bytes = bytes
            } catch {
                if error == .again || error == .outOfMemory { throw .noLockedMemory(error) }
                let reason = error == .fileTooLarge ? "it is longer than \(Template.longestText >> 20) MiB" : "\(error)"
                throw Failure(.failed, "can't read \(text(path)): \(reason)")
            }
        }
    }

    private let texts: [Text]

    /// Reads the files.
    init(_ templates: [RunAdditions.Template]) throws(Failure) {
        texts = try templates.map { template throws(Failure) in try Text(template) }
    }

    var isEmpty: Bool { texts.isEmpty }

    /// The files that the view will have of them, by their names below `files`.
    var files: [[[UInt8]]] { texts.map(\.output.stored) }

    /// Puts the values in, and, when that has succeeded for all of them, gives what becomes of them to the daemon, which keeps it in locked
    /// memory as files of the view. `again`: in the place of what became of them before.
    func render(with values: borrowing JobValues, again: Bool = false) throws(Failure) {
        var rendered: [Rendered] = []
        for template in texts { rendered.append(Rendered(try Self.render(template, values))) }
        for (template, rendered) in zip(texts, rendered) {
            let path = Reference(components: template.output.stored).bytes
            let request = DaemonRequest(
                "PUT", Endpoint.jobFile,
                query: [(name: "path", value: path)] + (again ? [(name: "overwrite", value: Array("true".utf8))] : []))
            _ = try Daemon.ask(request, sending: rendered.bytes)
        }
    }

    private final class Rendered {
        let bytes: LockedBuffer
        init(_ bytes: consuming LockedBuffer) { self.bytes = bytes }
    }

    private static func render(_ template: Text, _ values: borrowing JobValues) throws(Failure) -> LockedBuffer {
        do throws(TemplateError) {
            return try template.bytes.withBytes { bytes throws(TemplateError) in
                try Template.render(bytes) { meaning, lend in values.lookUp(meaning, lend) }
            }
        } catch {
            if case .memory(let reason) = error { throw .noLockedMemory(reason) }
            throw Failure(.failed, "\(text(template.path)): \(error)", hint: error.hint)
        }
    }
}
