// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Glibc
import Secrets
import Testing

@testable import Control

/// The description for other programs, contrib/openapi.yaml, against the table of routes.
@Suite struct OpenAPITests {
    @Test func `names every route and no other`() throws {
        let described = try OpenAPI.read().operations
        let served = Route.all.map { OpenAPI.Operation(path: $0.path, method: $0.method, parameters: $0.parameters) }
        #expect(Set(described) == Set(served))
        #expect(described.count == served.count)
    }

    @Test func `says which take a body`() throws {
        let described = Set(try OpenAPI.read().bodies)
        let served = Route.all.filter { $0.body != .none }.map { "\($0.method) \($0.path)" }
        #expect(described == Set(served))
    }

    /// Outside of jobs and in one, with parameters that lead somewhere, nowhere and are missing, and bodies that lack something.
    @Test(arguments: [false, true]) func `says which statuses there are`(inJob: Bool) throws {
        let server = try Server(owner: geteuid() &+ 1)
        try server.make("acme/web/db", ["vars/PASSWORD": marker])
        try server.share("acme/web", .all)
        let described = try OpenAPI.read().statuses
        var seen: [String: Set<Int>] = [:]
        let connection = try KeptConnection(server)
        if inJob { _ = try connection.start() }
        let queries: [(String) -> String?] = [
            { _ in nil },
            { ["ref": "acme/web/db", "from": "acme/web/db", "to": "acme/web/new", "prefix": "acme/", "path": "x", "id": "1"][$0] },
            { ["ref": "acme/none", "from": "acme/none/x", "to": "none/x/y", "prefix": "", "path": "../x", "id": "0123456789abcdef"][$0] },
            { ["ref": "acme/web/db/vars/PASSWORD", "id": "none", "kind": "secret", "to": "x"][$0] },
        ]
        let bodies = ["", "{}", #"{"who":"uid:1001"}"#, #"{"who":"uid:1001","rights":"read"}"#, #"{"project":"acme/none"}"#, "[1]"]
        for route in Route.all {
            for query in queries {
                var parameters = route.parameters.sorted().compactMap { name in query(name).map { "\(name)=\($0)" } }
                // It would not end.
                if route.parameters.contains("seconds") { parameters.append("seconds=0") }
                let target = route.path + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
                for body in route.body == .none ? [""] : bodies {
                    let status = try server.ask(route.method, target, body: body).status
                    let operation = "\(route.method) \(route.path)"
                    #expect(described[operation]?.contains(status) == true, "\(operation): \(status) for \(target) \(body)")
                    seen[operation, default: []].insert(status)
                }
            }
        }
        #expect(seen["POST /v1/grant"]?.contains(400) == true && seen["GET /v1/shared"] == [inJob ? 403 : 200], "\(seen)")
    }

    /// What `grant` says it needs, it needs, and no more; `revoke` takes all without rights.
    @Test func `says which fields are needed`() throws {
        let server = try Server()
        try server.make("acme/web/db", ["vars/PASSWORD": marker])
        let lines = try OpenAPI.text().components(separatedBy: "\n")
        func needed(_ schema: String) throws -> [String] {
            let start = try #require(lines.firstIndex(of: "    \(schema):"))
            let line = try #require(lines[start...].first { $0.hasPrefix("      required: [") })
            return line.dropFirst(17).dropLast().split(separator: ",").map { $0.filter { $0 != " " } }
        }
        let fields = ["who": #""who":"uid:1001""#, "rights": #""rights":"read""#]
        for (path, schema) in [(Endpoint.grant, "GrantRequest"), (Endpoint.revoke, "RevokeRequest")] {
            try server.share("acme/web", .read)
            let needed = try needed(schema)
            for missing in fields.keys {
                let body = "{" + fields.filter { $0.key != missing }.map(\.value).joined(separator: ",") + "}"
                let status = try server.ask("POST", "\(path)?ref=acme/web", body: body).status
                #expect((status == 400) == needed.contains(missing), "\(path) without \(missing): \(status)")
            }
        }
    }

    @Test func `refers to what is there`() throws {
        let text = try OpenAPI.text()
        var section = ""
        var defined: Set<String> = []
        for line in text.components(separatedBy: "components:\n").last?.split(separator: "\n") ?? [] {
            if line.hasPrefix("  "), !line.hasPrefix("   ") { section = String(line.dropFirst(2).dropLast()) }
            if line.hasPrefix("    "), !line.hasPrefix("     ") { defined.insert("\(section)/\(line.dropFirst(4).dropLast())") }
        }
        let used = Set(text.split(separator: "#/components/").dropFirst().map { String($0.prefix { $0 != "'" }) })
        // Lines of streams and heads of bundles are described for people: no media type refers to them.
        let spoken: Set = [
            "schemas/AuditReply", "schemas/MigrateLine", "schemas/ValuesHead", "schemas/ApplyRequest", "schemas/JobValuesHead",
            "schemas/ChangeReply",
        ]
        #expect(used.union(spoken) == defined)
    }
}

/// As much of the description as the layout of the file shows: paths at two spaces, methods at four, their fields at six.
private struct OpenAPI {
    struct Operation: Hashable {
        var path: String
        var method: String
        var parameters: Set<String>
    }

    var operations: [Operation] = []
    var bodies: [String] = []
    /// Of the answers, by the operation's method and path.
    var statuses: [String: Set<Int>] = [:]

    static func text() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "contrib/openapi.yaml"), encoding: .utf8)
    }

    static func read() throws -> OpenAPI {
        let parts = try text().components(separatedBy: "\ncomponents:\n")
        let names = try parameters(try #require(parts.last))
        var api = OpenAPI()
        var path = ""
        for line in try #require(parts.first?.components(separatedBy: "\npaths:\n").last).split(separator: "\n") {
            let indent = line.prefix { $0 == " " }.count
            let word = line.dropFirst(indent)
            switch indent {
            case 2: path = String(word.dropLast())
            case 4: api.operations.append(Operation(path: path, method: word.dropLast().uppercased(), parameters: []))
            case 6 where word == "requestBody:":
                let last = try #require(api.operations.last)
                api.bodies.append("\(last.method) \(last.path)")
            case 8 where word.hasPrefix("'") && word.hasSuffix("':"):
                let last = try #require(api.operations.last)
                let status = try #require(Int(word.dropFirst().dropLast(2)))
                api.statuses["\(last.method) \(last.path)", default: []].insert(status)
            case 8 where word.hasPrefix("- $ref: '#/components/parameters/"):
                let name = try #require(names[String(word.split(separator: "/").last?.dropLast() ?? "")])
                #expect(api.operations[api.operations.count - 1].parameters.insert(name).inserted)
            default: break
            }
        }
        return api
    }

    /// The names in the query, by those in the description.
    private static func parameters(_ components: String) throws -> [String: String] {
        var names: [String: String] = [:]
        var key = ""
        for line in try #require(components.components(separatedBy: "  responses:\n").first).split(separator: "\n") {
            if line.hasPrefix("    "), !line.hasPrefix("     ") { key = String(line.dropFirst(4).dropLast()) }
            if line.hasPrefix("      name: ") { names[key] = String(line.dropFirst(12)) }
        }
        return names
    }
}
