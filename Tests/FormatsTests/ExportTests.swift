// SPDX-License-Identifier: MIT

import Foundation
import Formats
import Glibc
import TestSupport
import Testing

/// What is written in a format is read back by that format's own reader, byte for byte, or refused by name.
@Suite struct ExportTests {
    static let text = NastyValues.text + NastyValues.random(1500, seed: 11, binary: false)
    static let all = text + NastyValues.binary + NastyValues.random(700, seed: 12, binary: true)

    /// The values that a format takes, and the others, found by exporting each alone.
    private func sorted(_ format: ExportFormat) throws -> (taken: [[UInt8]], refused: [[UInt8]]) {
        var taken: [[UInt8]] = []
        var refused: [[UInt8]] = []
        for value in Self.all {
            let error = objection { _ = try Sample(.variable, "A", value).exported(format) }
            if let error {
                guard case .cannotHold(let item, format, _, let instead) = error else { throw error }
                #expect(item == bytes("A") && !instead.isEmpty && error.description.hasPrefix("\(format.rawValue) can't hold A: "))
                refused.append(value)
            } else {
                taken.append(value)
            }
        }
        return (taken, refused)
    }

    @Test(arguments: ["dash", "bash", "zsh"])
    func `sh`(shell: String) throws {
        #expect(try sorted(.sh).refused.isEmpty)
        let script = ". ./env\n" + Self.all.indices.map { "printf '%s\\0' \"$\(Sample.name($0))\"\n" }.joined()
        let output = try printed(
            [shell] + (shell == "zsh" ? ["-f"] : []) + ["./script"],
            ["env": Sample(Self.all).exported(.sh), "script": bytes(script)], ["LC_ALL": "C.UTF-8"])
        #expect(parts(output) == Self.all)
    }

    @Test func `dotenv`() throws {
        let (taken, refused) = try sorted(.dotenv)
        let text = try Sample(taken).exported(.dotenv)
        #expect(try python([text]) == taken.map(Optional.init))
        #expect(try node([text]) == taken.map(Optional.init))
        #expect(try imported(text, .dotenv).sorted { $0.key < $1.key }.map(\.value) == taken)
        // None is refused that both would read, but for two cases in which it depends on the reader's version and on what follows.
        let questionable = refused.filter { value in
            !value.contains(UInt8(ascii: "{")) && value.last != UInt8(ascii: "\\")
        }
        let texts = try questionable.map { try Sample([$0]).exported(.sh) }
        for (value, (one, other)) in zip(questionable, zip(try python(texts), try node(texts))) {
            #expect(one != value || other != value, "\(String(decoding: value.prefix(40), as: UTF8.self).debugDescription)")
        }
    }

    /// By the rules of docker's client: lines of at most 64 KiB, UTF-8; blank lines and those with `#` in front are comments; a name,
    /// `=`, and the value as it stands, without a CR at its end.
    @Test func `docker`() throws {
        let (taken, refused) = try sorted(.docker)
        let text = try Sample(taken).exported(.docker)
        #expect(DockerRules.read(text) == taken.enumerated().map { bytes(Sample.name($0.offset) + "=") + $0.element })
        for value in refused {
            #expect(DockerRules.read(bytes("A=") + value + bytes("\n")) != [bytes("A=") + value])
        }
    }

    /// The same by the client itself, which hands what it has read to whoever is at the daemon's socket.
    @Test(.enabled(if: DockerClient.isThere)) func `docker itself`() throws {
        let (taken, refused) = try sorted(.docker)
        #expect(
            try DockerClient.read(try Sample(taken).exported(.docker))
                == taken.enumerated().map { bytes(Sample.name($0.offset) + "=") + $0.element })
        for value in refused.prefix(40) + refused.suffix(5) {
            #expect(try DockerClient.read(bytes("A=") + value + bytes("\n")) != [bytes("A=") + value])
        }
        for (length, fits) in [(65_533, true), (65_534, false)] {
            let value = [UInt8](repeating: UInt8(ascii: "x"), count: length)
            #expect((try DockerClient.read(bytes("A=") + value + bytes("\n")) == [bytes("A=") + value]) == fits)
            #expect((objection { _ = try Sample(.variable, "A", value).exported(.docker) } == nil) == fits)
        }
    }

    @Test func `systemd`() throws {
        let (taken, refused) = try sorted(.systemd)
        let read = try Systemd.load(try Sample(taken).exported(.systemd))
        #expect(read == taken.enumerated().map { bytes(Sample.name($0.offset) + "=") + $0.element })
        for value in refused {
            #expect(throws: Systemd.Failure(code: EINVAL)) { try Systemd.load(try Sample(.variable, "A", value).exported(.sh)) }
        }
        // execve(2) takes so much, and not a byte more.
        for (length, fits) in [(131_069, true), (131_070, false)] {
            let value = [UInt8](repeating: UInt8(ascii: "x"), count: length)
            #expect((objection { _ = try Sample(.variable, "A", value).exported(.systemd) } == nil) == fits)
            var command = Command("true")
            command.environment = ["A": String(decoding: value, as: UTF8.self)]
            #expect(((try? command.run().succeeded) ?? false) == fits)
        }
    }

    @Test func `json`() throws {
        let (taken, refused) = try sorted(.json)
        let text = try Sample(taken).exported(.json)
        #expect(parts(try printed(["jq", "-j", ".[] | (., \"\\u0000\")", "json"], ["json": text])) == taken)
        let script =
            "import json,sys\nfor v in json.load(open('json', encoding='utf-8')).values(): sys.stdout.buffer.write(v.encode()+b'\\0')"
        #expect(parts(try printed(["python3", "-c", script], ["json": text])) == taken)
        #expect(try imported(text, .json).sorted { $0.key < $1.key }.map(\.value) == taken)
        for value in refused { #expect(String(validating: value, as: UTF8.self) == nil) }
        #expect(try Sample([]).exported(.json) == bytes("{}\n"))
    }

    @Test func `k8 s`() throws {
        #expect(try sorted(.k8s).refused.isEmpty)
        var sample = Sample(Self.all)
        sample.entries.append((.file, "tls.crt", [0, 255, 10]))
        sample.entries.append((.file, "id_rsa", []))
        let text = try sample.exported(.k8s)
        let script = """
            import base64, sys, yaml
            secret = yaml.safe_load(open("secret", encoding="utf-8"))
            assert (secret["apiVersion"], secret["kind"], secret["metadata"]["name"], secret["type"]) == ("v1", "Secret", "db", "Opaque")
            for name in sorted(secret["data"]):
                sys.stdout.write(name + " " + base64.b64decode(secret["data"][name], validate=True).hex() + "\\0")
            """
        let output = parts(try printed([try pythonProgram(with: "yaml"), "-c", script], ["secret": text]))
        let expected = sample.entries.sorted { $0.name < $1.name }.map { entry in
            bytes(entry.name + " " + entry.value.map { String(format: "%02x", $0) }.joined())
        }
        #expect(output == expected)
        let back = try imported(text, .k8s)
        #expect(back.count == sample.entries.count)
        for entry in sample.entries where entry.name != "id_rsa" {
            #expect(back[(entry.kind == .variable ? "vars/" : "files/") + entry.name] == entry.value)
        }
        // The name of a file that could be a variable's comes back as that.
        #expect(back["vars/id_rsa"] == [])
        #expect(try imported(try Sample([]).exported(.k8s), .k8s, mayBeEmpty: true).isEmpty)
    }

    @Test func `what kubernetes cannot name`() throws {
        for name in [".ssh/id_rsa", "with space", "..x", "é"] {
            #expect(
                objection { _ = try Sample(.file, name, [1]).exported(.k8s) }?.description.hasPrefix("k8s can't hold files/\(name): ")
                    == true)
        }
        for name in ["My_DB", "-a", "a.", "a..b", "", String(repeating: "a", count: 254)] {
            #expect(objection { _ = try Sample(.variable, "A", [1]).exported(.k8s, named: name) } != nil, "\(name)")
        }
        var twice = Sample(.variable, "A", [1])
        twice.entries.append((.file, "A", [2]))
        #expect(objection { _ = try twice.exported(.k8s) } == .sameName(item: bytes("vars/A"), format: .k8s))
        let large = Sample(.variable, "A", [UInt8](repeating: 65, count: 1 << 20 + 1))
        #expect(objection { _ = try large.exported(.k8s) } != nil)
    }

    /// Formats of variables leave files out; one bad value, and there is no text at all.
    @Test func `all or nothing`() throws {
        var sample = Sample([bytes("good"), bytes("two\nlines")])
        #expect(throws: FormatError.self) { try sample.exported(.docker) }
        sample.entries[1].kind = .file
        #expect(try sample.exported(.docker) == bytes("V100000=good\n"))
    }

    private func python(_ texts: [[UInt8]]) throws -> [[UInt8]?] {
        let script = """
            import sys, logging
            from dotenv import dotenv_values
            logging.disable()
            for i in range(int(sys.argv[1])):
                try: read = dotenv_values(str(i))
                except UnicodeDecodeError: read = {"": None}
                for value in read.values():
                    sys.stdout.buffer.write((b"-" if value is None else b"+" + value.encode()) + b"\\0")
            """
        return try values([try pythonProgram(with: "dotenv"), "-c", script], texts, ["PYTHONUTF8": "1"])
    }

    private func node(_ texts: [[UInt8]]) throws -> [[UInt8]?] {
        let script = """
            const fs = require('fs'), { parseEnv } = require('util')
            for (let i = 0; i < Number(process.argv[1]); i++)
                for (const value of Object.values(parseEnv(fs.readFileSync(String(i), 'utf8')))) process.stdout.write('+' + value + '\\0')
            """
        return try values(["node", "-e", script], texts, [:])
    }

    private func values(_ words: [String], _ texts: [[UInt8]], _ environment: [String: String]) throws -> [[UInt8]?] {
        let files = Dictionary(uniqueKeysWithValues: texts.enumerated().map { ("\($0.offset)", $0.element) })
        return parts(try printed(words + ["\(texts.count)"], files, environment)).map {
            $0.first == UInt8(ascii: "+") ? Array($0.dropFirst()) : nil
        }
    }
}
