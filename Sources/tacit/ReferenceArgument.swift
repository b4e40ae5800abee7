// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

/// REF on the command line: a reference, or a path below the mountpoint.
enum ReferenceArgument {
    /// The reference as the daemon takes it. A path that starts with a slash costs a question to the daemon, for the mountpoint;
    /// names in the tree aren't looked up here. Throws a usage failure for what is no reference.
    static func parse(_ word: [UInt8]) throws(Failure) -> [UInt8] {
        var word = word
        if isFromHere(word) {
            word = try fromHere(word)
        } else if word.first == UInt8(ascii: "/") {
            word = relative(word, to: Array(try Daemon.status().mountpoint.utf8))
        }
        do {
            return try Reference.parse(word).bytes
        } catch {
            throw Failure(.usage, "\(error)")
        }
    }

    /// Whether it is a path from the working directory on, and not a name in the tree: its first name is `.` or `..`.
    static func isFromHere(_ word: [UInt8]) -> Bool {
        let first = word.prefix { $0 != UInt8(ascii: "/") }
        return first.elementsEqual(".".utf8) || first.elementsEqual("..".utf8)
    }

    /// The part of the tree that a path from the working directory on leads to. Throws a usage failure if that is not below the mountpoint.
    private static func fromHere(_ word: [UInt8]) throws(Failure) -> [UInt8] {
        let mountpoint = Array(try Daemon.status().mountpoint.utf8)
        let path = whole(word, from: ThisProcess.workingFolder)
        let reference = relative(path, to: mountpoint)
        guard path.starts(with: mountpoint), reference != path || mountpoint == [UInt8(ascii: "/")] else {
            throw Failure(
                .usage, "\(text(word)) is \(text(path)), which is not below \(text(mountpoint))",
                hint: "acme/web names the same from everywhere")
        }
        return reference
    }

    /// A path with `.` and `..` taken out, from a folder on.
    static func whole(_ path: [UInt8], from folder: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var names: [ArraySlice<UInt8>] = []
        for name in folder.split(separator: slash) + path.split(separator: slash) {
            if name.elementsEqual("..".utf8) { _ = names.popLast() } else if !name.elementsEqual(".".utf8) { names.append(name) }
        }
        return [slash] + names.joined(separator: [slash])
    }

    /// The part of `path` below `mountpoint`, from its slash on; `path` itself if it isn't there.
    static func relative(_ path: [UInt8], to mountpoint: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        guard path.starts(with: mountpoint) else { return path }
        let rest = path.dropFirst(mountpoint.count)
        if rest.isEmpty { return [slash] }
        return rest.first == slash ? Array(rest) : path
    }
}
