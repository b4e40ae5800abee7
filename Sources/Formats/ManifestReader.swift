internal import Linux
internal import Secrets

/// From the nodes of a document to a manifest.
struct ManifestReader: ~Copyable {
    private var shape: YAMLShape
    private var buffer: LockedBuffer

    init(_ shape: consuming YAMLShape, _ values: consuming LockedBuffer) {
        self.shape = shape
        buffer = values
    }

    /// The values of all manifests that were read.
    consuming func values() -> LockedBuffer { buffer }

    mutating func manifest(_ document: YAMLNode) throws(FormatError) -> Manifest {
        var manifest = Manifest(line: document.line)
        var found: Set<String> = []
        for field in try shape.fields(of: document, "a manifest") {
            switch try known(field, ["apiVersion", "kind", "metadata", "data", "org_config"], &found) {
            case "apiVersion": try expect(["v1beta"], field, "apiVersion")
            case "kind": try expect(["Secret", "ProjectSecret"], field, "kind")
            case "metadata": try readMetadata(field.value, &manifest)
            case "data": try readData(field.value, &manifest)
            default: manifest.policy = try policy(field.value)
            }
        }
        for name in ["apiVersion", "kind"] where !found.contains(name) {
            throw .malformed(line: document.line, problem: "no manifest of a secret: '\(name)' is missing")
        }
        return manifest
    }

    private mutating func readMetadata(_ node: YAMLNode, _ manifest: inout Manifest) throws(FormatError) {
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
                guard !text.contains(0) else { throw .malformed(line: field.value.line, problem: "description has a NUL byte") }
                manifest.description = text
            default: break
            }
        }
    }

    private mutating func readData(_ node: YAMLNode, _ manifest: inout Manifest) throws(FormatError) {
        if shape.isNothing(node) { return }
        var found: Set<String> = []
        var names: Set<[UInt8]> = []
        for field in try shape.fields(of: node, "data") {
            let isVariables = try known(field, ["env_vars", "files"], &found) == "env_vars"
            for element in try shape.elements(of: field.value, isVariables ? "env_vars" : "files") {
                let entry = isVariables ? try variable(element) : try file(element)
                guard names.insert(entry.path).inserted else {
                    throw .malformed(line: entry.line, problem: "an item that was there before")
                }
                manifest.entries.append(entry)
            }
        }
    }

    private mutating func variable(_ node: YAMLNode) throws(FormatError) -> Manifest.Entry {
        let (named, valued) = try pair(node, "name", "value", "a variable")
        let name = try shape.name(of: named, "name")
        guard (try? Name.check(name, as: .variable)) != nil else {
            throw .malformed(line: named.line, problem: "a variable's name has \(NameRule.variable.text)")
        }
        let scalar = try shape.scalar(of: valued, "value")
        if shape.holds(scalar, Manifest.unchanged) { return Manifest.Entry(kind: .variable, name: name, value: nil, line: node.line) }
        let value = try shape.copy(scalar, to: &buffer)
        guard !buffer.holdsNUL(value) else {
            throw .malformed(line: valued.line, problem: "a variable's value can't have a NUL byte")
        }
        return Manifest.Entry(kind: .variable, name: name, value: value, line: node.line)
    }

    private mutating func file(_ node: YAMLNode) throws(FormatError) -> Manifest.Entry {
        let (placed, filled) = try pair(node, "path", "content", "a file")
        let path = try shape.name(of: placed, "path")
        let name: [UInt8]
        do throws(PlacementError) { name = Reference(components: try Placement.parse(path).stored).bytes } catch {
            throw .malformed(line: placed.line, problem: "\(error)")
        }
        let scalar = try shape.scalar(of: filled, "content")
        if shape.holds(scalar, Manifest.unchanged) { return Manifest.Entry(kind: .file, name: name, value: nil, line: node.line) }
        let value = try shape.decode(scalar, line: filled.line, "content", to: &buffer)
        return Manifest.Entry(kind: .file, name: name, value: value, line: node.line)
    }

    private mutating func pair(
        _ node: YAMLNode, _ first: String, _ second: String, _ what: String
    ) throws(FormatError) -> (YAMLNode, YAMLNode) {
        var found: Set<String> = []
        var nodes: [String: YAMLNode] = [:]
        for field in try shape.fields(of: node, what) { nodes[try known(field, [first, second], &found)] = field.value }
        guard let named = nodes[first] else { throw .malformed(line: node.line, problem: "\(what) without \(first)") }
        guard let valued = nodes[second] else { throw .malformed(line: node.line, problem: "\(what) without \(second)") }
        return (named, valued)
    }

    private mutating func policy(_ node: YAMLNode) throws(FormatError) -> Manifest.Policy {
        var policy = Manifest.Policy()
        var found: Set<String> = []
        var names: Set<[UInt8]> = []
        for field in try shape.fields(of: node, "org_config") {
            switch try known(field, ["projects_access", "project_ids", "debug_access", "attach_access"], &found) {
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
            default: policy.attach = try expect(["JOB_ATTACH_YES", "JOB_ATTACH_NO"], field, "attach_access") == "JOB_ATTACH_YES"
            }
        }
        if case .only = policy.projects {
            policy.projects = .only(names)
        } else if !names.isEmpty {
            // Else the names would count for nothing, and the secret would be open to more projects than it says.
            throw .malformed(line: node.line, problem: "project_ids goes with projects_access: ALLOWED")
        }
        guard (try? AccessPolicy(projects: policy.projects ?? .all, debug: true, attach: true)) != nil else {
            throw .malformed(line: node.line, problem: "project_ids has a name that no project can have, or too many")
        }
        return policy
    }

    /// Which of these the field is.
    private func known(_ field: YAMLField, _ names: [String], _ found: inout Set<String>) throws(FormatError) -> String {
        guard let name = names.first(where: { shape.isNamed(field, $0) }) else {
            throw .malformed(line: field.line, problem: "a field that is none of \(names.joined(separator: ", "))")
        }
        found.insert(name)
        return name
    }

    @discardableResult
    private func expect(_ words: [String], _ field: YAMLField, _ what: String) throws(FormatError) -> String {
        let range = try shape.scalar(of: field.value, what)
        guard let word = words.first(where: { shape.holds(range, $0) }) else {
            throw .malformed(line: field.value.line, problem: "\(what) must be \(words.joined(separator: " or "))")
        }
        return word
    }
}
