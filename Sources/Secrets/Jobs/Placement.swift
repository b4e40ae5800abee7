// SPDX-License-Identifier: MIT

/// Why a text is no place for a file.
package struct PlacementError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The rule that a text breaks.
    package enum Problem: Equatable, Sendable {
        case empty
        case tooLong
        case nul
        case componentTooLong
        /// A component `.` or `..`.
        case dots
        /// It ends in a slash, so it names a folder.
        case folder
        /// A relative one in a folder `@root`, which stands for the root folder.
        case reserved
        /// It begins with a `~` that is not the home.
        case tilde
    }

    package let problem: Problem
    /// Where in the text, in bytes from its start.
    package let offset: Int

    package var description: String {
        switch problem {
        case .empty: "the place of a file can't be empty"
        case .tooLong: "the place of a file is longer than \(Placement.maximumLength) bytes"
        case .nul: "the place of a file has a NUL byte at offset \(offset)"
        case .componentTooLong: "the place of a file has a name longer than \(Name.maximumLength) bytes at offset \(offset)"
        case .dots: "the place of a file has a '.' or '..' at offset \(offset)"
        case .folder: "the place of a file ends in '/', and a folder is none"
        case .tilde: "the place of a file begins with '~' for the home in '~/' only; '~/~x' is a file '~x' in the home"
        case .reserved: "the place of a file can't be in a folder '@root' of the home, which stands for the root folder"
        }
    }
}

/// Where a job finds a file: below its home, or at an absolute path.
///
/// A file's name below `files/` says which. It is the path below the home as it is; for an absolute path, the folder `@root` stands
/// for the root folder, as `@org` stands for the organization among its projects:
///
///     .ssh/id_rsa        files/.ssh/id_rsa
///     ~/.ssh/id_rsa      files/.ssh/id_rsa
///     /etc/app/key.pem   files/@root/etc/app/key.pem
///
/// A job's view names them the same way. A file `@root` directly in `files/` is one below the home.
package struct Placement: Hashable, Sendable, CustomStringConvertible {
    /// The longest path that the kernel takes, in bytes (`PATH_MAX` less the final NUL).
    package static let maximumLength = 4095

    /// Whether it starts at the root folder rather than at the home.
    package let isAbsolute: Bool
    /// The names on the way from there, at least one.
    package let components: [[UInt8]]

    /// The placement that the names below `files/` stand for; nil if no file can have them.
    package init?(stored names: [[UInt8]]) {
        guard !names.isEmpty, names.allSatisfy({ (try? Name.check($0, as: .fileComponent)) != nil }) else { return nil }
        isAbsolute = names.count > 1 && names.first == Self.root
        components = isAbsolute ? Array(names.dropFirst()) : names
    }

    /// Reads what people write: `.ssh/id_rsa`, `~/.ssh/id_rsa`, `/etc/app/key.pem`. Doubled slashes mean nothing.
    package static func parse(_ text: [UInt8]) throws(PlacementError) -> Placement {
        if text.isEmpty { throw PlacementError(problem: .empty, offset: 0) }
        if text.count > maximumLength { throw PlacementError(problem: .tooLong, offset: maximumLength) }
        if let offset = text.firstIndex(of: 0) { throw PlacementError(problem: .nul, offset: offset) }
        if text.last == slash { throw PlacementError(problem: .folder, offset: text.count - 1) }
        var parts = text.split(separator: slash)
        // As a shell has it: `~` is the home in front of a slash, and `~user` that of another user, which nobody means here.
        if text.first == tilde {
            guard text.count > 1, text[1] == slash else { throw PlacementError(problem: .tilde, offset: 0) }
            parts.removeFirst()
        }
        for part in parts {
            if part.count > Name.maximumLength { throw PlacementError(problem: .componentTooLong, offset: part.startIndex) }
            if Name.isDots(Array(part)) { throw PlacementError(problem: .dots, offset: part.startIndex) }
        }
        let names = parts.map { Array($0) }
        let isAbsolute = text.first == slash
        guard let placement = Placement(stored: (isAbsolute ? [root] : []) + names), placement.isAbsolute == isAbsolute else {
            throw PlacementError(problem: .reserved, offset: 0)
        }
        return placement
    }

    /// The names below `files/`.
    package var stored: [[UInt8]] { (isAbsolute ? [Self.root] : []) + components }

    /// The path at which the file is to be, given the home of the job; nil if it needs that and the home is no absolute path.
    package func path(home: [UInt8]) -> [UInt8]? {
        if isAbsolute { return [Self.slash] + components.joined(separator: [Self.slash]) }
        guard home.first == Self.slash, !home.contains(0) else { return nil }
        let folders = home.split(separator: Self.slash).map { Array($0) }
        return [Self.slash] + (folders + components).joined(separator: [Self.slash])
    }

    /// The text that `parse` reads, exactly.
    package var bytes: [UInt8] {
        let isTilde = !isAbsolute && components.first?.first == Self.tilde
        return (isAbsolute ? [Self.slash] : isTilde ? [Self.tilde, Self.slash] : []) + components.joined(separator: [Self.slash])
    }

    /// The same for messages. Bytes that are not UTF-8 are shown as U+FFFD.
    package var description: String { String(decoding: bytes, as: UTF8.self) }

    private static let root = Array("@root".utf8)
    private static let slash = UInt8(ascii: "/")
    private static let tilde = UInt8(ascii: "~")
}
