// SPDX-License-Identifier: MIT

import Foundation
import Glibc

/// What comes into the kernel's page cache of one file, and what leaves it, as the kernel itself tells: looking by a descriptor or a
/// mapping would keep the file open.
package final class PageTrace {
    private let tracing: String
    private let instance: String

    /// - Parameter path: of the file; asks for its attributes only.
    /// - Throws: `Trouble` if the kernel does not trace (`CONFIG_FTRACE`).
    package init(_ path: String) throws {
        let numbers = try Command("stat", "-c", "%Hd %Ld %i", path).run().orThrow().text.split(separator: " ").compactMap { Int($0) }
        guard numbers.count == 3 else { throw Trouble("can't stat \(path)") }
        // The file system is the same wherever it is mounted.
        tracing = try Scratch.temporaryFolder()
        try Command("mount", "-t", "tracefs", "tacit-test", tracing).run().orThrow()
        instance = tracing + "/instances/tacit-test-" + UUID().uuidString.prefix(8)
        guard unsafe mkdir(instance, 0o700) == 0 else {
            try Command("umount", tracing).run().orThrow()
            throw Trouble("can't make \(instance)")
        }
        // As the kernel numbers devices.
        let device = numbers[0] << 20 | numbers[1]
        try set("trace_clock", "mono")
        for event in ["add_to", "delete_from"] {
            let folder = "events/filemap/mm_filemap_\(event)_page_cache/"
            try set(folder + "filter", "s_dev == \(device) && i_ino == \(numbers[2])")
            try set(folder + "enable", "1")
        }
    }

    /// How many pages came, how many of them are left, and when the last one left, in microseconds of `CLOCK_MONOTONIC`.
    package var now: (added: Int, left: Int, dropped: Double) {
        var (added, gone, last) = (0, 0, 0.0)
        for line in String(decoding: Scratch.contents(instance + "/trace"), as: UTF8.self).split(separator: "\n") {
            if line.contains(" mm_filemap_add_to_page_cache: ") { added += 1 }
            guard let event = line.range(of: ": mm_filemap_delete_from_page_cache: ") else { continue }
            gone += 1
            last = (line[..<event.lowerBound].split(separator: " ").last.flatMap { Double($0) } ?? 0) * 1e6
        }
        return (added, added - gone, last)
    }

    /// Ends it.
    package func close() {
        unsafe rmdir(instance)
        _ = try? Command("umount", tracing).run()
        unsafe rmdir(tracing)
    }

    private func set(_ file: String, _ text: String) throws {
        try text.write(toFile: instance + "/" + file, atomically: false, encoding: .utf8)
    }
}
