// SPDX-License-Identifier: MIT

import Foundation
import Formats
import Linux
import TestSupport
import Testing

/// Values by their names, as tests have them: nothing here is a secret.
struct Sample {
    var entries: [(kind: Item.Kind, name: String, value: [UInt8])] = []

    init(_ values: [[UInt8]]) {
        entries = values.enumerated().map { (.variable, Self.name($0.offset), $0.element) }
    }

    init(_ kind: Item.Kind, _ name: String, _ value: [UInt8]) {
        entries = [(kind, name, value)]
    }

    /// Names that sort as they count.
    static func name(_ index: Int) -> String { "V" + String(100_000 + index) }

    func exported(_ format: ExportFormat, named name: String = "db", type: String? = nil) throws -> [UInt8] {
        var buffer = try LockedBuffer(capacity: max(1, entries.reduce(0) { $0 + $1.value.count }))
        var items: [Item] = []
        for entry in entries {
            let start = buffer.count
            _ = buffer.append(copying: unsafe entry.value.span.bytes)
            items.append(Item(entry.kind, Array(entry.name.utf8), start..<buffer.count))
        }
        let text = try buffer.withBytes {
            try Export.write(items, $0, named: Array(name.utf8), type: type.map { Array($0.utf8) }, as: format)
        }
        return contents(text)
    }
}

func contents(_ buffer: borrowing LockedBuffer) -> [UInt8] {
    buffer.withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
}

func locked(_ bytes: [UInt8]) throws -> LockedBuffer {
    var buffer = try LockedBuffer(capacity: max(1, bytes.count))
    _ = buffer.append(copying: unsafe bytes.span.bytes)
    return buffer
}

/// What an import reads, by the items' paths.
func imported(_ text: [UInt8], _ format: ImportFormat, mayBeEmpty: Bool = false) throws -> [String: [UInt8]] {
    let items = try Import.read(try locked(text), as: format, mayBeEmpty: mayBeEmpty)
    let values = contents(items.values)
    return Dictionary(uniqueKeysWithValues: items.items.map { (String(decoding: $0.path, as: UTF8.self), Array(values[$0.value])) })
}

func imported(_ text: String, _ format: ImportFormat) throws -> [String: [UInt8]] { try imported(bytes(text), format) }

/// What is wrong with a text, and its hint; nil if nothing is.
func objection(_ body: () throws -> Void) -> FormatError? {
    do {
        try body()
        return nil
    } catch {
        return error as? FormatError
    }
}

/// What a program prints on its standard output, given some files by name in the folder it runs in.
func printed(_ words: [String], _ files: [String: [UInt8]], _ environment: [String: String] = [:]) throws -> [UInt8] {
    let scratch = try Scratch()
    for (name, contents) in files { try scratch.file(name, Data(contents)) }
    var command = Command(words)
    command.folder = scratch.path
    command.environment = environment
    command.limit = 120
    return Array(try command.run().orThrow().bytes)
}

/// The parts of what was printed, each ended by NUL.
func parts(_ output: [UInt8]) -> [[UInt8]] {
    output.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
}

/// A Python that has a module.
func pythonProgram(with module: String) throws -> String {
    for python in ["python3", "/usr/bin/python3"] where (try? Command(python, "-c", "import " + module).run().succeeded) == true {
        return python
    }
    throw Trouble("no python3 has \(module), and this test needs it")
}
