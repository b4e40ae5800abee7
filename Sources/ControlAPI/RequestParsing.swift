// SPDX-License-Identifier: MIT

// Parsing of requests by the daemon, from JSON to the types of the API.

internal import Secrets

extension GrantRequest {
    package init(_ json: JSONNode) throws(JSONError) {
        let fields = try JSONFields(json, known: ["who", "rights"])
        self.init(who: try fields.required("who", fields.principal), rights: try fields.rights("rights"))
    }
}

extension PolicyRequest {
    package init(_ json: JSONNode) throws(JSONError) {
        try self.init(json, path: "")
    }

    init(_ json: JSONNode, path: String) throws(JSONError) {
        let fields = try JSONFields(json, path: path, known: ["projects", "debug", "attach", "expires", "rotate", "onExpire"])
        self.init(
            projects: try fields.value("projects") { node, path throws(JSONError) in
                guard let projects = PolicyProjects(node) else { throw fields.wrong("projects", "neither all, none nor names") }
                return projects
            },
            debug: try fields.word("debug", as: PolicyPermission.self), attach: try fields.word("attach", as: PolicyPermission.self),
            expires: try Self.text(fields, "expires", "neither never, a date nor a time of RFC 3339 in UTC") { Expiry($0.utf8) },
            rotate: try Self.text(fields, "rotate", "neither never nor a number with s, m, h or d, of at most 100 years") {
                Rotation($0.utf8)
            },
            onExpire: try fields.word("onExpire", as: ExpiryAction.self))
    }

    private static func text<Value>(
        _ fields: JSONFields, _ name: String, _ problem: String, _ value: (String) -> Value?
    ) throws(JSONError) -> Value? {
        guard let text = try fields.string(name) else { return nil }
        guard let value = value(text) else { throw fields.wrong(name, problem) }
        return value
    }
}

extension PolicyProjects {
    fileprivate init?(_ json: JSONNode) {
        switch json.content {
        case .string("all"): self = .all
        case .string("none"): self = .none
        case .array(let elements):
            var names: [String] = []
            for element in elements {
                guard case .string(let name) = element.content else { return nil }
                names.append(name)
            }
            self = .only(names)
        default: return nil
        }
    }
}

extension JobRequest {
    package init(_ json: JSONNode) throws(JSONError) {
        let fields = try JSONFields(json, known: ["project", "target", "secrets", "variables", "files", "debug", "cgroup"])
        self.init(
            project: try fields.required("project", fields.reference), target: try fields.string("target"),
            secrets: try fields.list("secrets") { node, _ throws(JSONError) in
                guard case .string(let name) = node.content else { throw fields.wrong("secrets", "something else than names") }
                return name
            },
            variables: try fields.list("variables") { node, path throws(JSONError) in
                let fields = try JSONFields(node, path: path, known: ["name", "ref"])
                return Variable(name: try fields.required("name", fields.string), ref: try fields.required("ref", fields.string))
            },
            files: try fields.list("files") { node, path throws(JSONError) in
                let fields = try JSONFields(node, path: path, known: ["ref", "path"])
                return File(ref: try fields.required("ref", fields.string), path: try fields.required("path", fields.string))
            },
            debug: try fields.flag("debug"), cgroup: try fields.string("cgroup"))
    }
}

extension JSONFields {
    /// The elements of a list; nil if there is none.
    fileprivate func list<Element>(
        _ name: String, _ read: (JSONNode, String) throws(JSONError) -> Element
    ) throws(JSONError) -> [Element]? {
        guard let elements = try elements(name) else { return nil }
        var list: [Element] = []
        for (path, node) in elements { list.append(try read(node, path)) }
        return list
    }
}

extension ApplyRequest {
    /// Reads the head of a bundle, with or without its newline. What it says of lengths fits: together they are `valuesLength`, at most
    /// `ValueBundle.longest`.
    package init(head: [UInt8]) throws(JSONError) {
        guard head.count <= ValueBundle.longestHead else {
            throw JSONError("the head is longer than \(ValueBundle.longestHead) bytes", at: ValueBundle.longestHead)
        }
        let fields = try JSONFields(try JSONNode.parse(head), known: ["secrets", "verbatim"])
        let elements = try fields.required("secrets", fields.elements)
        guard elements.count <= ValueBundle.mostItems else { throw fields.wrong("secrets", "longer than \(ValueBundle.mostItems)") }
        var secrets: [Secret] = []
        var items = 0
        var length = 0
        for (path, node) in elements {
            let secret = try Secret(node, path: path)
            items += secret.items.count
            guard items <= ValueBundle.mostItems else { throw JSONError("more than \(ValueBundle.mostItems) items", at: node.offset) }
            for item in secret.items { length += item.length ?? 0 }
            secrets.append(secret)
        }
        guard length <= ValueBundle.longest else { throw JSONError("the values are longer than \(ValueBundle.longest) bytes", at: 0) }
        self.init(secrets: secrets, verbatim: try fields.flag("verbatim"))
    }

    /// How many bytes the values have together.
    package var valuesLength: Int {
        var length = 0
        for secret in secrets { for item in secret.items { length += item.length ?? 0 } }
        return length
    }
}

extension ApplyRequest.Secret {
    fileprivate init(_ json: JSONNode, path: String) throws(JSONError) {
        let fields = try JSONFields(
            json, path: path, known: ["ref", "mode", "description", "type", "policy", "replaceItems", "items"])
        var items: [ApplyRequest.Item] = []
        for (path, node) in try fields.elements("items") ?? [] { items.append(try ApplyRequest.Item(node, path: path)) }
        self.init(
            ref: try fields.required("ref", fields.reference),
            mode: try fields.required("mode") { name throws(JSONError) in try fields.word(name, as: ApplyRequest.Mode.self) },
            description: try fields.string("description"), type: try fields.string("type"),
            policy: try fields.value("policy") { node, path throws(JSONError) in try PolicyRequest(node, path: path) },
            replaceItems: try fields.flag("replaceItems"), items: items)
    }
}

extension ApplyRequest.Item {
    fileprivate init(_ json: JSONNode, path: String) throws(JSONError) {
        let fields = try JSONFields(json, path: path, known: ["name", "encoded", "length", "remove", "expect"])
        guard let name = OctetText.name(try fields.required("name", fields.string), encoded: try fields.string("encoded")) else {
            throw fields.wrong("encoded", "not percent-encoded")
        }
        // `ValueBundle.mostItems` of the greatest lengths can be added up.
        let length = try fields.number("length", to: Int64(ValueBundle.longest)).map { Int($0) }
        let expect = try fields.number("expect", to: .max)
        switch (length, try fields.flag("remove") ?? false) {
        case (let length?, false): self.init(name: name, length: length, expect: expect)
        case (nil, true): self.init(removing: name, expect: expect)
        default: throw fields.wrong("length", "needed, or remove, and not both")
        }
    }
}
