// SPDX-License-Identifier: MIT

import Foundation
import Testing

@testable import tacitd

@Suite struct LocationsTests {
    private func environment(uid: UInt32, _ variables: [String: String] = [:]) -> Environment {
        Environment(uid: uid, workingFolder: "/srv/folder", variables: variables)
    }

    @Test func `roots are the machines`() throws {
        let locations = try Locations(environment(uid: 0, ["XDG_DATA_HOME": "/x", "HOME": "/root", "XDG_RUNTIME_DIR": "/run/user/0"]))
        #expect(locations.store == "/var/lib/tacit/tacit.db")
        #expect(locations.nodeKey == "/var/lib/tacit/node.key")
        #expect(locations.audit == "/var/lib/tacit/audit.log")
        #expect(locations.rootKey == "/etc/tacit/root.key")
        #expect(locations.socket == "/run/tacit/tacit.sock")
        #expect(locations.credential == nil)
    }

    @Test func `users are their own`() throws {
        let locations = try Locations(environment(uid: 1001, ["HOME": "/home/alice", "XDG_RUNTIME_DIR": "/run/user/1001"]))
        #expect(locations.store == "/home/alice/.local/share/tacit/tacit.db")
        #expect(locations.rootKey == "/home/alice/.config/tacit/root.key")
        #expect(locations.socket == "/run/user/1001/tacit/tacit.sock")
        let moved = try Locations(
            environment(uid: 1001, ["XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c", "CREDENTIALS_DIRECTORY": "/cr"]))
        #expect(moved.audit == "/d/tacit/audit.log")
        #expect(moved.rootKey == "/c/tacit/root.key")
        #expect(moved.credential == "/cr/tacit.root-key")
        // Without a login session.
        #expect(moved.socket == "/d/tacit/tacit.sock")
    }

    @Test func `relative folders of the environment are none`() throws {
        let locations = try Locations(environment(uid: 1001, ["HOME": "/h", "XDG_DATA_HOME": "d", "XDG_RUNTIME_DIR": "r"]))
        #expect(locations.store == "/h/.local/share/tacit/tacit.db")
        #expect(locations.socket == "/h/.local/share/tacit/tacit.sock")
        #expect(throws: StartError.self) { _ = try Locations(environment(uid: 1001, ["HOME": "relative"])) }
    }

    @Test func `what belongs to a store lies with it`() {
        let usual = "/var/lib/tacit/tacit.db"
        #expect(Path.beside(usual, "/var/lib/tacit/node.key", usual: usual) == "/var/lib/tacit/node.key")
        #expect(Path.beside("/srv/x.db", "/var/lib/tacit/node.key", usual: usual) == "/srv/node.key")
        #expect(Path.beside("/x.db", "/var/lib/tacit/node.key", usual: usual) == "/node.key")
    }

    @Test func `paths are made whole`() throws {
        #expect(Path.whole("a/b", in: "/srv") == "/srv/a/b")
        #expect(Path.whole("/a/b", in: "/srv") == "/a/b")
        #expect(Path.whole("a", in: "/") == "/a")
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tacit-paths-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("m"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let real = try Path.mountpoint(folder.path + "/.")
        #expect(try Path.mountpoint(folder.path + "/m/") == real + "/m")
        #expect(try Path.mountpoint(folder.path + "/m/..") == real)
        #expect(try Path.mountpoint(folder.path + "/gone") == real + "/gone")
        #expect(throws: StartError.self) { _ = try Path.mountpoint(folder.path + "/gone/m") }
        #expect(try Path.mountpoint("/") == "/")
    }

    @Test func `mountpoints that are missing are told as such`() {
        #expect {
            _ = try Path.mountpoint("/nonexistent/folder/m")
        } throws: { error in
            (error as? StartError)?.message == "/nonexistent/folder: No such file or directory"
        }
    }
}
