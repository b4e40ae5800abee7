// SPDX-License-Identifier: MIT

import Foundation
import Testing
import TestSupport

@testable import Linux

/// Sockets: who listens, who calls.
@Suite struct UnixSocketTests {
    /// The next connection; an error if none comes soon.
    private func accepted(on listener: borrowing UnixListener) throws -> FileDescriptor {
        var waiting = pollfd(fd: listener.rawValue, events: Int16(POLLIN), revents: 0)
        let ready = unsafe poll(&waiting, 1, 15_000)
        try #require(ready == 1)
        return FileDescriptor(owning: accept(listener.rawValue, nil, nil))
    }

    @Test func `a caller is known by its credentials, and bytes go through`() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/sock"
        let listener = try UnixListener(path: path, mode: 0o666)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o666)
        let client = try UnixStream.connect(path)
        let server = try accepted(on: listener)
        let peer = try PeerCredentials(of: server.rawValue)
        #expect(peer.uid == geteuid() && peer.gid == getegid() && peer.pid == getpid())
        try client.writeAll(Array("hello".utf8))
        try client.close()
        let received = try server.readToEnd(limit: 100)
        #expect(received == Array("hello".utf8))
    }

    /// Needs root, to be somebody else.
    @Test func `another user's credentials are that user's`() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/sock"
        let listener = try UnixListener(path: path, mode: 0o666)
        var command = Command("/usr/bin/python3", "-I", "-S", "-c", "import socket; s = socket.socket(1); s.connect('\(path)'); s.recv(1)")
        command.caller = TestUser(uid: 61001, gid: 61002, groups: [])
        let child = try command.start()
        let server = try accepted(on: listener)
        let peer = try PeerCredentials(of: server.rawValue)
        #expect(peer.uid == 61001 && peer.gid == 61002 && peer.pid == child.pid)
    }

    @Test func `a second listener is refused while the first one answers, and takes the place of a dead one`() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/sock"
        do {
            let first = try UnixListener(path: path, mode: 0o600)
            #expect(errno { _ = try UnixListener(path: path, mode: 0o600) } == .addressInUse)
            _ = try UnixStream.connect(path)
            _ = first.rawValue
        }
        #expect(!FileDescriptor.exists(path))
        #expect(errno { _ = try UnixStream.connect(path) } == .noEntry)

        // A socket's file that a crash left.
        try Command("/usr/bin/python3", "-I", "-S", "-c", "import socket; socket.socket(1).bind('\(path)')").run().orThrow()
        #expect(errno { _ = try UnixStream.connect(path) } == .connectionRefused)
        let second = try UnixListener(path: path, mode: 0o600)
        _ = try UnixStream.connect(path)
        _ = second.rawValue
    }

    @Test func `what is no socket is left alone`() throws {
        let scratch = try Scratch()
        let path = try scratch.file("sock", Data("precious".utf8))
        #expect(errno { _ = try UnixListener(path: path, mode: 0o600) } == .addressInUse)
        #expect(Scratch.contents(path) == Data("precious".utf8))
    }

    @Test func `a path that does not fit an address is an error`() throws {
        let long = "/tmp/" + String(repeating: "x", count: 103)
        #expect(errno { _ = try UnixListener(path: long, mode: 0o600) } == .nameTooLong)
        #expect(errno { _ = try UnixStream.connect(long) } == .nameTooLong)
        #expect(errno { _ = try UnixStream.connect("") } == .nameTooLong)
    }
}
