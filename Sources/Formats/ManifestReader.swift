// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// From the nodes of a document to a manifest.
struct ManifestReader: ~Copyable {
    private var shape: TextShape
    private var buffer: LockedBuffer
    /// The names of variables whose values a comment of YAML has ended.
    private(set) var cut: [[UInt8]] = []

    init(_ shape: consuming TextShape, _ values: consuming LockedBuffer) {
        self.shape = shape
        buffer = values
    }

    /// The values of all manifests that were read.
    consuming func values() -> LockedBuffer { buffer }

    mutating func manifest(_ document: TextNode) throws(FormatError) -> Manifest {
        var manifest = Manifest(place: document.place)
        var found: Set<String> = []
        let fields = try shape.fields(of: document, "a manifest")
        if fields.contains(where: { shape.isNamed($0, "sops") }) { throw Ciphertext.sops }
        for field in fields {
            switch try known(field, ["apiVersion", "kind", "metadata", "data", "org_config"], &found) {
            case "apiVersion": try expect(["v1beta"], field, "apiVersion")
            case "kind": try expect(["Secret", "ProjectSecret"], field, "kind")
            case "metadata": try readMetadata(field.value, &manifest)
            case "data": try readData(field.value, &manifest)
            default: manifest.policy = try policy(field.value)
            }
        }
        for name in ["apiVersion", "kind"] where !found.contains(name) {
            throw .malformed(document.place, "no manifest of a secret: '\(name)' is missing")
        }
        return manifest
    }

    private mutating func readMetadata(_ node: TextNode, _ manifest: inout Manifest) throws(FormatError) {
        let passedOver = ["id", "create_time", "update_time", "content_included", "project_id_or_name"]
        var found: Set<String> = []
        for field in try shape.fields(of: node, "metadata") {
            switch try known(field, ["name", "ref", "description"] + passedOver, &found) {
            case "ref": manifest.reference = try shape.name(of: field.value, "ref")
            case "name":
                let name = try shape.name(of: field.value, "name")
                if !found.contains("ref") { manifest.reference = name }
            case "description":
                if shape.isNothing(field.value) { continue }
                let text = try shape.name(of: field.value, "description", limit: Manifest.maximumDescription)
                guard !text.contains(0) else { throw .malformed(field.value.place, "description has a NUL byte") }
                manifest.description = text
            default: break
            }
        }
    }

    private mutating func readData(_ node: TextNode, _ manifest: inout Manifest) throws(FormatError) {
        if shape.isNothing(node) { return }
        var found: Set<String> = []
        var names: Set<[UInt8]> = []
        for field in try shape.fields(of: node, "data") {
            let isVariables = try known(field, ["env_vars", "files"], &found) == "env_vars"
            for element in try shape.elements(of: field.value, isVariables ? "env_vars" : "files") {
                let entry = isVariables ? try variable(element) : try file(element)
                guard names.insert(entry.path).inserted else {
                    throw .malformed(entry.place, "an item that was there before")
                }
                manifest.entries.append(entry)
            }
        }
    }

    private mutating func variable(_ node: TextNode) throws(FormatError) -> Manifest.Entry {
        let (named, valued) = try pair(node, "name", "value", "a variable")
        let name = try shape.name(of: named, "name")
        guard (try? Name.check(name, as: .variable)) != nil else {
            throw .malformed(named.place, "a variable's name has \(NameRule.variable.text)")
        }
        let scalar = try shape.scalar(of: valued, "the value of \(text(name))")
        if shape.holds(scalar, Manifest.unchanged) { return Manifest.Entry(kind: .variable, name: name, value: nil, place: node.place) }
        let value = try shape.copy(scalar, to: &buffer)
        if valued.isCut { cut.append(name) }
        if let error = buffer.withBytes({ Ciphertext.error(for: $0.extracting(value)) }) { throw error }
        guard !buffer.holdsNUL(value) else {
            throw .malformed(valued.place, "the value of \(text(name)) has a NUL byte, which no variable can have")
        }
        return Manifest.Entry(kind: .variable, name: name, value: value, place: node.place)
    }

    private mutating func file(_ node: TextNode) throws(FormatError) -> Manifest.Entry {
        let (placed, filled) = try pair(node, "path", "content", "a file")
        let path = try shape.name(of: placed, "path")
        let name: [UInt8]
        do throws(PlacementError) { name = Reference(components: try Placement.parse(path).stored).bytes } catch {
            throw .malformed(placed.place, "\(error)")
        }
        let scalar = try shape.scalar(of: filled, "the content of \(text(path))")
        if shape.holds(scalar, Manifest.unchanged) { return Manifest.Entry(kind: .file, name: name, value: nil, place: node.place) }
        let value = try shape.decode(scalar, at: filled.place, "the content of \(text(path))", to: &buffer)
        return Manifest.Entry(kind: .file, name: name, value: value, place: node.place)
    }

    private mutating func pair(
        _ node: TextNode, _ first: String, _ second: String, _ what: String
    ) throws(FormatError) -> (TextNode, TextNode) {
        var found: Set<String> = []
        var nodes: [String: TextNode] = [:]
        for field in try shape.fields(of: node, what) { nodes[try known(field, [first, second], &found)] = field.value }
        guard let named = nodes[first] else { throw .malformed(node.place, "\(what) without \(first)") }
        guard let valued = nodes[second] else { throw .malformed(node.place, "\(what) without \(second)") }
        return (named, valued)
    }

    private mutating func policy(_ node: TextNode) throws(FormatError) -> Manifest.Policy {
        var policy = Manifest.Policy()
        var found: Set<String> = []
        var names: Set<[UInt8]> = []
        for field in try shape.fields(of: node, "org_config") {
            switch try known(field, Self.policyFields, &found) {
            case "projects_access":
                switch try expect(["ALL", "NONE", "ALLOWED"], field, "projects_access") {
                case "ALL": policy.projects = .all
                case "NONE": policy.projects = AccessPolicy.Projects.none
                default: policy.projects = .only([])
                }
            case "project_ids":
                for element in try shape.elements(of: field.value, "project_ids") {
                    names.insert(try shape.name(of: element, "a project's name"))
                }
            case "debug_access": policy.debug = try expect(["JOB_DEBUG_YES", "JOB_DEBUG_NO"], field, "debug_access") == "JOB_DEBUG_YES"
            case "attach_access":
                policy.attach = try expect(["JOB_ATTACH_YES", "JOB_ATTACH_NO"], field, "attach_access") == "JOB_ATTACH_YES"
            case "expires": policy.expiry = try word(field, "expires", "never, a date, or a time of RFC 3339 in UTC") { Expiry($0) }
            case "rotate": policy.rotation = try word(field, "rotate", "never, or a time such as 90d or 36h") { Rotation($0) }
            default: policy.onExpire = ExpiryAction(rawValue: try expect(ExpiryAction.allCases.map(\.rawValue), field, "on_expire"))
            }
        }
        if case .only = policy.projects {
            policy.projects = .only(names)
        } else if !names.isEmpty {
            // Else the names would count for nothing, and the secret would be open to more projects than it says.
            throw .malformed(node.place, "project_ids goes with projects_access: ALLOWED")
        }
        guard (try? AccessPolicy(projects: policy.projects ?? .all, debug: true, attach: true)) != nil else {
            throw .malformed(node.place, "project_ids has a name that no project can have, or too many")
        }
        return policy
    }

    private static let policyFields = [
        "projects_access", "project_ids", "debug_access", "attach_access", "expires", "rotate", "on_expire",
    ]

    /// A scalar as what it says.
    private func word<Value>(
        _ field: TextField, _ name: String, _ form: String, _ read: ([UInt8]) -> Value?
    ) throws(FormatError) -> Value {
        guard let value = read(try shape.name(of: field.value, name)) else {
            throw .malformed(field.value.place, "\(name) must be \(form)")
        }
        return value
    }

    /// Which of these the field is.
    private func known(_ field: TextField, _ names: [String], _ found: inout Set<String>) throws(FormatError) -> String {
        guard let name = names.first(where: { shape.isNamed(field, $0) }) else {
            throw .malformed(field.place, "a field that is none of \(names.joined(separator: ", "))")
        }
        found.insert(name)
        return name
    }

    @discardableResult
    private func expect(_ words: [String], _ field: TextField, _ what: String) throws(FormatError) -> String {
        let range = try shape.scalar(of: field.value, what)
        guard let word = words.first(where: { shape.holds(range, $0) }) else {
            throw .malformed(field.value.place, "\(what) must be \(words.joined(separator: " or "))")
        }
        return word
    }

    private func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }
}
