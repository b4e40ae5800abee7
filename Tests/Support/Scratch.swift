// SPDX-License-Identifier: MIT

package import Foundation
import Glibc

/// A throwaway folder in the system's temporary folder that other users can pass but not list.
package final class Scratch: Sendable {
    package let path: String

    /// The system's temporary folder, named as the kernel will name it in the table of mounts.
    private static let place = URL(filePath: NSTemporaryDirectory()).resolvingSymlinksInPath().path

    /// - Throws: an error of Foundation's if it can't be made.
    package init() throws {
        path = Scratch.place + "/tacit-test-" + UUID().uuidString.prefix(8)
        try Scratch.makeFolder(path, mode: 0o711, owner: 0)
    }

    deinit {
        // Stays on its own file system: should something still be mounted below, it's nobody's to empty.
        _ = try? Command("rm", "-rf", "--one-file-system", path).run()
    }

    /// A folder in it. Gives its path.
    @discardableResult
    package func folder(_ name: String, mode: Int = 0o700, owner: UInt32 = 0) throws -> String {
        try Scratch.makeFolder(path + "/" + name, mode: mode, owner: owner)
        return path + "/" + name
    }

    /// A file in it, with these bytes. Gives its path.
    @discardableResult
    package func file(_ name: String, _ bytes: Data = Data(), mode: Int = 0o600, owner: UInt32 = 0) throws -> String {
        try Scratch.makeFile(path + "/" + name, bytes, mode: mode, owner: owner)
        return path + "/" + name
    }

    private static func makeFolder(_ path: String, mode: Int, owner: UInt32) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try set(path, mode: mode, owner: owner)
    }

    private static func makeFile(_ path: String, _ bytes: Data, mode: Int, owner: UInt32) throws {
        guard FileManager.default.createFile(atPath: path, contents: bytes, attributes: [.posixPermissions: 0o600])
        else { throw Trouble("can't make \(path)") }
        try set(path, mode: mode, owner: owner)
    }

    private static func set(_ path: String, mode: Int, owner: UInt32) throws {
        try FileManager.default.setAttributes(
            [.posixPermissions: mode, .ownerAccountID: owner, .groupOwnerAccountID: owner], ofItemAtPath: path)
    }

    /// A new file of this process's own, outside of any folder: for what a child reads or prints.
    static func temporary(_ bytes: Data = Data()) throws -> String {
        let path = Scratch.place + "/tacit-test-output-" + UUID().uuidString
        try makeFile(path, bytes, mode: 0o600, owner: geteuid())
        return path
    }

    /// A new folder of this process's own, for its caller to remove.
    static func temporaryFolder() throws -> String {
        let path = Scratch.place + "/tacit-test-" + UUID().uuidString
        try makeFolder(path, mode: 0o700, owner: geteuid())
        return path
    }

    /// All bytes of a file; none if there's no such file.
    package static func contents(_ path: String) -> Data {
        FileManager.default.contents(atPath: path) ?? Data()
    }

    /// The mounts, as /proc/self/mounts tells them: a page at a time, at which Foundation stops.
    package static var mounts: String {
        let file = unsafe open("/proc/self/mounts", O_RDONLY | O_CLOEXEC)
        defer { if file >= 0 { Glibc.close(file) } }
        var table = Data()
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe read(file, &piece, piece.count)
            guard count > 0 else { return String(decoding: table, as: UTF8.self) }
            table.append(contentsOf: piece.prefix(count))
        }
    }

    static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// The programs of this package.
package enum Programs {
    /// The folder with `tacitd` and `tacit`: `TACIT_PROGRAMS` in the environment, as for those that people run, or that of the test
    /// program itself, with those for finding what is wrong.
    private static let tested = ProcessInfo.processInfo.environment["TACIT_PROGRAMS"].flatMap { $0.isEmpty ? nil : $0 } ?? built
    /// The folder with what helps the tests, built beside them.
    private static let built = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path

    /// Where one of them is.
    /// - Throws: `Trouble` if it has not been built.
    package static func path(of name: String) throws -> String {
        let path = (name == "tacitd" || name == "tacit" ? tested : built) + "/" + name
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Trouble("\(path) is missing: run swift build first") }
        return path
    }

    /// Copies one to where every user can run it, since a build folder may be closed to them.
    package static func install(_ name: String, in folder: String) throws {
        try Command("install", "-m", "755", path(of: name), folder).run().orThrow()
    }

    /// These tests are about other users and the kernel's own checks: without them they'd show nothing.
    /// - Throws: `Trouble` if this process isn't root, or can't mount.
    static func require() throws {
        guard geteuid() == 0 else { throw Trouble("mount tests need root: run contrib/test as root") }
        guard FileManager.default.isWritableFile(atPath: "/dev/fuse") else {
            throw Trouble("mount tests need /dev/fuse: modprobe fuse")
        }
    }
}
