import Foundation
import Glibc
import Secrets
import Testing

/// What `env` shows means the same to everything that reads it: each value through each reader, byte for byte.
@Suite struct EnvShellTests {
    static let text = NastyValues.text + NastyValues.random(3000, seed: 1, binary: false)
    static let all = text + NastyValues.binary + NastyValues.random(1500, seed: 2, binary: true)

    @Test(arguments: ["dash", "bash", "zsh"], ["C", "C.UTF-8"])
    func shell(_ shell: String, locale: String) throws {
        try compare(Self.all, with: try sourced(by: shell, locale: locale, env(of: Self.all), count: Self.all.count))
    }

    /// zsh as people run it: options that change what quotes mean leave the text alone.
    @Test(arguments: ["rcquotes", "extendedglob", "nobareglobqual", "magicequalsubst", "shwordsplit", "globassign"])
    func zshOptions(_ option: String) throws {
        let output = try sourced(
            by: "zsh", locale: "C.UTF-8", before: "setopt \(option)", env(of: Self.text), count: Self.text.count)
        try compare(Self.text, with: output)
    }

    @Test func bashInPOSIXMode() throws {
        let output = try sourced(
            by: "bash", locale: "C.UTF-8", before: "set -o posix", env(of: Self.text), count: Self.text.count)
        try compare(Self.text, with: output)
    }

    @Test func systemd() throws {
        let loaded = try Systemd.load(env(of: Self.text))
        try #require(loaded.count == Self.text.count)
        for (index, (value, assignment)) in zip(Self.text, loaded).enumerated() {
            #expect(assignment == bytes("V\(index)=") + value, "value \(index)")
        }
    }

    /// Its limit, which no quoting helps: it takes no file with a value that is not UTF-8.
    @Test func systemdTakesOnlyUTF8() throws {
        #expect(throws: Systemd.Failure(code: EINVAL)) { try Systemd.load(line("A", [0xFF])) }
        #expect(throws: Systemd.Failure(code: EINVAL)) { try Systemd.load(line("A", bytes("a")) + line("B", [0xFF])) }
    }

    @Test func ourselves() throws {
        let read = try assignments(env(of: Self.all))
        try #require(read.count == Self.all.count)
        for (index, (value, assignment)) in zip(Self.all, read).enumerated() {
            #expect(assignment.name == bytes("V\(index)") && assignment.value == value, "value \(index)")
        }
    }

    /// Quoted values of all the forms that we read mean to us what they mean to a shell.
    @Test(arguments: ["dash", "bash", "zsh"])
    func readingAsAShell(_ shell: String) throws {
        var random = Seeded(3)
        let pieces = ["a", " ", "\n", "$", "`", "\\$", "\\`", "\\\"", "\\\\", "\\n", "\\\n", "#", "=", "é", "\\a", "~"]
        var text: [UInt8] = []
        for index in 0..<2000 {
            text += bytes("V\(index)=")
            for _ in 0...random.below(4) {
                switch random.below(4) {
                case 0:
                    let part = (0..<random.below(6)).map { _ in random.pick(pieces + ["\"", "\\"]) }.joined()
                    text += bytes("'\(part)'")
                case 1: text += text.last == UInt8(ascii: "=") ? bytes("''") : bytes(random.pick(["\\'", "\\\"", "\\ "]))
                default:
                    // Nothing that a shell would expand: `$` and backquote only with `\`.
                    let part = (0..<random.below(6)).map { _ in random.pick(pieces) }.filter { $0 != "$" && $0 != "`" }
                    text += bytes("\"\(part.joined())\"")
                }
            }
            text += bytes(random.pick(["\n", " # comment\n", "\t\n"]))
        }
        let expected = try assignments(text).map(\.value)
        try #require(expected.count == 2000)
        try compare(expected, with: try sourced(by: shell, locale: "C.UTF-8", text, count: expected.count))
    }

    private func env(of values: [[UInt8]]) -> [UInt8] {
        values.enumerated().flatMap { line("V\($0)", $1) }
    }

    private func compare(_ values: [[UInt8]], with output: [[UInt8]]) throws {
        try #require(output.count == values.count)
        for (index, (value, read)) in zip(values, output).enumerated() {
            #expect(value == read, "value \(index)")
        }
    }

    /// The values of V0, V1 ... after a shell has read a text with `.`.
    private func sourced(
        by shell: String, locale: String, before: String = ":", _ text: [UInt8], count: Int
    ) throws -> [[UInt8]] {
        let scratch = try Scratch()
        let file = try scratch.write("env", text)
        var script = "\(before)\n. \(file)\n"
        for index in 0..<count { script += "printf '%s\\0' \"$V\(index)\"\n" }
        let program = try scratch.write("script", bytes(script))
        let arguments = shell == "zsh" ? ["-f", program] : [program]
        let output = try run(shell, arguments, environment: ["LC_ALL": locale])
        return output.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
    }
}

/// systemd's own reader of `EnvironmentFile=`: `load_env_file` in the library that its programs share.
enum Systemd {
    struct Failure: Error, Equatable {
        let code: Int32
    }

    private typealias LoadEnvFile =
        @convention(c) (
            OpaquePointer?, UnsafePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
        ) -> Int32

    private static let function: LoadEnvFile? = {
        let manager = FileManager.default
        let folders = ["/usr/lib/systemd", "/usr/lib64/systemd"]
            + ((try? manager.contentsOfDirectory(atPath: "/usr/lib")) ?? []).map { "/usr/lib/\($0)/systemd" }
        for folder in folders {
            for name in (try? manager.contentsOfDirectory(atPath: folder)) ?? []
            where name.hasPrefix("libsystemd-shared-") && name.hasSuffix(".so") {
                guard let library = unsafe dlopen("\(folder)/\(name)", RTLD_NOW),
                    let symbol = unsafe dlsym(library, "load_env_file")
                else { continue }
                return unsafe unsafeBitCast(symbol, to: LoadEnvFile.self)
            }
        }
        return nil
    }()

    /// The assignments `NAME=value` as systemd reads them.
    static func load(_ text: [UInt8]) throws -> [[UInt8]] {
        guard let load = unsafe function else {
            throw MissingProgram("systemd")
        }
        let scratch = try Scratch()
        var strings: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let result = unsafe load(nil, try scratch.write("env", text), &strings)
        if result < 0 { throw Failure(code: -result) }
        var read: [[UInt8]] = []
        if let strings = unsafe strings {
            var index = 0
            while let string = unsafe strings[index] {
                read.append(unsafe Array(UnsafeRawBufferPointer(start: string, count: strlen(string))))
                unsafe free(string)
                index += 1
            }
            unsafe free(strings)
        }
        return read
    }
}
