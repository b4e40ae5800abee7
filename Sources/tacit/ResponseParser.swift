// SPDX-License-Identifier: MIT

import Bytes

/// A problem with an answer, and at which of its bytes.
struct ResponseError: Error, Equatable {
    let offset: Int
    let problem: Problem

    enum Problem: Equatable {
        case notHTTP, badHeader, badLength, badChunk, tooLong, interim, surplus
    }
}

/// Parser of one answer of the daemon: HTTP/1.1 as RFC 9112 says, and of that only what libmicrohttpd sends: a head of at most
/// 64 lines of 4096 bytes, CR LF at every line's end, and a body with a Content-Length or in chunks. Anything else is an error,
/// not a guess.
///
/// It is fed with pieces of any size and keeps nothing of the body:
/// `while let part = try parser.nextPart(of: &bytes) { … }`
struct ResponseParser {
    /// The three digits of the status line; 0 before it was read.
    private(set) var status = 0
    /// Whether the answer has come to its end.
    private(set) var isComplete = false

    private var state = State.statusLine
    private var line: [UInt8] = []
    private var headers = 0
    private var length: Int?
    private var isChunked = false
    /// Bytes taken so far.
    private var offset = 0

    private enum State: Equatable {
        case statusLine, header, body(left: Int), chunkSize, chunk(left: Int), chunkEnd, trailer
    }

    static let longestLine = 4096
    static let mostHeaders = 64
    static let longestBody = 1 << 40

    /// Takes bytes from the front of `bytes` up to the end of the next part of the body, and gives that part; nil when `bytes` is
    /// used up without one.
    mutating func nextPart(of bytes: inout ArraySlice<UInt8>) throws(ResponseError) -> ArraySlice<UInt8>? {
        var taken = 0
        let part = try nextPart(of: unsafe bytes.span.bytes, from: &taken)
        let all = bytes
        bytes = bytes.dropFirst(taken)
        return part.map { all[(all.startIndex + $0.lowerBound)..<(all.startIndex + $0.upperBound)] }
    }

    /// The same for bytes that stay where they are: goes on at `position`, and gives the part's place in `bytes`.
    mutating func nextPart(of bytes: RawSpan, from position: inout Int) throws(ResponseError) -> Range<Int>? {
        while position < bytes.byteCount {
            // Safe: the place was just checked, and every bit pattern is a valid `UInt8`.
            let byte = unsafe bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
            guard !isComplete else { throw error(.surplus) }
            switch state {
            case .body(let left), .chunk(let left):
                let part = position..<position + min(left, bytes.byteCount - position)
                position = part.upperBound
                offset += part.count
                advance(left - part.count)
                return part
            case .statusLine, .header, .chunkSize, .chunkEnd, .trailer:
                position += 1
                guard line.count < Self.longestLine else { throw error(.tooLong) }
                line.append(byte)
                offset += 1
                if byte == UInt8(ascii: "\n") {
                    if let problem = endLine() { throw error(problem) }
                    line.removeAll(keepingCapacity: true)
                }
            }
        }
        return nil
    }

    private func error(_ problem: ResponseError.Problem) -> ResponseError {
        ResponseError(offset: offset, problem: problem)
    }

    /// Goes on after body bytes of which `left` are still to come.
    private mutating func advance(_ left: Int) {
        switch state {
        case .body where left == 0: isComplete = true
        case .body: state = .body(left: left)
        case .chunk where left == 0: state = .chunkEnd
        default: state = .chunk(left: left)
        }
    }

    /// Takes `line`, which ends with LF, for what the state says it is.
    private mutating func endLine() -> ResponseError.Problem? {
        guard line.count >= 2, line[line.count - 2] == UInt8(ascii: "\r") else {
            return state == .statusLine ? .notHTTP : state == .header || state == .trailer ? .badHeader : .badChunk
        }
        let content = line.dropLast(2)
        switch state {
        case .statusLine: return endStatusLine(content)
        case .header: return content.isEmpty ? endHead() : endHeader(content)
        case .chunkSize: return endChunkSize(content)
        case .chunkEnd:
            state = .chunkSize
            return content.isEmpty ? nil : .badChunk
        case .trailer:
            // libmicrohttpd sends no trailers unless it is given some.
            isComplete = true
            return content.isEmpty ? nil : .badHeader
        case .body, .chunk: return nil
        }
    }

    /// "HTTP-version SP status-code SP [ reason-phrase ]"
    private mutating func endStatusLine(_ content: ArraySlice<UInt8>) -> ResponseError.Problem? {
        let version = Array("HTTP/1.1 ".utf8)
        let rest = content.dropFirst(version.count)
        guard content.starts(with: version), let code = Self.decimal(rest.prefix(3)), rest.prefix(3).count == 3,
            rest.dropFirst(3).first == UInt8(ascii: " "), (100...599).contains(code)
        else { return .notHTTP }
        // Only a request with an Expect field is answered in two steps.
        guard code >= 200 else { return .interim }
        status = code
        state = .header
        return nil
    }

    private mutating func endHeader(_ content: ArraySlice<UInt8>) -> ResponseError.Problem? {
        headers += 1
        guard headers <= Self.mostHeaders else { return .tooLong }
        guard let colon = content.firstIndex(of: UInt8(ascii: ":")), colon > content.startIndex,
            content[..<colon].allSatisfy(Self.isTokenCharacter)
        else { return .badHeader }
        let blanks: Set = [UInt8(ascii: " "), UInt8(ascii: "\t")]
        let value = content[(colon + 1)...].drop { blanks.contains($0) }
        switch String(decoding: content[..<colon], as: UTF8.self).lowercased() {
        case "content-length":
            guard length == nil, !isChunked, let number = Self.decimal(value), number <= Self.longestBody else { return .badLength }
            length = number
        case "transfer-encoding":
            guard length == nil, !isChunked, value.elementsEqual("chunked".utf8) else { return .badLength }
            isChunked = true
        default: break
        }
        return nil
    }

    private mutating func endHead() -> ResponseError.Problem? {
        if isChunked {
            state = .chunkSize
        } else if let length {
            state = .body(left: length)
            isComplete = length == 0
        } else {
            return .badLength
        }
        return nil
    }

    /// "chunk-size [ chunk-ext ] CRLF", here without extensions.
    private mutating func endChunkSize(_ content: ArraySlice<UInt8>) -> ResponseError.Problem? {
        let digits = content.compactMap { Hex.number($0) }
        guard (1...8).contains(content.count), digits.count == content.count else { return .badChunk }
        let size = digits.reduce(0) { $0 << 4 | Int($1) }
        state = size == 0 ? .trailer : .chunk(left: size)
        return nil
    }

    /// A number of 1 to 15 digits and nothing else.
    private static func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
        digits.count <= 15 ? Int(decimal: digits) : nil
    }

    /// "tchar" of RFC 9110.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        byte.isLetterOrDigit || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
