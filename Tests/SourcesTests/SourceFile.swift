// SPDX-License-Identifier: MIT

import Foundation
import Testing

/// A Swift file below `Sources`, for tests of the sources themselves.
struct SourceFile: Sendable {
    /// Below `Sources`.
    let path: String
    /// The lines that are no comments, with their numbers.
    let code: [(number: Int, text: Substring)]
    /// The first comment of the file behind the line that names the licence.
    let comment: String

    /// The name of the file without its extension.
    var name: Substring { path.split(separator: "/").last?.dropLast(".swift".count) ?? "" }
    /// The folder of `Sources` that it is in.
    var module: Substring { path.prefix { $0 != "/" } }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources")

    private init(_ file: URL) throws {
        path = String(file.path.dropFirst(Self.root.path.count + 1))
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        let isComment = lines.map { $0.drop { $0 == " " }.hasPrefix("//") }
        code = zip(lines, isComment).enumerated().compactMap { $1.1 ? nil : ($0 + 1, $1.0) }
        comment = zip(lines, isComment).drop { !$1 || $0.contains("SPDX") }.prefix { $1 }.map(\.0).joined(separator: "\n")
    }

    /// All of them, in the order of their paths.
    static func all() throws -> [SourceFile] { try loaded.get() }

    private static let loaded = Result { try load() }

    private static func load() throws -> [SourceFile] {
        let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
        let found = try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map { try SourceFile($0) }
        #expect(found.count > 300)
        return found.sorted { $0.path < $1.path }
    }

    /// The types that the file declares, by their full names.
    var types: [(name: String, number: Int)] {
        let declaration =
            #/^ *(?:(?:@\w+(?:\([^)]*\))?|public|package|internal|fileprivate|private|final|indirect|nonisolated) )*(struct|class|enum|actor|protocol|typealias|extension) ([A-Za-z_][\w.]*)/#
        var types: [(name: String, number: Int)] = []
        var open: [(name: Substring, depth: Int)] = []
        var depth = 0
        for (number, text) in code {
            if let found = text.prefixMatch(of: declaration) {
                if found.1 != "extension" { types.append(((open.map(\.name) + [found.2]).joined(separator: "."), number)) }
                if found.1 != "typealias" { open.append((found.2, depth)) }
            }
            // Braces in strings come in pairs, as those of interpolations do.
            for byte in text.utf8 { if byte == UInt8(ascii: "{") { depth += 1 } else if byte == UInt8(ascii: "}") { depth -= 1 } }
            while let last = open.last, depth <= last.depth { open.removeLast() }
        }
        return types
    }
}
