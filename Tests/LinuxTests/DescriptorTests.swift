import Foundation
import Testing

@testable import Linux

/// A folder that goes with its owner.
final class Folder {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("tacit-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func file(_ name: String, _ bytes: [UInt8] = []) throws -> String {
        try Data(bytes).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }
}

/// The error that `body` throws.
func errno(_ body: () throws -> Void) -> Errno? {
    do { try body() } catch { return error as? Errno }
    return nil
}

@Suite struct DescriptorTests {
    @Test func errorsSayWhatTheSystemSays() {
        #expect(Errno.noEntry.description == "No such file or directory")
        #expect(Errno.noKey.rawValue == ENOKEY)
        #expect(Errno(rawValue: 9999).description.contains("9999"))
    }

    @Test func opensCloseOnExec() throws {
        let folder = try Folder()
        let file = try FileDescriptor.open(folder.path + "/a", [.readWrite, .create, .exclusive], permissions: 0o600)
        #expect(fcntl(file.rawValue, F_GETFD) & FD_CLOEXEC != 0)
        let copy = try file.duplicate()
        #expect(fcntl(copy.rawValue, F_GETFD) & FD_CLOEXEC != 0)
        #expect(copy.rawValue != file.rawValue)
        let status = try file.status()
        #expect(status.permissions == 0o600 && status.isRegularFile && status.size == 0 && status.uid == geteuid())
        #expect(errno { _ = try FileDescriptor.open(folder.path + "/a", [.readWrite, .create, .exclusive]).rawValue } == .exists)
        #expect(errno { _ = try FileDescriptor.open(folder.path + "/none", .readOnly).rawValue } == .noEntry)
        unsafe symlink("a", folder.path + "/link")
        #expect(errno { _ = try FileDescriptor.open(folder.path + "/link", [.readOnly, .noFollow]).rawValue } == .tooManyLinks)
    }

    @Test func writesAndReads() throws {
        let folder = try Folder()
        let file = try FileDescriptor.open(folder.path + "/a", [.readWrite, .create], permissions: 0o600)
        try file.writeAll(Array("hello world".utf8))
        #expect(try unsafe file.pwrite(Array("J".utf8).span.bytes, at: 0) == 1)
        try file.truncate(to: 5)
        try file.fdatasync()
        try file.fsync()
        try FileDescriptor.syncFolder(folder.path)
        let again = try FileDescriptor.open(folder.path + "/a", .readOnly)
        #expect(try again.readToEnd(limit: 5) == Array("Jello".utf8))
        #expect(errno { _ = try FileDescriptor.open(folder.path + "/a", .readOnly).readToEnd(limit: 4) } == .fileTooLarge)
        #expect(errno { try again.writeAll([1]) } == .badDescriptor)
        try again.close()
        #expect(FileDescriptor.exists(folder.path + "/a"))
        try FileDescriptor.unlink(folder.path + "/a")
        #expect(!FileDescriptor.exists(folder.path + "/a"))
        #expect(FileDescriptor.folder(of: "/a/b") == "/a" && FileDescriptor.folder(of: "/a") == "/" && FileDescriptor.folder(of: "a") == ".")
    }

    @Test func readsBackwards() throws {
        let folder = try Folder()
        let file = try FileDescriptor.open(try folder.file("a", Array(0..<100)), .readOnly)
        #expect(try file.readBackwards(from: 100, longest: 10) == Array(90..<100))
        #expect(try file.readBackwards(from: 5, longest: 10) == Array(0..<5))
        #expect(try file.readBackwards(from: 104, longest: 10) == Array(94..<100))
        for end in [0, -1, Int64.min] { #expect(try file.readBackwards(from: end, longest: 10) == []) }
    }

    @Test func lendsLines() throws {
        let folder = try Folder()
        for (text, end, lines) in [
            ("a\nbb\n", 5, ["a", "bb"]), ("a\nbb", 4, ["a", "bb"]), ("", 0, []), ("\n\n", 2, ["", ""]), ("a\nbb\ncc\n", 5, ["a", "bb"]),
            ("0123456789abc\nd\n", 16, ["01234567", "89abc", "d"]), ("1234567\n1234567\n", 16, ["1234567", "1234567"]),
        ] as [(String, Int64, [String])] {
            let file = try FileDescriptor.open(try folder.file("a", Array(text.utf8)), .readOnly)
            var seen: [String] = []
            try file.readLines(upTo: end, longest: 8) { line in
                seen.append(unsafe line.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
            }
            #expect(seen == lines, "\(text)")
        }
    }

    @Test func locksABuffer() throws {
        var buffer = try LockedBuffer(capacity: 4)
        let fits = [1, 2, 3, 4, 5].map { buffer.append($0) }
        #expect(fits == [true, true, true, true, false])
        let last = buffer.removeLast()
        #expect(last == 4)
        let both = unsafe buffer.append(copying: ([1, 2] as [UInt8]).span.bytes)
        #expect(!both)
        let count = buffer.count
        #expect(count == 3)
        buffer.removeAll()
        let none = buffer.removeLast()
        #expect(none == nil)
        #expect(errno { _ = try LockedBuffer(capacity: 0).count } == .outOfMemory)
    }
}
