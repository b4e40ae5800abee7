// SPDX-License-Identifier: MIT

import Testing

@testable import Linux

/// What /proc says of threads, among it names of anybody's choice.
@Suite struct ThreadTextTests {
    private func stat(name: String, flags: String = "4194560", exitCode: String = "9") -> [UInt8] {
        Array("4711 (\(name)) S 1 4711 4711 0 -1 \(flags) \(String(repeating: "7 ", count: 42))\(exitCode)\n".utf8)
    }

    @Test(arguments: ["cat", "a b", "a) S 1 2 3", "((", "))", "", "a\nb"])
    func `fields are counted behind the name, whatever it is`(name: String) throws {
        let parsed = try #require(ThreadStat(stat(name: name)))
        #expect(parsed.flags == 4_194_560 && parsed.exitCode == 9)
    }

    @Test(arguments: ["", "4711", "4711 (cat", "4711 (cat) S 1 2", ")"])
    func `anything else is none`(text: String) {
        #expect(ThreadStat(Array(text.utf8)) == nil)
        #expect(ThreadStat(stat(name: "cat", flags: "x")) == nil)
        #expect(ThreadStat(stat(name: "cat", exitCode: "99999999999999999999")) == nil)
    }

    /// The rows that were seen on Linux 6.18, and those where the exit code is hidden.
    @Test(arguments: [
        (0x40010c, 0, true, false), (0x40010c, 0x300, true, false),
        (0x40050c, 9, true, true), (0x40050c, 15, true, true), (0x40050c, 2, true, true), (0x40050c, 13, true, true),
        (0x40070c, 11, true, true), (0x40070c, 11 | 0x80, true, true),
        (0x40044c, 0, true, false), (0x40044c, 0x900, true, false), (0x40044c, 9, true, true),
        (0x40010c, 0, false, false), (0x40050c, 0, false, true),
    ])
    func `a signal killed it, or it exits`(flags: Int, exitCode: Int, isShown: Bool, dies: Bool) throws {
        let parsed = try #require(ThreadStat(stat(name: "cat", flags: "\(flags)", exitCode: "\(exitCode)")))
        #expect(parsed.diesFromSignal(exitCodeIsShown: isShown) == dies)
    }

    private let status = """
        Name:\ta\\nUid:\t0 0 0 0
        Tgid:\t4711
        PPid:\t4242
        Uid:\t1001\t1002\t1003\t1004
        Gid:\t2001\t2002\t2003\t2004
        Groups:\t10 20 4294967294 
        VmSize:\t    3760 kB

        """

    @Test func `a status tells whom the thread acts for`() throws {
        let parsed = try #require(ThreadStatus(Array(status.utf8)))
        #expect(parsed.tgid == 4711 && parsed.ppid == 4242 && parsed.fsuid == 1004 && parsed.fsgid == 2004)
        #expect(parsed.groups == [10, 20, 4_294_967_294] && parsed.hasMemory)
        let exiting = try #require(ThreadStatus(Array(status.utf8.filter { $0 != UInt8(ascii: "V") })))
        #expect(!exiting.hasMemory)
    }

    @Test(arguments: ["Tgid", "PPid", "Uid", "Gid", "Groups"])
    func `a status without one of its lines is none`(line: String) {
        #expect(ThreadStatus(Array(status.replacing("\n\(line):", with: "\nNo\(line):").utf8)) == nil)
        #expect(ThreadStatus(Array(status.replacing("\n\(line):\t", with: "\n\(line):\tx ").utf8)) == nil)
    }
}
