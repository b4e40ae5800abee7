// SPDX-License-Identifier: MIT

import Formats
import Linux
import Secrets

/// A folder with a `.tacit` file in it, and what the file says.
struct ProjectFolder {
    /// Absolute.
    let path: [UInt8]
    let file: ProjectFile

    /// The name of the file.
    static let fileName = Array(".tacit".utf8)

    /// That of the working directory, or the nearest above it; nil if there is none.
    ///
    /// The way up ends where the owner of a folder or the file system changes, and at a folder that others may write in and that is not
    /// the caller's own. A file that belongs neither to the caller nor to root is refused: it would say where their values go.
    static func find() throws(Failure) -> ProjectFolder? { try find(from: ThisProcess.workingFolder) }

    /// The same from another folder on, which is absolute.
    static func find(from start: [UInt8]) throws(Failure) -> ProjectFolder? {
        guard let first = status(of: start) else { return nil }
        var folder = start
        while true {
            guard let status = status(of: folder), status.device == first.device, status.uid == first.uid else { return nil }
            let isOwn = status.uid == ThisProcess.uid && status.permissions & 0o1000 == 0
            guard status.permissions & 0o002 == 0 || isOwn else { return nil }
            if let found = try read(in: folder) { return found }
            guard folder.count > 1 else { return nil }
            folder = parent(of: folder)
        }
    }

    /// The path of a file that is named from this folder on.
    func path(of name: [UInt8]) -> [UInt8] { ReferenceArgument.whole(name, from: path) }

    /// The path of a link that the file names. Throws a failure for one that is not below this folder.
    func checked(link: [UInt8]) throws(Failure) -> [UInt8] {
        let names = link.split(separator: UInt8(ascii: "/")).map(Array.init)
        guard link.first != UInt8(ascii: "/"), !names.isEmpty, !names.contains(Array("..".utf8)) else {
            throw failure(line: file.lines[Array("link".utf8)]?.lowerBound, "a link is the path of a file in this folder, such as .env")
        }
        return path(of: link)
    }

    /// The path of the file itself.
    static func filePath(in folder: [UInt8]) -> [UInt8] { ReferenceArgument.whole(fileName, from: folder) }

    /// A failure about a line of the file.
    func failure(line: Int? = nil, _ problem: String, hint: String? = nil) -> Failure {
        let place = line.map { ": line \($0)" } ?? ""
        return Failure(.input, "\(text(Self.filePath(in: path)))\(place): \(problem)", hint: hint)
    }

    /// What the file in a folder says; nil if there is none.
    static func read(in folder: [UInt8]) throws(Failure) -> ProjectFolder? {
        let path = filePath(in: folder)
        let bytes: [UInt8]
        do throws(Errno) {
            // A pipe of that name keeps nobody waiting.
            let descriptor = try FileDescriptor.open(string(path), [.readOnly, .noFollow, .nonBlocking, .noControl])
            let status = try descriptor.status()
            guard status.isRegularFile else { throw .invalidArgument }
            guard status.uid == ThisProcess.uid || status.uid == 0 else { throw .notPermitted }
            bytes = try descriptor.readToEnd(limit: ProjectFile.longest + 1)
        } catch {
            switch error {
            case .noEntry: return nil
            case .invalidArgument, .tooManyLinks: throw Failure(.input, "\(text(path)) is no regular file")
            case .notPermitted:
                throw Failure(
                    .denied, "\(text(path)) belongs to neither you nor root, and could send what you store to somebody else",
                    hint: "-p PROJECT and TACIT_PROJECT name the project instead; a copy of the folder that is yours takes it from the file"
                )
            case .fileTooLarge: throw Failure(.input, "\(text(path)) is longer than \(ProjectFile.longest >> 10) KiB")
            default: throw Failure(.failed, "can't read \(text(path)): \(error)")
            }
        }
        do throws(FormatError) { return ProjectFolder(path: folder, file: try ProjectFile(bytes)) } catch {
            throw Failure(input: error, in: path)
        }
    }

    private static func status(of folder: [UInt8]) -> FileDescriptor.Status? {
        try? FileDescriptor.status(of: string(folder), following: true)
    }

    private static func parent(of folder: [UInt8]) -> [UInt8] { ReferenceArgument.whole(Array("..".utf8), from: folder) }
}
