// SPDX-License-Identifier: MIT

import Bytes
import ControlAPI
import FoundationEssentials
import Linux
import Secrets

/// A bundle that the daemon has sent: its head, and the values, which stay in the locked memory that they were received in.
struct ReceivedBundle<Head: Decodable>: ~Copyable {
    let head: Head
    private let bytes: LockedBuffer
    private let start: Int

    /// Asks for one. `trusted` is as for `Daemon.values`.
    init(_ request: DaemonRequest, trusted: Bool = false) throws(Failure) {
        try self.init(try Daemon.values(request, trusted: trusted))
    }

    init(_ bytes: consuming LockedBuffer) throws(Failure) {
        (head, start) = try bytes.withBytes { bytes throws(Failure) in
            let limit = min(bytes.byteCount, ValueBundle.longestHead)
            guard let newline = (0..<limit).first(where: { bytes.byte(at: $0) == UInt8(ascii: "\n") }),
                // The head has names and lengths, no value.
                let head = try? JSONDecoder().decode(Head.self, from: Data(bytes.publicBytes(0..<newline)))
            else { throw .strangeAnswer }
            return (head, newline + 1)
        }
        self.bytes = bytes
    }

    /// Where values of these lengths are, one after the other; they must be all that there is.
    borrowing func ranges(_ lengths: [Int]) throws(Failure) -> [Range<Int>] {
        let total = bytes.count - start
        var end = 0
        let ranges = try lengths.map { length throws(Failure) in
            guard length >= 0, length <= total - end else { throw .strangeAnswer }
            end += length
            return end - length..<end
        }
        guard end == total else { throw .strangeAnswer }
        return ranges
    }

    /// Lends the bytes that the ranges are of.
    borrowing func withBytes<Result: ~Copyable, Problem: Error>(_ body: (RawSpan) throws(Problem) -> Result) throws(Problem) -> Result {
        try bytes.withBytes { bytes throws(Problem) in try body(bytes.extracting(droppingFirst: start)) }
    }
}

extension Failure {
    /// For an answer that is not what this release expects.
    static let strangeAnswer = Failure(
        .failed, "the daemon's answer can't be understood", hint: "tacit and tacitd should be of one release")
}
