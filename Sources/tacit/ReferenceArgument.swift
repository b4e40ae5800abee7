// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

/// REF on the command line: a reference, or a path below the mountpoint.
enum ReferenceArgument {
    /// The reference as the daemon takes it. A word with a slash in it is below the working directory if that is in the mount, and below
    /// the root else. Paths cost a question to the daemon, for the mountpoint; names in the tree aren't looked up here. Throws a usage
    /// failure for what is no reference.
    static func parse(_ word: [UInt8]) throws(Failure) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var word = word
        if isFromHere(word) {
            word = try fromHere(word)
        } else if word.first == slash {
            word = relative(word, to: Array(try Daemon.status().mountpoint.utf8))
        } else if word.contains(slash), Reference.schemeLength(word) == 0, let place = try workingPlace() {
            word = place.bytes + [slash] + word
        }
        do {
            return try Reference.parse(word).bytes
        } catch {
            throw Failure(.usage, "\(error)")
        }
    }

    /// The part of the tree that the working directory is; nil if it is not in the mount, or at its root.
    static func workingPlace() throws(Failure) -> Reference? {
        guard ThisProcess.worksInFUSE else { return nil }
        let (folder, mountpoint) = (ThisProcess.workingFolder, Array(try Daemon.status().mountpoint.utf8))
        let below = relative(folder, to: mountpoint)
        guard below != folder || mountpoint == [UInt8(ascii: "/")] else { return nil }
        let place = try? Reference.parse(below)
        return place?.components.isEmpty == false ? place : nil
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
