// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Linux
import Secrets
import Sodium
import Synchronization
import Testing
import Vault

@testable import Control

/// A control socket over a new store in a folder of its own, which goes with it.
final class Server {
    let folder: String
    let vault: Vault
    let invalidated = Invalidated()
    /// Who owns the store.
    let owner: UInt32
    private var control: ControlServer?
    private var listener: Listener?

    /// What the kernel was told to forget.
    final class Invalidated: ContentObserver {
        let inodes = Mutex<[Inode]>([])

        func forgetValues() {}
        func forget(_ changes: ChangeSet, by uid: UInt32) { inodes.withLock { $0 += changes.inodes } }
    }

    private final class Listener {
        let socket: UnixListener
        init(_ path: String) throws { socket = try UnixListener(path: path, mode: 0o666) }
    }

    var socket: String { folder + "/s" }

    /// - Parameter owner: who owns the store; this process, unless a test wants to be somebody else.
    init(owner: UInt32 = geteuid(), passphrase: String? = nil) throws {
        self.owner = owner
        try Sodium.start()
        // A server that hangs up is nothing to die of.
        signal(SIGPIPE, SIG_IGN)
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tacit-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let configuration = VaultConfiguration(
            storePath: folder + "/tacit.db", nodeKeyPath: folder + "/node.key", auditPath: folder + "/audit.log",
            rootKey: passphrase == nil ? .file(folder + "/root.key") : .none, ownerUID: owner)
        if let passphrase {
            var buffer = try SecretBuffer()
            try unsafe buffer.write(Array(passphrase.utf8).span.bytes, at: 0)
            try Vault.create(configuration, passphrase: buffer)
        } else {
            try Vault.create(configuration, passphrase: nil)
        }
        vault = try Vault(configuration)
        let listener = try Listener(folder + "/s")
        self.listener = listener
        vault.observe(invalidated)
        control = try ControlServer(
            vault: vault, listener: listener.socket.rawValue, mountpoint: "/secrets", rootKey: configuration.rootKey)
    }

    deinit {
        control?.stop()
        listener = nil
        try? vault.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func stop() {
        control?.stop()
        control = nil
        listener = nil
    }

    /// Sends a request as it is, and gives what comes back until the server hangs up.
    func send(_ request: String) throws -> String {
        let connection = try UnixStream.connect(socket)
        try? connection.writeAll(Array(request.utf8))
        var answer: [UInt8] = []
        // A server that has not read all of a request resets the connection behind its answer.
        while let byte = try? connection.readByte() { answer.append(byte) }
        return String(decoding: answer, as: UTF8.self)
    }

    /// Status and body of an answer.
    func ask(_ method: String, _ target: String, body: String? = nil) throws -> (status: Int, body: String) {
        let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        let answer = try send("\(method) \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(length)\r\n\(body ?? "")")
        let parts = answer.components(separatedBy: "\r\n\r\n")
        let status = Int(answer.split(separator: " ").dropFirst().first ?? "") ?? 0
        return (status, parts.dropFirst().joined(separator: "\r\n\r\n"))
    }

    func refusal(_ method: String, _ target: String, body: String? = nil) throws -> (status: Int, refusal: Refusal) {
        let answer = try ask(method, target, body: body)
        return (answer.status, try JSONDecoder().decode(Refusal.self, from: Data(answer.body.utf8)))
    }

    func reply<Reply: Decodable>(_ method: String, _ target: String, body: String? = nil, as: Reply.Type) throws -> Reply {
        let answer = try ask(method, target, body: body)
        try #require(answer.status == 200, "\(answer.body)")
        return try JSONDecoder().decode(Reply.self, from: Data(answer.body.utf8))
    }

    /// This process, as the vault sees it without the socket.
    func caller(_ action: String) -> Caller {
        Caller(uid: geteuid(), gid: getegid(), pid: getpid(), comm: Array("test".utf8), action: action, groups: { [] })
    }

    /// The owner of the store, without the socket.
    var keeper: Caller {
        Caller(uid: owner, gid: owner, pid: getpid(), comm: Array("test".utf8), action: "test", groups: { [] })
    }
}

extension FileDescriptor {
    /// The next byte; nil at the end.
    borrowing func readByte() throws(Errno) -> UInt8? {
        var one: [UInt8] = [0]
        var span = one.mutableSpan
        var bytes = unsafe span.mutableBytes
        return try read(into: &bytes) == 1 ? one[0] : nil
    }
}

/// Wire types as their text, in expectations.
extension Reference: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(components: text.split(separator: "/").map { Array($0.utf8) }) }
}

extension Principal: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self = Principal(notation: text) ?? .user(.max) }
}

extension Rights: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self = Rights(notation: text) ?? .all }
}
