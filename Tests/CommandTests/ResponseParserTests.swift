// SPDX-License-Identifier: MIT

import Testing

@testable import tacit

@Suite struct ResponseParserTests {
    /// Status and body, with the answer cut into pieces of `size` bytes; nil if it doesn't come to its end.
    private func parse(_ answer: String, pieces size: Int = .max) throws(ResponseError) -> (status: Int, body: String)? {
        var parser = ResponseParser()
        var rest = Array(answer.utf8)[...]
        var body: [UInt8] = []
        while !rest.isEmpty {
            var piece = rest.prefix(size)
            rest = rest.dropFirst(size)
            while let part = try parser.nextPart(of: &piece) { body += part }
        }
        return parser.isComplete ? (parser.status, String(decoding: body, as: UTF8.self)) : nil
    }

    private func problem(_ answer: String) -> ResponseError.Problem? {
        do {
            _ = try parse(answer)
            return nil
        } catch {
            return error.problem
        }
    }

    @Test(arguments: [1, 2, 3, 7, .max])
    func `body of said length`(pieces: Int) throws {
        let answer = try parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello", pieces: pieces)
        #expect(answer?.status == 200)
        #expect(answer?.body == "hello")
    }

    @Test(arguments: [1, 2, 3, 7, .max])
    func `body in chunks`(pieces: Int) throws {
        let answer = try parse(
            "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nB\r\n, wide\r\nall\r\n0\r\n\r\n",
            pieces: pieces)
        #expect(answer?.status == 403)
        #expect(answer?.body == "hello, wide\r\nall")
    }

    @Test func `empty bodies`() throws {
        #expect(try parse("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n")?.body == "")
        #expect(try parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")?.body == "")
    }

    @Test func `every prefix is unfinished`() throws {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ] {
            for length in 0..<answer.utf8.count {
                #expect(try parse(String(decoding: Array(answer.utf8).prefix(length), as: UTF8.self), pieces: 4) == nil)
            }
        }
    }

    @Test(arguments: [
        ("HTTP/1.0 200 OK\r\n", ResponseError.Problem.notHTTP),
        ("HTTP/1.1 200 OK\n", .notHTTP),
        ("HTTP/1.1 20 OK\r\n", .notHTTP),
        ("HTTP/1.1 2000\r\n", .notHTTP),
        ("HTTP/1.1 999 x\r\n", .notHTTP),
        ("HTTP/1.1 -20 x\r\n", .notHTTP),
        ("\r\n", .notHTTP),
        ("HTTP/1.1 100 Continue\r\n", .interim),
        ("HTTP/1.1 200 OK\r\n: x\r\n", .badHeader),
        ("HTTP/1.1 200 OK\r\nno colon\r\n", .badHeader),
        ("HTTP/1.1 200 OK\r\nA : b\r\n", .badHeader),
        ("HTTP/1.1 200 OK\r\nA: b\n\r\n", .badHeader),
        ("HTTP/1.1 200 OK\r\n\r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: \r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1 \r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 1\r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", .badChunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", .badChunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\n", .badChunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\n", .badChunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", .badChunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n", .badHeader),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", .surplus),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n", .surplus),
    ])
    func `what is not as it should be is refused`(answer: String, expected: ResponseError.Problem) {
        #expect(problem(answer) == expected)
    }

    @Test func `heads are bounded`() {
        #expect(problem("HTTP/1.1 200 " + String(repeating: "x", count: 5000)) == .tooLong)
        let many = (0...64).map { "A\($0): b\r\n" }.joined()
        #expect(problem("HTTP/1.1 200 OK\r\n" + many) == .tooLong)
    }

    @Test func `an error says where`() {
        let error = #expect(throws: ResponseError.self) {
            _ = try parse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", pieces: 3)
        }
        #expect(error?.offset == 39)
    }
}
