// SPDX-License-Identifier: MIT

import Foundation
import Formats
import Linux
import Secrets
import TestSupport
import Testing

/// Dotenv as people bring it. Other readers differ among themselves: where what is stored is not what some of them would read, it is said,
/// or the text is refused with a reason.
@Suite struct DotenvTests {
    private enum Here: Equatable {
        /// All readers have this value.
        case agrees(String)
        /// The value, and a word of the warning.
        case warns(String, String)
        /// A word of the reason.
        case refuses(String)
    }

    /// What the value of A is for python-dotenv and node, and what it is here. `nil`: they have none. The other readers are those of
    /// JavaScript (motdotla), Ruby (bkeepers) and Go (godotenv, compose-go); where one of them differs, `others` has its value.
    private static let rows: [(text: String, python: String?, node: String?, others: [String], here: Here)] = [
        ("A=b", "b", "b", [], .agrees("b")), ("A=", "", "", [], .agrees("")), ("A=b c d", "b c d", "b c d", [], .agrees("b c d")),
        (" A = b ", "b", "b", [], .agrees("b")), ("export A=b", "b", "b", [], .agrees("b")), ("A=b # c", "b", "b", [], .agrees("b")),
        ("A='b c'", "b c", "b c", [], .agrees("b c")), ("A=\"b c\"", "b c", "b c", [], .agrees("b c")),
        ("A='b # c' # d", "b # c", "b # c", [], .agrees("b # c")), ("A=\"b 'c' d\"", "b 'c' d", "b 'c' d", [], .agrees("b 'c' d")),
        ("A='b \"c\" d'", "b \"c\" d", "b \"c\" d", [], .agrees("b \"c\" d")),
        ("A={\"b\": \"c\"}", "{\"b\": \"c\"}", "{\"b\": \"c\"}", [], .agrees("{\"b\": \"c\"}")),
        ("A=b==", "b==", "b==", [], .agrees("b==")),
        ("A=http://b:1/c?d=e&f", "http://b:1/c?d=e&f", "http://b:1/c?d=e&f", [], .agrees("http://b:1/c?d=e&f")),
        ("A=\"b\nc\"", "b\nc", "b\nc", [], .agrees("b\nc")), ("A='b\nc'", "b\nc", "b\nc", [], .agrees("b\nc")),
        ("A=b\r\n", "b", "b", [], .agrees("b")),
        ("A=b\nA=c", "c", "c", [], .agrees("c")), ("A=é 🔑", "é 🔑", "é 🔑", [], .agrees("é 🔑")), ("# A=c\nA=b", "b", "b", [], .agrees("b")),
        ("A='$B'", "$B", "$B", [], .agrees("$B")), ("A=5$", "5$", "5$", [], .agrees("5$")),
        ("\u{FEFF}A=b", "b", nil, [], .agrees("b")), ("A='b\r\nc'\r\n", "b\nc", "b\nc", [], .agrees("b\nc")),

        ("A=\"b\\nc\"", "b\nc", "b\nc", [], .warns("b\\nc", "double quotes")),
        ("A=\"b\\tc\"", "b\tc", "b\\tc", ["btc"], .warns("b\\tc", "double quotes")),
        ("A=\"b\\c\"", "b\\c", "b\\c", ["bc"], .warns("b\\c", "double quotes")),
        ("A=\"b\\\"c\"", "b\"c", nil, ["b\\\"c"], .warns("b\"c", "taken away")),
        ("A=\"b\\\\c\"", "b\\c", "b\\\\c", [], .warns("b\\c", "taken away")),
        ("A=\"b\\$c\"", "b\\$c", "b\\$c", ["b$c"], .warns("b$c", "taken away")),
        ("A=$B", "$B", "$B", [""], .warns("$B", "$NAME")), ("B=x\nA=${B}", "x", "${B}", ["x"], .warns("${B}", "$NAME")),
        ("B=x\nA=\"y${B}\"", "yx", "y${B}", ["yx"], .warns("y${B}", "$NAME")),
        ("A=pa$$word", "pa$$word", "pa$$word", ["pa$"], .warns("pa$$word", "$NAME")),
        ("A=$(echo b)", "$(echo b)", "$(echo b)", ["b"], .warns("$(echo b)", "never run")),
        ("A=b#c", "b#c", "b", ["b"], .warns("b#c", "no blank")),
        ("A=#b", "#b", "", [""], .warns("#b", "no blank")), ("A= # c", nil, "", [], .warns("", "nothing before it")),
        ("A=b\\ c", "b\\ c", "b\\ c", ["b c"], .warns("b\\ c", "outside of double")),
        ("A='b\\\\c'", "b\\c", "b\\\\c", [], .warns("b\\\\c", "outside of double")),
        ("A=`b c`", "`b c`", "b c", ["b c"], .warns("`b c`", "backquote")),
        ("A=' b'", " b", " b", [], .agrees(" b")),

        ("A='b\\'c'", "b'c", nil, [], .refuses("text after a closing quote")),
        ("A=\"b\"c", nil, nil, [], .refuses("text after a closing quote")),
        ("A: b", nil, nil, ["b"], .refuses("no '='")), ("A", nil, nil, [], .refuses("'=' must follow")),
        ("A.B=c\nA=b", "b", "b", [], .refuses("'.' can't be in a name")),
        ("A-B=c\nA=b", "b", "b", [], .refuses("'-' can't be in a name")), ("'A'=b", "b", nil, [], .refuses("no name")),
        ("A=b\rB=c", "b", nil, ["b"], .refuses("carriage return")), ("A=\"b", nil, nil, ["\"b"], .refuses("never closed")),
        ("lol$wut", nil, nil, [], .refuses("no '='")),
    ]

    @Test func `what is here is what all readers have, or it is said`() throws {
        for row in Self.rows {
            let text = row.text.debugDescription
            let values = Set([row.python, row.node].compactMap { $0 } + row.others)
            switch row.here {
            case .agrees(let value):
                let items = try Import.read(try locked(bytes(row.text)), as: .dotenv)
                #expect(try imported(row.text, .dotenv)["vars/A"] == bytes(value), "\(text)")
                #expect(items.notices.isEmpty && values.isSubset(of: [value]), "\(text): \(items.notices)")
            case .warns(let value, let word):
                let items = try Import.read(try locked(bytes(row.text)), as: .dotenv)
                #expect(try imported(row.text, .dotenv)["vars/A"] == bytes(value), "\(text)")
                let told = items.notices.filter { $0.text.contains(word) && $0.text.hasSuffix(" A") }
                #expect(told.count == 1, "\(text): \(items.notices)")
            case .refuses(let word):
                let error = objection { _ = try imported(row.text, .dotenv) }
                #expect(error?.description.contains(word) == true, "\(text): \(String(describing: error))")
                #expect(error?.description.hasPrefix("line ") == true)
            }
        }
    }

    /// The columns of python-dotenv and node say what these do.
    @Test func `the readers themselves have what the table says`() throws {
        let files = Dictionary(uniqueKeysWithValues: Self.rows.enumerated().map { ("\($0)", bytes($1.text)) })
        let script = """
            import sys, logging
            from dotenv import dotenv_values
            logging.disable()
            for i in range(\(Self.rows.count)):
                value = dotenv_values(str(i), encoding="utf-8-sig" if i == \(Self.rows.firstIndex { $0.text.hasPrefix("\u{FEFF}") } ?? -1) else "utf-8").get("A")
                sys.stdout.buffer.write((b"-" if value is None else b"+" + value.encode()) + b"\\0")
            """
        let python = parts(try printed([try pythonProgram(with: "dotenv"), "-c", script], files, ["PYTHONUTF8": "1"]))
        let program = """
            for (let i = 0; i < \(Self.rows.count); i++) {
                delete process.env.A; delete process.env.B
                process.loadEnvFile(String(i))
                process.stdout.write(('A' in process.env ? '+' + process.env.A : '-') + '\\0')
            }
            """
        let node = parts(try printed(["node", "-e", program], files))
        for (row, (python, node)) in zip(Self.rows, zip(python, node)) {
            let isSettled = row.text != "A=\"b" && row.text != "A= # c" && row.text != "A: b" && row.text != "A"
            #expect(
                python == row.python.map { bytes("+" + $0) } ?? bytes("-") || !isSettled,
                "python: \(row.text.debugDescription): \(String(decoding: python, as: UTF8.self))")
            #expect(
                node == row.node.map { bytes("+" + $0) } ?? bytes("-") || row.node == nil || !isSettled,
                "node: \(row.text.debugDescription): \(String(decoding: node, as: UTF8.self))")
        }
    }

    private func read(_ text: String, escapes: Bool = false, expands: Bool = false) throws -> (values: [String: String], notices: [Notice])
    {
        let items = try Import.read(try locked(bytes(text)), as: .dotenv, DotenvOptions(escapes: escapes, expands: expands))
        let values = contents(items.values)
        let pairs = items.items.map { (String(decoding: $0.name, as: UTF8.self), String(decoding: values[$0.value], as: UTF8.self)) }
        return (Dictionary(uniqueKeysWithValues: pairs), items.notices)
    }

    @Test func `--escapes and --expand read them as dotenv does, from the same file and nothing else`() throws {
        let text = "A=1\nB=\"x\\n${A}\\t$A\"\nC='$A\\n'\nD=\"\\$A \\\\ \\q\"\nE=${A}-$A_B\n"
        var read = try self.read(text, escapes: true)
        #expect(read.values == ["A": "1", "B": "x\n${A}\t$A", "C": "$A\\n", "D": "$A \\ \\q", "E": "${A}-$A_B"])
        #expect(
            objection { _ = try self.read(text, expands: true) }?.description
                == "line 5, column 8: in the value of E a $ with a name that the file does not assign before")
        read = try self.read(text.replacingOccurrences(of: "$A_B", with: "${A_B:-none}"), escapes: true, expands: true)
        #expect(read.values == ["A": "1", "B": "x\n1\t1", "C": "$A\\n", "D": "$A \\ \\q", "E": "1-none"])
        #expect(!read.notices.contains { $0.text.contains("$NAME") || $0.text.contains("in double quotes, as in") })
        let rows: [(String, String)] = [
            ("X=\nA=${X:-d}", "d"), ("X=\nA=${X-d}", ""), ("X=y\nA=${X:-d}", "y"), ("A=$5$", "$5$"), ("A=\\$X", "$X"), ("A=$(id)", "$(id)"),
            ("X=1\nX=2\nA=$X", "2"), ("X=$A\nA=1", ""), ("X=a\nX=${X}b\nA=$X", "ab"), ("X='a b'\nA=\"$X$X\"", "a ba b"), ("A=${X", "${X"),
            ("A=${X?e}", "${X?e}"),
            ("X=\"a\\nb\"\r\nA=\"$X\r\n\"\r\n", "a\\nb\n"),
        ]
        for (text, value) in rows where text != "X=$A\nA=1" {
            #expect(try self.read(text, expands: true).values["A"] == value, "\(text.debugDescription)")
        }
        // What grows without end has one.
        let growing = "X0=0123456789\n" + (1...30).map { "X\($0)=$X\($0 - 1)$X\($0 - 1)$X\($0 - 1)$X\($0 - 1)\n" }.joined()
        #expect(objection { _ = try self.read(growing, expands: true) }?.description == "it is longer than 64 MiB")
    }

    @Test func `nothing in, nothing out`() throws {
        for (text, format) in [
            ("", ImportFormat.dotenv), ("# A=1\n\n", .dotenv), ("\u{FEFF}", .dotenv), ("{}", .json),
            ("apiVersion: v1\nkind: Secret\ndata: {}\n", .k8s),
        ] {
            let error = objection { _ = try imported(text, format) }
            guard case .nothing? = error else {
                Issue.record("\(text.debugDescription): \(String(describing: error))")
                continue
            }
            #expect(error?.hint == "--empty takes it so")
            #expect(try Import.read(try locked(bytes(text)), as: format, mayBeEmpty: true).items.isEmpty)
        }
        #expect(
            objection {
                _ = try Manifests.read(try locked(bytes("apiVersion: v1beta\nkind: Secret\nmetadata: {name: a}\n")), mayBeEmpty: false)
            }?.description
                == "there is no variable and no file in the manifest at line 1, column 1")
    }

    @Test func `texts of other encodings and of other programs are named as what they are`() throws {
        for text in [[0xFF, 0xFE, 0x41, 0, 0x3D, 0] as [UInt8], [0xFE, 0xFF, 0, 0x41], [0x41, 0, 0x3D, 0], [0, 0x41, 0, 0x3D]] {
            for format in ImportFormat.allCases {
                #expect(objection { _ = try imported(text, format) }?.description.contains("UTF-16") == true, "\(text), \(format)")
            }
        }
        let encrypted = "encrypted:" + String(repeating: "Bx9+", count: 40)
        for (text, format, program) in [
            ("A=ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\nsops_version=3.8.1\n", ImportFormat.dotenv, "SOPS"),
            ("A=\"\(encrypted)\"\n", .dotenv, "dotenvx"),
            ("{\"A\":\"ENC[AES256_GCM,data:x]\"}", .json, "SOPS"), ("{\"sops\":{\"mac\":\"x\"}}", .json, "SOPS"),
            ("apiVersion: v1\nkind: Secret\nstringData: {A: \"ENC[AES256_GCM,data:x]\"}\nsops: {mac: x}\n", .k8s, "SOPS"),
            ("apiVersion: v1\nkind: Secret\nstringData: {A: \"\(encrypted)\"}\n", .k8s, "dotenvx"),
        ] {
            let error = objection { _ = try imported(text, format) }
            #expect(
                error?.description.contains("encrypted by \(program)") == true && error?.hint?.contains("decrypt") == true,
                "\(text): \(String(describing: error))")
        }
        #expect(try imported("A=encrypted:yes", .dotenv) == ["vars/A": bytes("encrypted:yes")])
        #expect(
            objection { _ = try imported("apiVersion: v1\nkind: List\nitems: []\n", .k8s) }?.description.contains("a list of Secrets")
                == true)
        let cut = try Import.read(
            try locked(bytes("apiVersion: v1\nkind: Secret\nstringData:\n  É: x\n  A: pass #word\n  B: \"x\" # y\n  C: x#y\n  D: z\n")),
            as: .k8s)
        #expect(cut.notices.map(\.text) == ["in YAML # after a blank begins a comment, and what follows it is no part of the value of A"])
    }

    @Test func `errors name the line, the column and the member`() throws {
        let stray = "A=1\nB='90s rock\n" + (3...29).map { "V\($0)=x\n" }.joined() + "W=\"it's\"\nV31=x\n"
        #expect(
            objection { _ = try imported(stray, .dotenv) }?.description
                == "line 2, column 3: the quote that opens here is closed in line 30 only, with text right after it")
        #expect(
            objection { _ = try imported(#"{"A":"1","B":"2","PORT":5432,"C":"3"}"#, .json) }?.description
                == "line 1, column 25: the value of PORT is no string: it must stand in quotes")
        #expect(
            objection { _ = try imported("{\"A\":\"\\ud800\"}", .json) }?.description
                == "line 1, column 7: half of a surrogate pair, in the value of A")
        #expect(objection { _ = try imported("A=1\n B-C=2", .dotenv) }?.description == "line 2, column 3: '-' can't be in a name")
    }

    @Test func `JSON is read by a JSON reader, as a Kubernetes Secret and as a manifest too`() throws {
        let json =
            #"{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "stringData": {"MOTTO": "key \ud83d\udd11\u007f\u0085"#
            + "\u{7F}\u{85}" + #"\/"}}"#
        #expect(try imported(json, .k8s) == ["vars/MOTTO": bytes("key 🔑\u{7F}\u{85}\u{7F}\u{85}/")])
        #expect(try imported("\u{FEFF} \n" + json, .k8s).count == 1)
        let manifest =
            #"{"apiVersion":"v1beta","kind":"Secret","metadata":{"name":"db"},"data":{"env_vars":[{"name":"A","value":"🔑\ud83d\udd11"}],"files":[]}}"#
        let read = try Manifests.read(try locked(bytes(manifest)))
        #expect(read.manifests.first?.entries.map(\.path) == [bytes("vars/A")] && contents(read.values) == bytes("🔑🔑"))
        for (text, said) in [
            ("{\"a\":1,\"a\":2}", "line 1, column 8: a key that was there before"),
            ("{\"a\":[1,2", "line 1, column 10: neither ',' nor ']' after a value"),
            ("{\"a\":}", "line 1, column 6: no value where one must be"), ("{} {}", "line 1, column 4: something after the value"),
            ("{\"a\":" + String(repeating: "[", count: 20), "line 1, column 21: more than 16 levels"),
            ("{\"a\":\n\"\u{1}\"}", "line 2, column 2: a control character in a string, which must be escaped"),
        ] {
            #expect(objection { _ = try imported(text, .k8s) }?.description == said)
        }
        // Annotations mean nothing here, however long they are.
        let long = (0..<5).map { _ in String(repeating: "a", count: 60) }.joined(separator: ".") + "/" + String(repeating: "e", count: 63)
        let yaml =
            "apiVersion: v1\nkind: Secret\nmetadata:\n  annotations:\n    ? \(long)\n    : x\n    ? \(long)b\n    : y\ndata:\n  A: YQ==\n"
        #expect(try imported(yaml, .k8s) == ["vars/A": bytes("a")])
        #expect(
            objection { _ = try imported(yaml.replacingOccurrences(of: "eb\n", with: "e\n"), .k8s) }?.description.contains(
                "a key that was there before") == true)
    }

    @Test func `the type of a Kubernetes Secret is read and written`() throws {
        let text = "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\ndata: {A: YQ==}\n"
        #expect(try Import.read(try locked(bytes(text)), as: .k8s).type == bytes("kubernetes.io/tls"))
        #expect(try Import.read(try locked(bytes(text.replacingOccurrences(of: "kubernetes.io/tls", with: ""))), as: .k8s).type == nil)
        #expect(objection { _ = try imported(text.replacingOccurrences(of: "tls", with: String(repeating: "a", count: 400)), .k8s) } != nil)
        let written = try Sample(.variable, "A", bytes("a")).exported(.k8s, type: "kubernetes.io/tls")
        #expect(try Import.read(try locked(written), as: .k8s).type == bytes("kubernetes.io/tls"))
        #expect(String(decoding: try Sample(.variable, "A", []).exported(.k8s), as: UTF8.self).contains("type: Opaque\n"))
    }

    @Test func `a name that a shell keeps for itself is not exported for one`() throws {
        for format in ExportFormat.allCases {
            let error = objection { _ = try Sample(.variable, "UID", bytes("1000")).exported(format) }
            #expect((error != nil) == format.isForShells, "\(format)")
            #expect(
                error == nil
                    || error?.description.hasPrefix("\(format.rawValue) can't hold UID: a shell keeps this name for itself") == true)
            #expect(error == nil || error?.hint?.contains("--skip") == true)
        }
    }
}
