// SPDX-License-Identifier: MIT

import Foundation
import Masking
import TestSupport
import Testing

/// What leaks from real configurations, and what real builds print: misses and false alarms are counted, and there are none.
@Suite struct CorpusTests {
    /// Kinds of values, and what of each is secret by itself.
    private static let kinds: [(kind: String, value: String, secrets: [String])] = [
        (
            "JSON: a service account",
            """
            {
              "type": "service_account",
              "project_id": "my-project-123",
              "private_key_id": "f00dbabe",
              "private_key": "-----BEGIN PRIVATE KEY-----\\nQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=\\nZ0hpSmtMbU5v\\n-----END PRIVATE KEY-----\\n",
              "token_uri": "https://oauth2.googleapis.com/token"
            }
            """, ["f00dbabe", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=\nZ0hpSmtMbU5v", "Z0hpSmtMbU5v"]
        ),
        (
            "JSON: nested",
            #"{"db":{"host":"localhost","port":5432,"password":"n3st\u00e9d\"Pw\\1","ssl":"true"},"list":["tok_A1b2C3d4","production"]}"#,
            ["n3stéd\"Pw\\1", "tok_A1b2C3d4"]
        ),
        (
            "JSON: in a string of JSON", #"{"SecretString":"{\"username\":\"admin\",\"password\":\"inn3r-Secret\\/x\"}"}"#,
            ["inn3r-Secret/x"]
        ),
        (
            "JSON: docker's credentials", #"{"auths":{"registry.example.com":{"auth":"Ym90OmQwY2tlci1QYXNz"}}}"#,
            ["d0cker-Pass", "Ym90OmQwY2tlci1QYXNz"]
        ),
        ("URL: git", "https://me:p%40ssS3cret@git.example/x.git", ["p%40ssS3cret", "p@ssS3cret"]),
        ("URL: a token", "https://ghp_a1B2c3D4e5F6@github.com/acme/web", ["ghp_a1B2c3D4e5F6"]),
        ("URL: postgres", "postgresql://app:pgS3cret!x@db.example.com:5432/web?sslmode=require", ["pgS3cret!x"]),
        ("URL: redis", "redis://:r3disSecret@cache:6379/0", ["r3disSecret"]),
        ("URL: a query", "https://hooks.example.com/x?id=7&token=qu3ryTok%2Bn&mode=fast", ["qu3ryTok%2Bn", "qu3ryTok+n"]),
        ("DSN: libpq", "host=db.example.com port=5432 user=app password='lib pq S3cret' dbname=web", ["lib pq S3cret"]),
        ("DSN: mysql", "app:my5qlSecret@tcp(db.example.com:3306)/web", ["my5qlSecret"]),
        ("DSN: ADO", "Server=tcp:db.example.com,1433;User ID=app;Password=ad0Secret#1;Encrypt=True", ["ad0Secret#1"]),
        ("header: bearer", "Authorization: Bearer eyJhbGciOi.J9eyJzdWIi.c2lnbmF0", ["eyJhbGciOi.J9eyJzdWIi.c2lnbmF0"]),
        ("header: basic", "Basic Ym90OmJhc2ljLVMzY3JldA==", ["basic-S3cret", "Ym90OmJhc2ljLVMzY3JldA=="]),
        (
            "dotenv",
            "DEBUG=true\nexport API_KEY=\"d0t\\$env-Key\"\nDB_HOST=localhost\nDB_PASS='s1ngle quoted' # comment\nSALT=x9Y8z7W6v5\n",
            ["d0t$env-Key", "s1ngle quoted", "x9Y8z7W6v5"]
        ),
        (
            "YAML", "db:\n  host: localhost\n  password: \"yam1-S3cret\"\n  tokens:\n  - name: deploy\n    token: yam1Tok3n # old\n",
            ["yam1-S3cret", "yam1Tok3n"]
        ),
        (
            "netrc", "machine api.example.com login bot password n3trcSecret\nmachine other login me password \"0ther Pass\"\n",
            ["n3trcSecret"]
        ),
        ("netrc: over lines", "machine api.example.com\n  login bot\n  password n3trcLines\n", ["n3trcLines"]),
        ("pgpass", "db.example.com:5432:web:app:pg\\:pass\\\\W0rd\n*:*:*:me:0therPgPass\n", ["pg:pass\\W0rd", "0therPgPass"]),
        (
            "AWS",
            "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\nregion = us-east-1\n",
            ["AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"]
        ),
        ("properties", "spring.datasource.username=app\nspring.datasource.password=pr0pertySecret\n", ["pr0pertySecret"]),
        ("a blank at the end", "tr41lingSecretA ", ["tr41lingSecretA"]),
        (
            "blanks within", " f0lded  secret\tof\n several   words ",
            ["f0lded secret of several words", "f0lded  secret\tof\n several   words"]
        ),
        ("a quote", "it's-a-S3cret", ["it's-a-S3cret"]), ("double quotes", "say\"S3cret\"now", ["say\"S3cret\"now"]),
        ("JSON: a number", #"{"pin_key": 4815162342, "retries": 3, "token": 90071992547}"#, ["4815162342", "90071992547"]),
        (
            "JSON: words", #"{"mnemonic":"legal winner thank year wave sausage","private_key_passphrase":"correct horse"}"#,
            ["legal winner thank year wave sausage", "correct horse"]
        ),
        (
            "JSON: a URL and a header", #"{"db":"amqp://app:n3sted%2FUrl@mq:5672/v","headers":["Authorization: Bearer n3stedBearer"]}"#,
            ["n3sted/Url", "n3sted%2FUrl", "n3stedBearer"]
        ),
        (
            "JSON: AWS", #"{"AccessKeyId":"ASIA2EXAMPLE34567890","SecretAccessKey":"abc/def+GHI1","SessionToken":"IQoJb3JpZ2lu//x"}"#,
            ["ASIA2EXAMPLE34567890", "abc/def+GHI1", "IQoJb3JpZ2lu//x"]
        ),
        ("URL: a token as the user", "https://ghp_Zz9Yy8Xx7Ww6:x-oauth-basic@github.com/acme/web.git", ["ghp_Zz9Yy8Xx7Ww6"]),
        (
            "URL: a token in the path", "https://hooks.slack.example/services/T0AB12CD3/B0EF45GH6/a1B2c3D4e5F6g7H8i9J0",
            ["a1B2c3D4e5F6g7H8i9J0"]
        ),
        ("URL: signs in the password", "postgres://app:pa/s#w0rd?x@db.example.com:5432/web", ["pa/s#w0rd?x"]),
        ("URL: many hosts", "mongodb+srv://app:m0ngoSecret@a.example.com,b.example.com/web?authSource=admin", ["m0ngoSecret"]),
        ("URL: jdbc", "jdbc:postgresql://db.example.com/web?user=app&password=jdbcS3cret&ssl=true", ["jdbcS3cret"]),
        ("header: another scheme", "Authorization: ApiKey ap1keyAp1key", ["ap1keyAp1key"]),
        ("header: a key", "X-Api-Key: h3aderKey1", ["h3aderKey1"]),
        ("header: a cookie", "Cookie: theme=dark; session=s3ss10nAbc; lang=en", ["s3ss10nAbc"]),
        (
            "header: two", "Accept: */*\nAuthorization: Bearer f1rstToken\nProxy-Authorization: Basic cHJveHk6cHIweHlQYXNz\n",
            ["f1rstToken", "pr0xyPass"]
        ),
        ("dotenv: over lines", "A=1\nSIGNING_KEY=\"line 0ne Abc\nline tw0 Def\"\nB='x'\n", ["line 0ne Abc\nline tw0 Def", "line tw0 Def"]),
        ("YAML: in a line", "{user: app, password: fl0wSecret, port: 5432}", ["fl0wSecret"]),
        ("YAML: a list", "tokens:\n  - l1stTokenA\n  - 'l1st TokenB'\n", ["l1stTokenA"]),
        (
            "YAML: kubeconfig", "users:\n- name: admin\n  user:\n    client-key-data: LS0tLS1CRUdJTiBQUklW\n    token: kub3.t0ken\n",
            ["LS0tLS1CRUdJTiBQUklW", "kub3.t0ken"]
        ),
        ("pgpass: blanks and a colon", "db.example.com:5432:web:app:pg pass w0rd:x\n", ["pg pass w0rd:x"]),
        ("netrc: default", "default login me password d3faultPass\n", ["d3faultPass"]),
        (
            "CSV", "User name,Access key ID,Secret access key\nbot,AKIA3EXAMPLE34567890,cSvK/MDENG+Secret9\n",
            ["AKIA3EXAMPLE34567890", "cSvK/MDENG+Secret9"]
        ),
        ("npm", "//registry.npmjs.example/:_authToken=npm_AbC123dEf\n_auth=bnBtOm5wbS1TM2NyZXQ=\n", ["npm_AbC123dEf", "npm-S3cret"]),
        ("percent-encoded", "p3rcent%20Secret%2F1", ["p3rcent%20Secret%2F1", "p3rcent Secret/1"]),
    ]

    private static let ways: [(name: String, print: @Sendable (String) -> String)] = [
        ("as it is", { $0 }), ("in a sentence", { "error: can't log in with \($0), giving up" }),
        ("as JSON", { "{\"level\":\"error\",\"value\":\(json($0))}" }),
        ("as a URL has it", { "GET /?q=" + ($0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "") }),
        ("as base64", { Data(("x" + $0).utf8).base64EncodedString() }),
        ("for a shell", { "+ login '" + $0.replacingOccurrences(of: "'", with: "'\\''") + "'" }),
        ("with CR LF", { "value:\r\n" + $0.replacingOccurrences(of: "\n", with: "\r\n") + "\r\n" }),
        ("in colours", { "\u{1B}[31m\($0)\u{1B}[0m" }),
        ("as a setting", { "password=\($0);user=app" }),
        ("by echo without quotes", { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }),
        ("for SQL", { "VALUES ('" + $0.replacingOccurrences(of: "'", with: "''") + "')" }),
        ("as CSV", { "1,\"" + $0.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }),
    ]

    private static func json(_ text: String) -> String {
        String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self)
    }

    @Test func `no leak of a part is missed`() throws {
        var (leaks, misses) = (0, [String]())
        for kind in Self.kinds {
            let values = try masked(kind.value)
            for secret in kind.secrets {
                for way in Self.ways {
                    leaks += 1
                    let printed = way.print(secret)
                    // All of what is printed of the secret is gone, and what is around it is not.
                    let output = try values.output(printed)
                    let rest = output.replacingOccurrences(of: "***", with: "")
                    let plain = way.print("").replacingOccurrences(of: "\"\"}", with: "}")
                    if !output.contains("***") || rest.count > plain.count + 6 {
                        misses.append("\(kind.kind), \(way.name): \(printed) -> \(output)")
                    }
                    let bytewise = try values.output(bytes(printed).indices.map { bytes(printed)[$0...$0] })
                    #expect(bytewise == bytes(output))
                }
            }
        }
        #expect(misses.isEmpty, "\(misses.count) of \(leaks) leaks are missed: \(misses.joined(separator: "\n"))")
        #expect(leaks >= 200, "\(leaks) leaks")
    }

    private static let lines = [
        "Cloning into 'web'...", "remote: Enumerating objects: 5432, done.", "git clone https://github.com/acme/web",
        "Switched to branch 'production'",
        "npm WARN deprecated request@2.88.2: request has been deprecated", "added 1284 packages, and audited 1285 packages in 12s",
        "Compiling serde v1.0.196",
        "Finished release [optimized] target(s) in 5m 43s", "go: downloading github.com/lib/pq v1.10.9",
        "ok  \tgithub.com/acme/web/db\t0.543s", "Step 3/12 : RUN apt-get update",
        "Get:1 http://deb.debian.org/debian bookworm InRelease [151 kB]", "Setting up postgresql-client (15+248) ...",
        "Successfully built 3f2a9c1d7e4b",
        "Successfully tagged registry.example.com/acme/web:latest", "The push refers to repository [registry.example.com/acme/web]",
        "deployment.apps/web configured",
        "pod/web-7d9f8c6b5-x2x4z condition met", "connecting to localhost:5432 as app", "connected to db.example.com:5432/web",
        "db.example.com", "localhost", "true", "false",
        "password authentication failed for user \"app\"", "Password:", "Enter password for user app:", "user=app", "DEBUG=false",
        "DB_HOST=db2.example.com", "region: eu-west-1",
        "using region us-east-1", "service_account", "type: service_account", "my-project-123", "project my-project-123 in us-east-1",
        "https://oauth2.googleapis.com/token",
        "POST https://oauth2.googleapis.com/token 200", "sslmode=require", "Server listening on http://0.0.0.0:3306",
        "machine is up, login now", "machine api.example.com", "login bot",
        "{\"level\":\"info\",\"host\":\"localhost\",\"port\":5432,\"ssl\":\"true\"}", "[default]", "PASS src/db.test.ts (5.43 s)",
        "Tests: 132 passed, 132 total", "collected 57 items",
        "tests/test_db.py ......... [100%]", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "username: admin", "mode=fast",
        "SecretString", "Encrypt=True", "name: deploy",
        "spring.datasource.username=sa",
        "Downloading https://repo.maven.apache.org/maven2/org/springframework/spring-core/6.1.3/spring-core-6.1.3.jar",
        "BUILD SUCCESSFUL in 1m 12s",
    ]

    private static let settings: [@Sendable (String) -> String] = [
        { $0 }, { "2026-11-30T08:00:00Z INFO  " + $0 }, { "\u{1B}[2m[12:34:56]\u{1B}[0m " + $0 + "\r\n" }, { "web-1  | " + $0 + "\n" },
    ]

    @Test func `no ordinary output is changed`() throws {
        // All kinds at once, so that any of them may be hit; but lines of a value by themselves are masked, whatever they are.
        let own = Set(Self.kinds.flatMap { $0.value.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) } })
        let values = try masked(Self.kinds.map { bytes($0.value) })
        var (outputs, alarms) = (0, [String]())
        for line in Self.lines where !own.contains(line) {
            for setting in Self.settings {
                outputs += 1
                let text = setting(line)
                let output = try values.output(text)
                if output != text { alarms.append("\(text) -> \(output)") }
            }
        }
        #expect(alarms.isEmpty, "\(alarms.count) false alarms of \(outputs): \(alarms.joined(separator: "\n"))")
        #expect(outputs >= 200, "\(outputs) outputs")
    }

    /// Long lines broken at blanks, or anywhere: by YAML, in headers, by fold(1) and by a terminal.
    @Test func `a value is found over the lines that it is folded to`() throws {
        let value = "The first w0rd of a l0ng text of many w0rds, wh1ch no line of a YAML file has room f0r, and which 1s folded"
        let values = try masked(value)
        let words = value.split(separator: " ")
        for width in 2...12 {
            let lines = stride(from: 0, to: words.count, by: width).map { words[$0..<min($0 + width, words.count)].joined(separator: " ") }
            for lineEnd in ["\n", "\n  ", "\r\n\t", " \n", " \n    ", "\\\n  \\ ", " \\\n"] {
                let text = "x: \(lines.joined(separator: lineEnd))\ny"
                #expect(try values.output(text) == "x: ***\ny", "\(text)")
                #expect(string(try values.output(bytes(text).map { [$0] })) == "x: ***\ny", "\(text)")
            }
        }
        for width in [7, 20, 72] {
            let lines = stride(from: 0, to: value.count, by: width).map { String(value.dropFirst($0).prefix(width)) }
            for lineEnd in ["\n", "\r\n"] { #expect(try values.output("x: \(lines.joined(separator: lineEnd))\ny") == "x: ***\ny") }
        }
        // Nothing more than that is taken away.
        for text in ["The first w0rd\nof a l0ng\n", "The\n\n\n\n", "The first w0rd of a l0ng text\n"] {
            #expect(try values.output(text) == text)
        }
    }

    @Test func `blanks mask nothing, and short parts and words are left alone`() throws {
        for value in ["    ", " \t \n ", "\n\n\n\n\n"] { #expect(try masked(value).tooShort.count == 1) }
        let values = try masked(
            #"{"a":"true","b":"localhost","password":"password","token":"short","c":"production","d":"5432","key":"changeme"}"#)
        let text = "true localhost password short production 5432 changeme"
        #expect(try values.output(text) == text)
    }

    /// Who may write a value keeps nobody's job from starting by it.
    @Test(arguments: ["key=", "://a@", "password ", "{\"", "a: ", "'", "token=\"", "[[[[", "%41", "basic "])
    func `the time is linear whatever a value is made of`(piece: String) throws {
        let values = try masked(String(repeating: piece, count: (8 << 10) / piece.utf8.count))
        #expect(try values.output("ordinary") == "ordinary")
    }

    /// A value of many strings takes no more memory than is said.
    @Test func `parts have a limit`() throws {
        let long = "{" + (0..<20_000).map { "\"k\($0)\":\"S3cret\($0)x\"" }.joined(separator: ",") + "}"
        #expect(try masked(long).output("S3cret17x") == "S3cret17x")
        let many = "{" + (0..<3000).map { "\"k\($0)\":\"S3cret\($0)x\"" }.joined(separator: ",") + "}"
        let output = try masked(many).output("S3cret17x S3cret2999x S3cret3000x")
        #expect(output == "*** *** S3cret3000x")
    }
}
