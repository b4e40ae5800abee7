// SPDX-License-Identifier: MIT

import Foundation
import Testing
import TestSupport

@testable import Linux

/// What `body` throws.
func errno(_ body: () throws -> Void) -> Errno? {
    do { try body() } catch { return error as? Errno }
    return nil
}

/// Descriptors: flags, permissions, reads and writes of all lengths.
@Suite struct FileTests {
    @Test func `an error has the system's words`() {
        #expect(Errno.noEntry.description == "No such file or directory")
        #expect(Errno.noKey.description == "Required key not available")
        #expect(Errno(rawValue: 99_999).description.contains("99999"))
    }

    @Test func `what was written is read, and a new file has the given permissions`() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/file"
        let bytes = [UInt8](repeating: 7, count: 100_000)
        let file = try FileDescriptor.open(path, [.readWrite, .create, .exclusive], permissions: 0o600)
        try file.writeAll(bytes)
        try file.fdatasync()
        let status = try file.status()
        #expect(status.permissions == 0o600 && status.size == 100_000 && status.isRegularFile && status.uid == geteuid())
        try file.truncate(to: 3)
        try file.close()
        let contents = try FileDescriptor.open(path, .readOnly).readToEnd(limit: 3)
        #expect(contents == [7, 7, 7])
        #expect(errno { _ = try FileDescriptor.open(path, .readOnly).readToEnd(limit: 2) } == .fileTooLarge)
        #expect(errno { _ = try FileDescriptor.open(path, [.readWrite, .create, .exclusive]) } == .exists)
        #expect(errno { _ = try FileDescriptor.open(path + "x", .readOnly) } == .noEntry)
        #expect(errno { _ = try FileDescriptor.open(path, [.readOnly, .folder]) } == .notFolder)
        try FileDescriptor.syncFolder(scratch.path)
        try FileDescriptor.unlink(path)
        #expect(!FileDescriptor.exists(path))
    }

    @Test func `links are not followed where that is asked`() throws {
        let scratch = try Scratch()
        try FileManager.default.createSymbolicLink(atPath: scratch.path + "/link", withDestinationPath: "nowhere")
        #expect(FileDescriptor.exists(scratch.path + "/link"))
        #expect(errno { _ = try FileDescriptor.open(scratch.path + "/link", [.readOnly, .noFollow]) } == .tooManyLinks)
    }

    @Test func `a descriptor is closed on exec, and when its owner goes`() throws {
        var number: Int32 = -1
        do {
            let file = try FileDescriptor.open("/dev/null", .readOnly)
            number = file.rawValue
            let flags = fcntl(number, F_GETFD)
            #expect(flags & FD_CLOEXEC != 0)
            let copy = try file.duplicate()
            let copied = fcntl(copy.rawValue, F_GETFD)
            #expect(copied & FD_CLOEXEC != 0)
        }
        let given = try FileDescriptor.open("/dev/null", .readOnly).release()
        #expect(close(given) == 0)
    }

    @Test(arguments: ["", "a", "a\n", "\n\n", "a\nbb\nccc", "0123456789\n012345678\n01234567890123\nx\n"])
    func `lines are lent one by one, too long ones in pieces`(text: String) throws {
        let scratch = try Scratch()
        let path = try scratch.file("lines", Data(text.utf8))
        let file = try FileDescriptor.open(path, .readOnly)
        var lines: [String] = []
        try file.readLines(upTo: Int64(text.utf8.count), longest: 10) { line in
            lines.append(unsafe line.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
        }
        var expected: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var rest = line
            while rest.utf8.count >= 10 {
                expected.append(String(rest.prefix(10)))
                rest = rest.dropFirst(10)
            }
            expected.append(String(rest))
        }
        // Behind the last newline there is no line.
        if expected.last == "" { expected.removeLast() }
        #expect(lines == expected)
    }

    @Test func `the end of a file is read backwards`() throws {
        let scratch = try Scratch()
        let path = try scratch.file("tail", Data("0123456789".utf8))
        let file = try FileDescriptor.open(path, .readOnly)
        for (end, longest, expected) in [(10 as Int64, 3, "789"), (5, 100, "01234"), (0, 5, ""), (12, 4, "89")] {
            let bytes = try file.readBackwards(from: end, longest: longest)
            #expect(String(decoding: bytes, as: UTF8.self) == expected)
        }
    }

    @Test(arguments: [("a/b", "a"), ("/a", "/"), ("a", "."), ("/a/b/c", "/a/b")])
    func `a path names a file in a folder`(path: String, folder: String) {
        #expect(FileDescriptor.folder(of: path) == folder)
    }
}
