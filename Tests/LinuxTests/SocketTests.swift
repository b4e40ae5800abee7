import Foundation
import Testing

@testable import Linux

@Suite struct SocketTests {
    @Test func replacesAStaleSocketAndNoOther() throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        do {
            let listener = try UnixListener(path: path, mode: 0o620)
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o620)
            #expect(errno { _ = try UnixListener(path: path, mode: 0o600).rawValue } == .addressInUse)
            #expect(listener.rawValue >= 0)
        }
        // Its file goes with it.
        #expect(!FileDescriptor.exists(path))
        #expect(errno { _ = try UnixStream.connect(path).rawValue } == .noEntry)

        // What a crash leaves: a socket that nobody listens at.
        try #require(run(["perl", "-MIO::Socket::UNIX", "-e", "IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1)", path]) == 0)
        #expect(FileDescriptor.exists(path))
        #expect(errno { _ = try UnixStream.connect(path).rawValue } == .connectionRefused)
        do {
            let listener = try UnixListener(path: path, mode: 0o600)
            _ = try UnixStream.connect(path).rawValue
            #expect(listener.rawValue >= 0)
        }
        let file = try folder.file("file", [1])
        #expect(errno { _ = try UnixListener(path: file, mode: 0o600).rawValue } == .addressInUse)
        #expect(FileManager.default.contents(atPath: file) == Data([1]))
        #expect(errno { _ = try UnixListener(path: String(repeating: "x", count: 200), mode: 0o600).rawValue } == .nameTooLong)
    }

    @Test func knowsItsPeer() throws {
        let folder = try Folder()
        let listener = try UnixListener(path: folder.path + "/s", mode: 0o666)
        let client = try UnixStream.connect(folder.path + "/s")
        let server = FileDescriptor(owning: accept(listener.rawValue, nil, nil))
        for descriptor in [server.rawValue, client.rawValue] {
            let peer = try PeerCredentials(of: descriptor)
            #expect(peer.uid == geteuid() && peer.gid == getegid() && peer.pid == getpid())
        }
        #expect(errno { _ = try PeerCredentials(of: -1) } == .badDescriptor)
    }

    @Test func knowsAPeerOfAnotherUser() throws {
        try #require(geteuid() == 0, "this test needs other users: run it as root")
        let folder = try Folder()
        unsafe chmod(folder.path, 0o755)
        let listener = try UnixListener(path: folder.path + "/s", mode: 0o666)
        let child = try start([
            "setpriv", "--reuid=1001", "--regid=1001", "--clear-groups", "perl", "-MIO::Socket::UNIX", "-e",
            "$s = IO::Socket::UNIX->new(Peer => $ARGV[0]); sleep 60", folder.path + "/s",
        ])
        defer { child.terminate() }
        var waiting = pollfd(fd: listener.rawValue, events: Int16(POLLIN), revents: 0)
        try #require(unsafe poll(&waiting, 1, 10_000) == 1, "the child did not connect")
        let server = FileDescriptor(owning: accept(listener.rawValue, nil, nil))
        let peer = try PeerCredentials(of: server.rawValue)
        #expect(peer.uid == 1001 && peer.gid == 1001 && peer.pid == child.processIdentifier)
    }
}

/// Runs a program; its status.
func run(_ words: [String]) throws -> Int32 {
    let process = try start(words)
    process.waitUntilExit()
    return process.terminationStatus
}

func start(_ words: [String]) throws -> Foundation.Process {
    let process = Foundation.Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    try process.run()
    return process
}
