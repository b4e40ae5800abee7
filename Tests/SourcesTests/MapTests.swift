// SPDX-License-Identifier: MIT

import Foundation
import Testing

/// Sources/README.md, held against the sources: what a newcomer is told of them is so.
@Suite struct MapTests {
    private let map: String

    init() throws {
        map = try String(contentsOf: SourceFile.root.appending(path: "README.md"), encoding: .utf8)
    }

    /// The modules of the table, in its order: what each imports, and the file to open first.
    private var modules: [(name: Substring, imports: Set<Substring>, first: Substring)] {
        map.split(separator: "\n").compactMap { line in
            guard let row = line.wholeMatch(of: /\| `(\w+)` \| [^|]* \| ([^|]*) \| `([\w.]+)` \|/) else { return nil }
            return (row.1, Set(row.2.matches(of: /`(\w+)`/).map(\.1)), row.3)
        }
    }

    @Test func `every file that the map names exists`() {
        let named = map.matches(of: /`((?:\w+\/)+\w+\.swift)`/).map(\.1) + modules.map { $0.name + "/" + $0.first }
        #expect(named.count > 60)
        let missing = named.filter { !FileManager.default.fileExists(atPath: SourceFile.root.appending(path: String($0)).path) }
        #expect(missing.isEmpty, "\(missing)")
    }

    @Test func `modules import what the map says`() throws {
        let known = Set(modules.map(\.name))
        let files = try SourceFile.all()
        #expect(Set(files.map(\.module)) == known)
        for module in modules {
            var imports: Set<Substring> = []
            for file in files where file.module == module.name {
                for line in file.code {
                    guard let found = line.text.prefixMatch(of: /(?:package |internal |private )?import (?:struct |func )?(\w+)/) else {
                        continue
                    }
                    imports.insert(found.1)
                }
            }
            #expect(imports.intersection(known) == module.imports, "\(module.name)")
        }
    }

    @Test func `modules import only those below them`() {
        for (index, module) in modules.enumerated() {
            let below = Set(modules.dropFirst(index + 1).map(\.name))
            #expect(module.imports.isSubset(of: below), "\(module.name)")
        }
    }

    /// Comments, the other guides and the fuzz targets name files too.
    @Test func `every file that is named elsewhere exists`() throws {
        let files = try SourceFile.all()
        let names = Set(files.map { $0.path.split(separator: "/").last ?? "" })
        for file in files {
            let text = try String(contentsOf: SourceFile.root.appending(path: file.path), encoding: .utf8)
            for named in text.matches(of: /\b[A-Z]\w*\.swift\b/).map(\.0) where !names.contains(named) {
                Issue.record("\(file.path): there is no \(named)")
            }
        }
        let top = SourceFile.root.deletingLastPathComponent()
        let fuzz = try FileManager.default.contentsOfDirectory(at: top.appending(path: "Tests/Fuzz"), includingPropertiesForKeys: nil)
        #expect(fuzz.count > 5)
        for file in fuzz + [top.appending(path: "README.md")] {
            let text = try String(contentsOf: file, encoding: .utf8)
            for named in text.matches(of: /\bSources\/[\w\/]+(?:\.swift)?/).map(\.0) {
                #expect(
                    FileManager.default.fileExists(atPath: top.appending(path: String(named)).path), "\(file.lastPathComponent): \(named)")
            }
        }
    }

    /// A longer file holds more than one concept.
    @Test func `no file is longer than400 lines`() throws {
        for file in try SourceFile.all() {
            let text = try String(contentsOf: SourceFile.root.appending(path: file.path), encoding: .utf8)
            #expect(text.utf8.count { $0 == UInt8(ascii: "\n") } <= 400, "\(file.path)")
        }
    }
}
