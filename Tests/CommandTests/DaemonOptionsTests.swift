// SPDX-License-Identifier: MIT

import Linux
import Testing
import Vault

@testable import tacitd

@Suite struct DaemonOptionsTests {
    private func parse(_ words: String...) throws(StartError) -> Options.Request {
        try Options.parse(words.map { Array($0.utf8) })
    }

    private func mount(_ words: [String]) -> Options? {
        guard case .mount(let options) = try? Options.parse(words.map { Array($0.utf8) }) else { return nil }
        return options
    }

    @Test func `the whole line`() throws {
        let options = mount([
            "-f", "--store", "s", "--key-file=k", "--node-key", "n", "--socket", "x", "--audit", "a", "--max-value", "2M",
            "--keep-pages", "0", "--passthrough", "no", "/secrets",
        ])
        var expected = Options()
        expected.foreground = true
        expected.store = "s"
        expected.keyFile = "k"
        expected.nodeKey = "n"
        expected.socket = "x"
        expected.audit = "a"
        expected.maxValue = 2 << 20
        expected.keepPages = 0
        expected.passthrough = false
        expected.mountpoint = "/secrets"
        #expect(options == expected)
    }

    @Test func `as mount runs it`() throws {
        let options = mount(["tacit", "/secrets", "-o", "rw,nosuid,nodev,noexec,relatime,dev,suid,_netdev,x-systemd.automount"])
        #expect(options?.mountpoint == "/secrets")
        #expect(options?.store == nil)
        #expect(mount(["/srv/tacit.db", "/secrets", "-o", "rw"])?.store == "/srv/tacit.db")
    }

    @Test func `settings in mount options`() throws {
        let options = mount(["none", "/secrets", "-o", #"rw,store=/a\,b,key-file=/k,max-value=64K,keep-pages=250"#, "-o", "audit=/l"])
        #expect(options?.store == "/a,b")
        #expect(options?.keyFile == "/k")
        #expect(options?.maxValue == 65536)
        #expect(options?.keepPages == 250)
        #expect(options?.audit == "/l")
    }

    @Test func `shares in mount options`() throws {
        #expect(mount(["m"])?.shares == Shares())
        let words = [
            "handles=10", "home-size=2M", "home-items=7", "secret-items=3:4", "locked=64K", "connections=5", "audit-rate=6",
        ]
        var expected = Shares()
        (expected.handles, expected.homeSize, expected.homeItems) = (10, 2 << 20, 7)
        (expected.homeSecretItems, expected.secretItems) = (3, 4)
        (expected.locked, expected.connections, expected.auditRate) = (65536, 5, 6)
        #expect(mount(["-o", words.joined(separator: ","), "m"])?.shares == expected)
        #expect(mount(["-o", "secret-items=9", "m"])?.shares.homeSecretItems == 9)
        #expect(mount(["-o", "secret-items=9", "m"])?.shares.secretItems == 9)
    }

    @Test(arguments: ["handles", "home-size", "home-items", "secret-items", "locked", "connections", "audit-rate"])
    func `zero turns a share off`(name: String) throws {
        let shares = try #require(mount(["-o", "\(name)=0", "m"])?.shares)
        #expect(shares != Shares())
        let off = [
            "handles": shares.handles, "home-size": shares.homeSize, "home-items": shares.homeItems,
            "secret-items": shares.secretItems, "locked": shares.locked, "connections": shares.connections,
            "audit-rate": shares.auditRate,
        ]
        #expect(off[name] == .some(nil))
    }

    @Test func `mounting on what is not empty is asked for by an option, or one of mount(8)`() {
        #expect(mount(["m"])?.nonempty == false)
        #expect(mount(["--nonempty", "m"])?.nonempty == true)
        #expect(mount(["-o", "rw,nonempty,nofail", "m"])?.nonempty == true)
    }

    @Test func `the last of two counts`() throws {
        #expect(mount(["--store", "a", "-o", "store=b", "m"])?.store == "b")
        #expect(mount(["-o", "store=b", "--store", "a", "m"])?.store == "a")
    }

    @Test(arguments: [
        ["-o", "ro", "m"], ["-o", "bogus", "m"], ["-o", "bogus=1", "m"], ["-o", "store=", "m"], ["-o", "foreground", "m"],
        ["-o", "init=1", "m"], ["--bogus", "m"], [], ["a", "b", "c"], ["/a", "m", "--store", "/b"], ["--passphrase", "m"],
        ["-o", "handles=", "m"], ["-o", "handles=-1", "m"], ["-o", "home-items=1K", "m"], ["-o", "home-size=1G", "m"],
        ["-o", "secret-items=1:2:3", "m"], ["-o", "secret-items=1:", "m"], ["-o", "audit-rate=99999999999999999999", "m"],
        ["-o", "locked=99999999999999999999M", "m"], ["--handles", "1", "m"], ["--json", "m"],
        ["--key-file", "a", "--key-command", "b", "m"], ["--max-value", "0", "m"], ["--keep-pages", "60001", "m"],
        ["--passthrough", "maybe", "m"],
        ["--keep-pages", "-1", "m"], ["--init", "m"],
        ["--nonempty", "--init"], ["-o", "nonempty=1", "m"],
        ["--init", "--passphrase", "--key-file", "k"], ["--init", "--key-command", "c"], ["--store", "", "m"],
    ])
    func `what is refused`(words: [String]) {
        #expect {
            _ = try Options.parse(words.map { Array($0.utf8) })
        } throws: { error in
            (error as? StartError)?.exitCode == .usage
        }
    }

    @Test func `making a store`() throws {
        var expected = Options()
        expected.passphrase = true
        expected.store = "s"
        #expect(try parse("--init", "--store", "s", "--passphrase") == .initialize(expected))
    }

    @Test func `help and version come first`() throws {
        #expect(try parse("--help", "a", "b", "c") == .help)
        #expect(try parse("-V") == .version)
        for option in Options.table { #expect(Options.help.contains("--\(option.name)")) }
    }

    @Test(arguments: [
        ("1", 1), ("4096", 4096), ("1K", 1024), ("64k", 65536), ("16M", 16 << 20), ("16384K", 16 << 20), ("16777216", 16 << 20),
    ])
    func `sizes`(text: String, bytes: Int) throws {
        #expect(try Size.parse(text) == bytes)
    }

    @Test(arguments: ["", "0", "-1", "+1", "K", "17M", "16777217", "1G", "1.5M", "0x10", "99999999999999999999", " 1", "1 K", "٣"])
    func `what is no size`(text: String) {
        #expect(throws: StartError.self) { _ = try Size.parse(text) }
    }
}
