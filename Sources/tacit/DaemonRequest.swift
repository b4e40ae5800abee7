// SPDX-License-Identifier: MIT

import Bytes
import FoundationEssentials

/// A request to the daemon, but for a secret body.
struct DaemonRequest {
    var method: String
    var path: String
    var query: [(name: String, value: [UInt8])] = []
    /// A body of JSON.
    var json: [UInt8] = []
    /// The last event of a stream that has come; nil for none.
    var lastEvent: Int64?

    init(_ method: String, _ path: String, query: [(name: String, value: [UInt8])] = []) {
        self.method = method
        self.path = path
        self.query = query
    }

    /// With `body` as JSON.
    func with(_ body: some Encodable) throws(Failure) -> DaemonRequest {
        var request = self
        do { request.json = Array(try JSONEncoder().encode(body)) } catch { throw Failure(.failed, "can't write the request") }
        return request
    }

    /// The head, with an empty line at its end, for a body of `length` bytes of a kind.
    func head(contentType: String?, length: Int) -> [UInt8] {
        var target = Array(path.utf8)
        for (index, part) in query.enumerated() {
            target.append(UInt8(ascii: index == 0 ? "?" : "&"))
            target += Array(part.name.utf8) + [UInt8(ascii: "=")] + Array(Percent.encode(part.value).utf8)
        }
        var lines = ["Host: tacit", "Connection: close"]
        if method != "GET" { lines.append("Content-Length: \(length)") }
        if let lastEvent { lines.append("Last-Event-ID: \(lastEvent)") }
        if let contentType { lines.append("Content-Type: \(contentType)") }
        return Array("\(method) ".utf8) + target + Array(" HTTP/1.1\r\n\(lines.joined(separator: "\r\n"))\r\n\r\n".utf8)
    }
}

/// The answer of the daemon to a request that it granted.
struct DaemonAnswer {
    /// JSON.
    let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Of several answers made into one.
    init(encoding reply: some Encodable) throws(Failure) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { bytes = Array(try encoder.encode(reply)) } catch { throw Failure(.failed, "can't write the answer") }
    }

    func decoded<Reply: Decodable>(as type: Reply.Type) throws(Failure) -> Reply {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw Failure.strangeAnswer
        }
    }

    /// Prints it as it is, for `--json`.
    func print() throws(Failure) {
        let newline = UInt8(ascii: "\n")
        try put(bytes.last == newline ? bytes : bytes + [newline])
    }
}
