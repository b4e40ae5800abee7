// SPDX-License-Identifier: MIT

import Foundation
import Secrets
import Testing

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// An array's bytes as the parsers take them.
func withSpan<R, E: Error>(_ bytes: [UInt8], _ body: (RawSpan) throws(E) -> R) throws(E) -> R {
    try body(unsafe bytes.span.bytes)
}

/// One line of `env`.
func line(_ name: String, _ value: [UInt8]) -> [UInt8] {
    withSpan(value) { value in
        var buffer = [UInt8](repeating: 0, count: EnvText.lineLength(name: bytes(name), value: value))
        var span = buffer.mutableSpan
        var raw = unsafe span.mutableBytes
        let written = EnvText.writeLine(name: bytes(name), value: value, into: &raw)
        #expect(written == buffer.count)
        return buffer
    }
}

/// A text's assignments with their values, in its order.
func assignments(_ text: [UInt8], final: Bool = true) throws -> [(name: [UInt8], value: [UInt8])] {
    try withSpan(text) { span in
        try EnvText.parse(span, final: final).assignments.map { assignment in
            var buffer = [UInt8](repeating: 0, count: assignment.length)
            var mutable = buffer.mutableSpan
            var raw = unsafe mutable.mutableBytes
            #expect(EnvText.decode(assignment, from: span, into: &raw) == assignment.length)
            return (EnvText.name(of: assignment, in: span), buffer)
        }
    }
}

/// A folder for the files of one test, gone afterwards.
final class Scratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("tacit-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}

/// The path of a program that a test can't do without.
func program(_ name: String) throws -> String {
    if name.hasPrefix("/"), FileManager.default.isExecutableFile(atPath: name) { return name }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/bin", "/bin"]
    let found = folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let found else { throw MissingProgram(name) }
    return found
}

/// Tests don't skip what they can't do.
struct MissingProgram: Error, CustomStringConvertible {
    let description: String
    init(_ name: String) { description = "\(name) is not installed, and this test needs it" }
}

struct RunFailure: Error {
    let status: Int32
    let errors: String
}

/// What a program prints; it must succeed.
func run(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws -> [UInt8] {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: try program(name))
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let printed = try output.fileHandleForReading.readToEnd() ?? Data()
    let said = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw RunFailure(status: process.terminationStatus, errors: String(decoding: said, as: UTF8.self))
    }
    return Array(printed)
}
