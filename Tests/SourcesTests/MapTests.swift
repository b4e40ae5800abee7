import Foundation
import Testing

/// Sources/README.md, held against the sources: what a newcomer is told of them is so.
@Suite struct MapTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources")

    private let map: String

    init() throws {
        map = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
    }

    /// The modules of the table, in its order: what each imports, and the file to open first.
    private var modules: [(name: Substring, imports: Set<Substring>, first: Substring)] {
        map.split(separator: "\n").compactMap { line in
            guard let row = line.wholeMatch(of: /\| `(\w+)` \| [^|]* \| ([^|]*) \| `([\w.]+)` \|/) else { return nil }
            return (row.1, Set(row.2.matches(of: /`(\w+)`/).map(\.1)), row.3)
        }
    }

    private func swiftFiles(below folder: String) throws -> [URL] {
        let files = try #require(FileManager.default.enumerator(at: Self.root.appending(path: folder), includingPropertiesForKeys: nil))
        return files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
    }

    @Test func everyFileThatTheMapNamesExists() {
        let named = map.matches(of: /`((?:\w+\/)+\w+\.swift)`/).map(\.1) + modules.map { $0.name + "/" + $0.first }
        #expect(named.count > 60)
        let missing = named.filter { !FileManager.default.fileExists(atPath: Self.root.appending(path: String($0)).path) }
        #expect(missing.isEmpty, "\(missing)")
    }

    @Test func modulesImportWhatTheMapSays() throws {
        let known = Set(modules.map(\.name))
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.path)
        #expect(try Set(folders.filter { try !swiftFiles(below: $0).isEmpty }.map { $0[...] }) == known)
        for module in modules {
            var imports: Set<Substring> = []
            for file in try swiftFiles(below: String(module.name)) {
                let text = try String(contentsOf: file, encoding: .utf8)
                imports.formUnion(text.matches(of: /(?m)^(?:package |internal |private )?import (?:struct |func )?(\w+)/).map(\.1))
            }
            #expect(imports.intersection(known) == module.imports, "\(module.name)")
        }
    }

    @Test func modulesImportOnlyThoseBelowThem() {
        for (index, module) in modules.enumerated() {
            let below = Set(modules.dropFirst(index + 1).map(\.name))
            #expect(module.imports.isSubset(of: below), "\(module.name)")
        }
    }

    /// A longer file holds more than one concept.
    @Test func noFileIsLongerThan400Lines() throws {
        let long = try swiftFiles(below: "").filter {
            try String(contentsOf: $0, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).count > 401
        }
        #expect(long.isEmpty, "\(long.map(\.lastPathComponent))")
    }
}
