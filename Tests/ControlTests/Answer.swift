// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Linux
import Secrets
import Testing
import Vault

@testable import Control

/// What every value in these tests holds, and nothing else may.
let marker = "s3cret-hunter2"

/// An answer in all its parts.
struct Answer {
    var status = 0
    /// By name, in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The head and the values of a bundle.
    func bundle() throws -> (head: ValuesHead, values: [String: [UInt8]]) {
        let end = try #require(body.firstIndex(of: UInt8(ascii: "\n")))
        let head = try JSONDecoder().decode(ValuesHead.self, from: Data(body[..<end]))
        var rest = body[(end + 1)...]
        var values: [String: [UInt8]] = [:]
        for item in head.items {
            values[item.name] = Array(rest.prefix(item.length))
            rest = rest.dropFirst(item.length)
        }
        #expect(rest.isEmpty)
        return (head, values)
    }
}

extension Server {
    /// Sends a request with octets, and takes the answer apart. Whatever is not an octet stream has no value in it.
    @discardableResult
    func exchange(_ method: String, _ target: String, _ body: [UInt8]? = nil) throws -> Answer {
        #expect(!target.contains(marker))
        let length = body.map { "Content-Length: \($0.count)\r\n" } ?? ""
        let head = Array("\(method) \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(length)\r\n".utf8)
        let answer = try parse(try transfer(head + (body ?? [])))
        if !["application/octet-stream", ValueBundle.mediaType].contains(answer.headers["content-type"]) {
            #expect(!answer.text.contains(marker))
        }
        #expect(answer.headers["cache-control"] == "no-store")
        return answer
    }

    /// Status and refusal; it must be one.
    func refused(_ method: String, _ target: String, _ body: [UInt8]? = nil) throws -> (status: Int, refusal: Refusal) {
        let answer = try exchange(method, target, body)
        #expect(answer.headers["content-type"] == "application/json")
        return (answer.status, try JSONDecoder().decode(Refusal.self, from: Data(answer.body)))
    }

    /// A reply in JSON, to a request with octets.
    func granted<Reply: Decodable>(_ method: String, _ target: String, _ body: [UInt8]? = nil, as: Reply.Type) throws -> Reply {
        let answer = try exchange(method, target, body)
        try #require(answer.status == 200, "\(answer.text)")
        return try JSONDecoder().decode(Reply.self, from: Data(answer.body))
    }

    /// Sends bytes, and gives what comes back until the server hangs up.
    private func transfer(_ request: [UInt8]) throws -> [UInt8] {
        let connection = try UnixStream.connect(socket)
        try? connection.writeAll(request)
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            var span = piece.mutableSpan
            var bytes = unsafe span.mutableBytes
            // A server that has not read all of a request resets the connection behind its answer.
            guard let count = try? connection.read(into: &bytes), count > 0 else { return answer }
            answer += piece.prefix(count)
        }
    }

    private func parse(_ bytes: [UInt8]) throws -> Answer {
        var answer = Answer()
        let end = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) })
        let lines = String(decoding: bytes[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        answer.status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            answer.headers[parts[0].lowercased()] = parts.last?.trimmingCharacters(in: .whitespaces)
        }
        answer.body = Array(bytes[(end + 4)...])
        if answer.headers["transfer-encoding"] == "chunked" { answer.body = try unchunked(answer.body) }
        return answer
    }

    private func unchunked(_ bytes: [UInt8]) throws -> [UInt8] {
        var rest = bytes[...]
        var body: [UInt8] = []
        while true {
            let line = rest.prefix { $0 != UInt8(ascii: "\r") }
            let length = try #require(Int(String(decoding: line, as: UTF8.self), radix: 16))
            rest = rest.dropFirst(line.count + 2)
            if length == 0 { return body }
            body += rest.prefix(length)
            rest = rest.dropFirst(length + 2)
        }
    }

    /// A bundle of a head and values.
    func bundle(_ request: ApplyRequest, _ values: [[UInt8]]) throws -> [UInt8] {
        try #require(JSONLine.bytes(of: request)) + values.joined()
    }

    /// Makes a secret as the owner of the store, past the socket; organization and project too.
    func make(_ secret: String, _ items: [String: String]) throws {
        let reference = try Reference.parse(secret)
        var folder = Inode.root
        for name in reference.components.dropLast() {
            if (try? vault.lookup(name, in: folder)) == nil { _ = try vault.mkdir(name, in: folder, by: keeper) }
            folder = try vault.lookup(name, in: folder)
        }
        var change = SecretChange(reference, mode: .either)
        var values: [UInt8] = []
        for (name, value) in items.sorted(by: { $0.key < $1.key }) {
            change.items.append(ItemChange(Array(name.utf8), .set(values.count..<values.count + value.utf8.count)))
            values += Array(value.utf8)
        }
        _ = try vault.apply([change], values: unsafe values.span.bytes, by: keeper)
    }

    /// Grants rights to this process, past the socket.
    func share(_ place: String, _ rights: Rights) throws {
        let inode = try vault.resolve(try Reference.parse(place), for: keeper)
        _ = try vault.grant(rights, to: .user(geteuid()), on: inode, by: keeper)
    }

    /// The audit log; there is no value in it.
    func log() throws -> String {
        let log = try String(contentsOfFile: folder + "/audit.log", encoding: .utf8)
        #expect(!log.contains(marker))
        return log
    }
}
