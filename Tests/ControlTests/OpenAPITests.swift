import Foundation
import Testing

@testable import Control

/// The description for other programs, contrib/openapi.yaml, against the table of routes.
@Suite struct OpenAPITests {
    @Test func namesEveryRouteAndNoOther() throws {
        let described = try OpenAPI.read().operations
        let served = Route.all.map { OpenAPI.Operation(path: $0.path, method: $0.method, parameters: $0.parameters) }
        #expect(Set(described) == Set(served))
        #expect(described.count == served.count)
    }

    @Test func saysWhichTakeABody() throws {
        let described = Set(try OpenAPI.read().bodies)
        let served = Route.all.filter { $0.body != .none }.map { "\($0.method) \($0.path)" }
        #expect(described == Set(served))
    }

    @Test func refersToWhatIsThere() throws {
        let text = try OpenAPI.text()
        var section = ""
        var defined: Set<String> = []
        for line in text.components(separatedBy: "components:\n").last?.split(separator: "\n") ?? [] {
            if line.hasPrefix("  "), !line.hasPrefix("   ") { section = String(line.dropFirst(2).dropLast()) }
            if line.hasPrefix("    "), !line.hasPrefix("     ") { defined.insert("\(section)/\(line.dropFirst(4).dropLast())") }
        }
        let used = Set(text.split(separator: "#/components/").dropFirst().map { String($0.prefix { $0 != "'" }) })
        // Lines of streams and heads of bundles are described for people: no media type refers to them.
        let spoken: Set = ["schemas/AuditReply", "schemas/MigrateLine", "schemas/ValuesHead", "schemas/ApplyRequest", "schemas/JobValuesHead"]
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
