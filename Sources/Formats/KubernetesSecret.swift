// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux
internal import Secrets

/// Reads a Secret of Kubernetes, version v1, in YAML or in JSON: `data`, whose values are base64, and `stringData`, which counts where
/// both have a key, and `type`, which is kept. What else it has means nothing here, however long it is.
///
/// A key that can be the name of a variable becomes one, unless its value has a NUL byte; any other becomes a file.
enum KubernetesSecret {
    static func read(_ text: borrowing LockedBuffer) throws(FormatError) -> Items {
        var scalars = try LockedBuffer.make()
        let documents = try SourceText.documents(text, &scalars)
        var shape = TextShape(scalars)
        guard documents.count == 1, let document = documents.first else {
            throw .unfit("it has \(documents.count) documents, and one is taken")
        }
        let fields = try shape.fields(of: document, "a Kubernetes Secret")
        func holds(_ name: String, _ words: [String]) -> Bool {
            guard let field = fields.first(where: { shape.isNamed($0, name) }), case .scalar(let range, _) = field.value.content else {
                return false
            }
            return words.contains { shape.holds(range, $0) }
        }
        if fields.contains(where: { shape.isNamed($0, "sops") }) { throw Ciphertext.sops }
        if holds("kind", ["List", "SecretList"]) {
            throw .malformed(document.place, "it is a list of Secrets, and one is taken: kubectl get secret NAME -o yaml prints one")
        }
        for (name, value) in [("apiVersion", "v1"), ("kind", "Secret")] {
            guard let field = fields.first(where: { shape.isNamed($0, name) }), case .scalar(let range, _) = field.value.content,
                shape.holds(range, value)
            else { throw .malformed(document.place, "no Kubernetes Secret: '\(name): \(value)' is missing") }
        }
        var values = try LockedBuffer.make()
        var items: [[UInt8]: Item] = [:]
        var cut: [[UInt8]] = []
        for title in ["data", "stringData"] {
            guard let field = fields.first(where: { shape.isNamed($0, title) }), !shape.isNothing(field.value) else { continue }
            for entry in try shape.fields(of: field.value, title) {
                let item = try item(entry, isText: title == "stringData", &shape, &values)
                items[item.name] = item
                if entry.value.isCut { cut.append(item.name) }
            }
        }
        guard items.count <= Import.maximumItems else { throw Import.tooMany }
        let type = try fields.first { shape.isNamed($0, "type") }.flatMap { field throws(FormatError) -> [UInt8]? in
            shape.isNothing(field.value) ? nil : try shape.name(of: field.value, "type", limit: KubernetesText.longestType)
        }
        return Items(
            items.values.sorted { $0.path.lexicographicallyPrecedes($1.path) }, values, notices: TextShape.notices(cut: cut), type: type)
    }

    private static func item(
        _ entry: TextField, isText: Bool, _ shape: inout TextShape, _ values: inout LockedBuffer
    ) throws(FormatError) -> Item {
        let key = shape.scalars.withBytes { $0.publicBytes(entry.key) }
        guard (try? Name.check(key, as: .fileComponent)) != nil else {
            throw .malformed(entry.place, "a key that no item can have as its name")
        }
        let what = "the value of \(String(decoding: key, as: UTF8.self))"
        let scalar = try shape.scalar(of: entry.value, what)
        let value =
            isText ? try shape.copy(scalar, to: &values) : try shape.decode(scalar, at: entry.value.place, what, to: &values)
        let isVariable = (try? Name.check(key, as: .variable)) != nil && !values.holdsNUL(value)
        return Item(isVariable ? .variable : .file, key, value)
    }
}
