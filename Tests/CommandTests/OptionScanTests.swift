// SPDX-License-Identifier: MIT

import Getopt
import Glibc
import Linux
import Synchronization
import Testing

/// Options are read as getopt_long(3) of glibc reads them.
@Suite struct OptionScanTests {
    private static let table = [
        CommandOption("env", letter: "e", argument: "VAR", ""), CommandOption("empty", ""),
        CommandOption("file", letter: "f", argument: "FILE", ""),
        CommandOption("json", letter: "j", ""), CommandOption("json-lines", argument: "N", ""), CommandOption("help", letter: "h", ""),
    ]

    private static let pieces = [
        "-e", "-ex", "-e-", "-he", "-hex", "-hj", "-hz", "-z", "-", "--", "---", "--=", "", "a", "=", "--env", "--env=", "--env=x=y",
        "--en", "--e",
        "--em", "--e=x", "--json", "--jso", "--json=1", "--json-", "--json-lines", "--help", "--he", "--x", "--x=1", "-f", "-f=",
        "--file=--", "-ff",
    ]

    /// What a command line comes to: options with their arguments and operands, or nil if something is wrong with it.
    private struct Read: Equatable {
        var options: [String] = []
        var operands: [String] = []
    }

    private static let scanning = Mutex<Void>(())

    private func readByGetopt(_ words: [String], stopping: Bool) -> Read? {
        Self.scanning.withLock { _ in
            var argv: [UnsafeMutablePointer<CChar>?] = unsafe (["tacit"] + words).map { unsafe strdup($0) } + [nil]
            let copies = unsafe argv
            let names: [UnsafeMutablePointer<CChar>?] = unsafe Self.table.map { unsafe strdup($0.name) }
            defer { unsafe (copies + names).forEach { unsafe free($0) } }
            var longs = unsafe Self.table.indices.map { index in
                unsafe option(
                    name: names[index], has_arg: Self.table[index].argument == nil ? no_argument : required_argument, flag: nil,
                    val: 256 + Int32(index))
            }
            unsafe longs.append(option())
            let letters = Self.table.map { entry in entry.letter.map { "\($0)" + (entry.argument == nil ? "" : ":") } ?? "" }
            var read = Read()
            getopt_restart()
            while true {
                let answer = unsafe getopt_long(Int32(words.count + 1), &argv, (stopping ? "+:" : ":") + letters.joined(), longs, nil)
                if answer == -1 { break }
                let index =
                    answer >= 256 ? Int(answer - 256) : Self.table.firstIndex { $0.letter?.asciiValue.map(Int32.init) == answer }
                guard let index else { return nil }
                let argument = unsafe getopt_argument().map { unsafe String(cString: $0) } ?? ""
                read.options.append("\(Self.table[index].name)=\(argument)")
            }
            for index in stride(from: Int(getopt_index()), through: words.count, by: 1) {
                if let word = unsafe argv[index] { read.operands.append(unsafe String(cString: word)) }
            }
            return read
        }
    }

    @Test(arguments: [false, true])
    func `what getopt reads is read`(stopping: Bool) {
        var generator = SystemRandomNumberGenerator()
        var refused = 0
        for _ in 0..<20_000 {
            let words = (0..<Int.random(in: 0...5, using: &generator)).compactMap { _ in Self.pieces.randomElement(using: &generator) }
            let parsed = try? ParsedArguments(words.map { Array($0.utf8) }, options: Self.table, untilOperand: stopping ? 0 : nil)
            let read = parsed.map { parsed in
                Read(
                    options: parsed.options.map { "\($0.name)=\(String(decoding: $0.argument, as: UTF8.self))" },
                    operands: parsed.operands.map { String(decoding: $0, as: UTF8.self) })
            }
            if read == nil { refused += 1 }
            #expect(read == readByGetopt(words, stopping: stopping), "\(words)")
        }
        #expect((2_000...18_000).contains(refused))
    }
}
