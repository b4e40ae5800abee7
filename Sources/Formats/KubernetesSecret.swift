internal import Linux
internal import Secrets

/// Reads a Secret of Kubernetes, version v1, in YAML or in JSON: `data`, whose values are base64, and `stringData`, which counts where
/// both have a key. What else it has means nothing here.
///
/// A key that can be the name of a variable becomes one, unless its value has a NUL byte; any other becomes a file.
enum KubernetesSecret {
    static func read(_ text: borrowing LockedBuffer) throws(FormatError) -> Items {
        var scalars = try LockedBuffer.make()
        let documents = try YAML.documents(text, &scalars)
        var shape = YAMLShape(scalars)
        guard documents.count == 1, let document = documents.first else {
            throw .unfit("it has \(documents.count) documents, and one is taken")
        }
        let fields = try shape.fields(of: document, "a Kubernetes Secret")
        for (name, value) in [("apiVersion", "v1"), ("kind", "Secret")] {
            guard let field = fields.first(where: { shape.isNamed($0, name) }), case .scalar(let range, _) = field.value.content,
                shape.holds(range, value)
            else { throw .malformed(line: document.line, problem: "no Kubernetes Secret: '\(name): \(value)' is missing") }
        }
        var values = try LockedBuffer.make()
        var items: [[UInt8]: Item] = [:]
        for title in ["data", "stringData"] {
            guard let field = fields.first(where: { shape.isNamed($0, title) }), !shape.isNothing(field.value) else { continue }
            for entry in try shape.fields(of: field.value, title) {
                let item = try item(entry, isText: title == "stringData", &shape, &values)
                items[item.name] = item
            }
        }
        guard items.count <= Import.maximumItems else { throw Import.tooMany }
        return Items(items.values.sorted { $0.path.lexicographicallyPrecedes($1.path) }, values)
    }

    private static func item(
        _ entry: YAMLField, isText: Bool, _ shape: inout YAMLShape, _ values: inout LockedBuffer
    ) throws(FormatError) -> Item {
        let key = shape.scalars.withBytes { $0.publicBytes(entry.key) }
        guard (try? Name.check(key, as: .fileComponent)) != nil else {
            throw .malformed(line: entry.line, problem: "a key that no item can have as its name")
        }
        let scalar = try shape.scalar(of: entry.value, "the value")
        let value =
            isText
            ? try shape.copy(scalar, to: &values)
            : try shape.decode(scalar, line: entry.value.line, "the value", to: &values)
        let isVariable = (try? Name.check(key, as: .variable)) != nil && !values.holdsNUL(value)
        return Item(isVariable ? .variable : .file, key, value)
    }
}
