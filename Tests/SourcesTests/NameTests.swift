// SPDX-License-Identifier: MIT

import Foundation
import Testing

/// One name has one meaning in the sources.
@Suite struct NameTests {
    @Test func `every type name is declared once`() throws {
        var places: [String: [String]] = [:]
        for file in try SourceFile.all() {
            for type in file.types { places[type.name, default: []].append("\(file.path):\(type.number)") }
        }
        #expect(places.count > 600)
        #expect(places["FileDescriptor.OpenFlags"]?.count == 1)
        let repeated = places.filter { $0.value.count > 1 }
        #expect(repeated.isEmpty, "\(repeated)")
    }

    /// A type that is called as one of Swift or Foundation is hides that from whoever reads or writes the module.
    @Test func `no type shadows one of the language`() throws {
        let taken = Set(
            """
            Actor Array Bool CaseIterable Character Clock ClosedRange Codable Comparable ContinuousClock Copyable Decodable Decoder Dictionary
            Double Duration Encodable Encoder Equatable Error Escapable Float Hashable Hasher Identifiable InlineArray Int MemoryLayout Mirror
            MutableRawSpan MutableSpan Mutex Never Numeric ObjectIdentifier OpaquePointer OptionSet Optional OutputRawSpan OutputSpan Range
            RangeSet RawRepresentable RawSpan Regex Repeated Result Sendable Set Span StaticString String Substring Task UInt Unicode Unmanaged
            Void Bundle Calendar CharacterSet Data Date DateFormatter Decimal Dimension FileHandle FileManager Formatter Host IndexPath IndexSet
            InputStream Locale Measurement Notification NotificationCenter Operation OperationQueue OutputStream Pipe Port Predicate Process
            ProcessInfo Progress RunLoop Scanner Stream Thread TimeZone Timer URL UUID Unit UserDefaults
            """.split { $0.isWhitespace }.map(String.init))
        let shadows = try SourceFile.all().flatMap { file in
            file.types.filter { taken.contains($0.name.split(separator: ".").last.map(String.init) ?? "") }.map {
                "\(file.path): \($0.name)"
            }
        }
        #expect(shadows.isEmpty, "\(shadows)")
    }

    /// Each word of a file's name is in the name of something that the file declares or extends, or in its first comment.
    @Test func `files are named for what they hold`() throws {
        let declared = #/\b(?:struct|class|enum|actor|protocol|typealias|extension|func|var|let|case) +`?\.?([\w.]+)/#
        let small: Set<Substring> = ["To", "In", "For", "Of"]
        for file in try SourceFile.all() where file.name != "main" && file.name != file.module {
            let words = file.name.matches(of: #/[A-Z]+(?![a-z])|[A-Z][a-z0-9]+/#).map(\.0).filter { !small.contains($0) }
            #expect(!words.isEmpty, "\(file.path)")
            for word in words {
                let stem = stem(word).lowercased()
                let holds =
                    file.comment.lowercased().contains(stem)
                    || file.code.contains { line in
                        line.text.lowercased().contains(stem)
                            && line.text.matches(of: declared).contains { $0.1.lowercased().contains(stem) }
                    }
                #expect(holds, "\(file.path): nothing in it is called \(word)")
            }
        }
    }

    /// What an English word has without its ending: `chang` of `Changing`.
    private func stem(_ word: Substring) -> Substring {
        guard word.count > 4 else { return word.hasSuffix("s") ? word.dropLast() : word }
        let endings = ["ings", "ing", "ers", "er", "ors", "or", "ions", "ion", "ies", "ed", "es", "s", "e", "y"]
        return endings.first(where: word.hasSuffix).map { word.dropLast($0.count) } ?? word
    }

    /// A name that is spelled in two places is changed in one.
    @Test func `the trees own names are spelled in one place`() throws {
        let spelled = #/"/?(?:vars|files|env|user|job|\.jobs|\.users|@org)(?:"\.utf8|/[^" ]*")|"(?:\.jobs|\.users|@org)["/]/#
        var places: [String] = []
        for file in try SourceFile.all() {
            places += file.code.filter { $0.text.utf8.contains(UInt8(ascii: "\"")) && $0.text.contains(spelled) }.map {
                "\(file.path):\($0.number)"
            }
        }
        #expect(places.count == 8 && places.allSatisfy { $0.hasPrefix("Secrets/TreeName.swift:") }, "\(places)")
    }

    /// Tests are named in words, as the sentences that they prove.
    @Test func `tests are named in words`() throws {
        let tests = SourceFile.root.deletingLastPathComponent().appending(path: "Tests")
        let files = try #require(FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil)).compactMap { $0 as? URL }
        var count = 0
        for file in files where file.pathExtension == "swift" && file.lastPathComponent != "NameTests.swift" {
            for test in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "@Test").dropFirst() {
                guard let name = test.firstMatch(of: /\bfunc (`[^`]+`|\w+)[(<]/) else { continue }
                count += 1
                #expect(name.1.hasPrefix("`"), "\(file.lastPathComponent): \(name.1)")
            }
        }
        #expect(count > 1000)
    }
}
