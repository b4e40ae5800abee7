// SPDX-License-Identifier: MIT

import Formats
import Linux
import Secrets

/// A folder with a `.tacit` file in it, and what the file says.
struct ProjectFolder {
    /// Absolute.
    let path: [UInt8]
    let file: ProjectFile
    /// The text of the file, and its permissions.
    let text: [UInt8]
    let permissions: UInt32

    /// The name of the file.
    static let fileName = Array(".tacit".utf8)

    /// That of the working directory, or the nearest above it; nil if there is none.
    ///
    /// The way up ends where the owner of a folder or the file system changes, and at a folder that others may write in and that is not
    /// the caller's own. A file that belongs neither to the caller nor to root is refused: it would say where their values go.
    static func find() throws(Failure) -> ProjectFolder? {
        guard let folder = ThisProcess.knownWorkingFolder else { return nil }
        return try find(from: folder)
    }

    /// The same from another folder on, which is absolute.
    static func find(from start: [UInt8]) throws(Failure) -> ProjectFolder? {
        guard let first = status(of: start) else { return nil }
        var folder = start
        while true {
            guard let status = status(of: folder), status.device == first.device, status.uid == first.uid else { return nil }
            guard isLooked(into: status) else { return nil }
            if let found = try read(in: folder) { return found }
            guard folder.count > 1 else { return nil }
            folder = parent(of: folder)
        }
    }

    /// Whether a folder is one where a file is looked for: not one that others write in.
    static func isLooked(into folder: FileDescriptor.Status) -> Bool {
        let isOwn = folder.uid == ThisProcess.uid && folder.permissions & 0o1000 == 0
        return folder.permissions & 0o002 == 0 || isOwn
    }

    /// The path of a file that is named from this folder on.
    func path(of name: [UInt8]) -> [UInt8] { ReferenceArgument.whole(name, from: path) }

    /// The path of a link that the file names. Throws a failure for one that is not below this folder.
    func checked(link: [UInt8]) throws(Failure) -> [UInt8] {
        guard Self.mayBeLink(link) else {
            throw failure(line: file.lines[Array("link".utf8)]?.lowerBound, "a link is the name of a file in this folder, such as .env")
        }
        return path(of: link)
    }

    /// Whether a link may have this name. Not a path: a folder on the way could lead out of this one.
    static func mayBeLink(_ name: [UInt8]) -> Bool {
        let kept = [fileName, Array(".git".utf8), Array(".gitignore".utf8)]
        return !name.isEmpty && !name.contains(UInt8(ascii: "/")) && !ReferenceArgument.isFromHere(name) && !kept.contains(name)
    }

    /// The path of the file itself.
    static func filePath(in folder: [UInt8]) -> [UInt8] { ReferenceArgument.whole(fileName, from: folder) }

    /// A failure about a line of the file.
    func failure(line: Int? = nil, _ problem: String, hint: String? = nil) -> Failure {
        let place = line.map { ": line \($0)" } ?? ""
        return Failure(.input, "\(tacit.text(Self.filePath(in: path)))\(place): \(problem)", hint: hint)
    }

    /// What the file in a folder says; nil if there is none.
    static func read(in folder: [UInt8]) throws(Failure) -> ProjectFolder? {
        let path = filePath(in: folder)
        let bytes: [UInt8]
        let permissions: UInt32
        do throws(Errno) {
            // A pipe of that name keeps nobody waiting.
            let descriptor = try FileDescriptor.open(string(path), [.readOnly, .noFollow, .nonBlocking, .noControl])
            let status = try descriptor.status()
            guard status.isRegularFile else { throw .invalidArgument }
            guard status.uid == ThisProcess.uid || status.uid == 0, status.permissions & 0o002 == 0 else { throw .notPermitted }
            permissions = status.permissions
            bytes = try descriptor.readToEnd(limit: ProjectFile.longest + 1)
        } catch {
            switch error {
            case .noEntry: return nil
            case .invalidArgument, .tooManyLinks: throw Failure(.input, "\(tacit.text(path)) is no regular file")
            case .notPermitted:
                throw Failure(
                    .denied, "\(tacit.text(path)) is not yours or root's alone, and could send what you store to somebody else",
                    hint: "-p PROJECT and TACIT_PROJECT name the project instead; a copy of the folder that is yours takes it from the file"
                )
            // A folder that can't be looked into, as the home of root's is from a shell that has become somebody else.
            case .accessDenied where (try? FileDescriptor.status(of: string(path))) == nil: return nil
            case .fileTooLarge: throw Failure(.input, "\(tacit.text(path)) is longer than \(ProjectFile.longest >> 10) KiB")
            default: throw Failure(.denied, "can't read \(tacit.text(path)): \(error)")
            }
        }
        do throws(FormatError) {
            return ProjectFolder(path: folder, file: try ProjectFile(bytes), text: bytes, permissions: permissions)
        } catch {
            throw Failure(input: error, in: path)
        }
    }

    private static func status(of folder: [UInt8]) -> FileDescriptor.Status? {
        try? FileDescriptor.status(of: string(folder), following: true)
    }

    private static func parent(of folder: [UInt8]) -> [UInt8] { ReferenceArgument.whole(Array("..".utf8), from: folder) }
}
