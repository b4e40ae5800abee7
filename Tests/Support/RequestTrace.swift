// SPDX-License-Identifier: MIT

import Foundation
import Glibc

/// Which requests the kernel sends to a daemon, told by strace(1): of each, its first eight bytes, which are its length and what it
/// asks for. No value is in these.
package final class RequestTrace {
    /// What requests ask for, as `fuse.h` of the kernel numbers it.
    package enum Kind: Hashable, Sendable, CustomStringConvertible {
        case open, release, statistics
        case other(Int)

        init(_ number: Int) {
            switch number {
            case 14: self = .open
            case 18: self = .release
            case 17: self = .statistics
            default: self = .other(number)
            }
        }

        package var description: String {
            switch self {
            case .open: "OPEN"
            case .release: "RELEASE"
            case .statistics: "STATFS"
            case .other(let number): "request \(number)"
            }
        }
    }

    private let mount: Mount
    private let strace: Child
    private let file: String

    /// Attaches to the daemon of a mount, and waits until each request is seen.
    /// - Throws: `Trouble` if that fails.
    package init(_ mount: Mount) throws {
        guard let daemon = mount.daemon else { throw Trouble("no daemon to trace") }
        self.mount = mount
        file = try mount.scratch.file("trace-" + UUID().uuidString.prefix(8))
        strace = try Command(
            "strace", "-f", "-q", "-p", "\(daemon.pid)", "-P", "/dev/fuse", "-e", "trace=read", "-e", "signal=none", "-xx", "-s", "8",
            "-o", file
        ).start()
        try Wait.until("strace to see a request") {
            guard strace.isRunning else { throw Trouble("strace ended at once: \(try strace.wait())") }
            try mark()
            return requests.filter { $0 == .statistics }.count > 1
        }
    }

    /// The requests that come while `body` runs, counted.
    package func count(_ body: () throws -> Void) throws -> [Kind: Int] {
        try mark()
        // What came after the mark by itself is counted too.
        guard let before = requests.lastIndex(of: .statistics).map({ $0 + 1 }) else { throw Trouble("marks were lost") }
        try body()
        // RELEASE is sent when nobody waits for it.
        usleep(200_000)
        try mark()
        let all = requests
        guard let after = all.lastIndex(of: .statistics), before <= after else { throw Trouble("marks were lost") }
        return all[before..<after].reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    /// Lets the daemon go.
    package func close() {
        strace.signal(SIGINT)
        _ = try? strace.wait(10)
    }

    /// A request that nothing else makes, and waits until it has been written down.
    private func mark() throws {
        let before = requests.filter { $0 == .statistics }.count
        try Command("stat", "-f", mount.point).run().orThrow()
        try? Wait.until("a mark", seconds: 0.3) { requests.filter { $0 == .statistics }.count > before }
    }

    private var requests: [Kind] {
        String(decoding: Scratch.contents(file), as: UTF8.self).split(separator: "\n").compactMap { line in
            guard let start = line.range(of: "\"\\x"), line.contains("= ") else { return nil }
            let bytes = line[line.index(after: start.lowerBound)...].prefix(32).split(separator: "\\x")
            guard bytes.count == 8, let number = Int(bytes[4].prefix(2), radix: 16) else { return nil }
            return Kind(number)
        }
    }
}
