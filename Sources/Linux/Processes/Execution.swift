// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Replacing this program by another with an environment of its own, as execvpe(3) does, but by the `PATH` of that environment.
package enum Execution {
    /// The longest word or assignment that a program can be started with, in bytes: MAX_ARG_STRLEN of execve(2) less its NUL.
    package static let longestString = 131_071

    /// Comes back only if it fails, and says why.
    ///
    /// `environment`: assignments, each ended by a NUL; no other copy of them is made. The program is `words[0]`, looked up in `PATH`
    /// unless it has a slash; without `PATH`, in `/bin` and `/usr/bin`. What the kernel takes for no program is run by `/bin/sh`.
    ///
    /// That is `noEntry` if none is found, EACCES if one is but none may be executed, E2BIG for words and environment that are too
    /// long, EINVAL for an environment that does not end with a NUL, and what mlock(2) and execve(2) do.
    package static func execute(_ words: [[UInt8]], environment: borrowing LockedBuffer) -> Errno {
        environment.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                do throws(Errno) { return try unsafe attempt(words, bytes) } catch { return error }
            }
        }
    }

    /// Where to look if the environment doesn't say: `_CS_PATH` of confstr(3).
    private static let usual: StaticString = "/bin:/usr/bin"
    private static let mostName = 255
    private static let slash = UInt8(ascii: "/")

    /// Returns the error that counts.
    private static func attempt(_ words: [[UInt8]], _ environment: UnsafeRawBufferPointer) throws(Errno) -> Errno {
        guard let name = words.first, !name.isEmpty, !name.contains(0) else { return .noEntry }
        guard unsafe environment.last ?? 0 == 0 else { return .invalidArgument }
        let program = try unsafe Program(words: words, environment: strings(environment))
        guard !name.contains(slash) else { return unsafe (name + [0]).withUnsafeBytes { unsafe program.execute($0) } }
        guard name.count <= mostName else { return .nameTooLong }
        let standard = unsafe UnsafeRawBufferPointer(start: usual.utf8Start, count: usual.utf8CodeUnitCount)
        let path = unsafe value(of: "PATH=", environment) ?? standard
        return try unsafe search(path, name, program)
    }

    private static func search(_ path: UnsafeRawBufferPointer, _ name: [UInt8], _ program: borrowing Program) throws(Errno) -> Errno {
        // The path may be a secret's variable, as any other.
        var candidate = try LockedBuffer(capacity: Int(PATH_MAX) + mostName + 2)
        var result = Errno.noEntry
        let folders = unsafe path.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        for index in unsafe folders.indices {
            let folder = unsafe folders[index]
            guard unsafe folder.count < PATH_MAX else { continue }
            candidate.removeAll()
            // They fit: that long is a folder at most, and a name.
            for place in unsafe folder.indices { _ = candidate.append(unsafe folder[place]) }
            if unsafe !folder.isEmpty { _ = candidate.append(slash) }
            for byte in name { _ = candidate.append(byte) }
            _ = candidate.append(0)
            let error = candidate.withBytes { unsafe $0.withUnsafeBytes { unsafe program.execute($0) } }
            switch error.rawValue {
            // Errors after which execvpe(3) goes on. That a file was found is told at the end; where none can be looked for, none was.
            case EACCES: if isFile(candidate) { result = error }
            case ENOENT, ENOTDIR, ESTALE, ENODEV, ETIMEDOUT: continue
            default: return error
            }
        }
        return result
    }

    /// Whether there is something at a path, which ends with a NUL, that is no folder.
    private static func isFile(_ path: borrowing LockedBuffer) -> Bool {
        path.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                guard let path = unsafe bytes.bindMemory(to: CChar.self).baseAddress else { return false }
                var status = stat()
                return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
            }
        }
    }

    /// The strings of the environment where they are.
    private static func strings(_ environment: UnsafeRawBufferPointer) -> [UnsafeMutablePointer<CChar>?] {
        var result: [UnsafeMutablePointer<CChar>?] = unsafe []
        var start = 0
        while start < environment.count {
            guard let string = unsafe environment.baseAddress?.advanced(by: start) else { break }
            // Safe: the memory ends with a NUL, and execve(2) changes nothing in it.
            let length = unsafe strlen(string.assumingMemoryBound(to: CChar.self))
            if length > 0 { unsafe result.append(UnsafeMutablePointer(mutating: string.assumingMemoryBound(to: CChar.self))) }
            start += length + 1
        }
        return unsafe result + [nil]
    }

    /// The value of the first assignment of a name.
    private static func value(of name: StaticString, _ environment: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let assignments = unsafe environment.split(separator: 0)
        for index in unsafe assignments.indices {
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: assignments[index])
            let length = name.utf8CodeUnitCount
            if bytes.count >= length, unsafe bytes.starts(with: UnsafeRawBufferPointer(start: name.utf8Start, count: length)) {
                return unsafe UnsafeRawBufferPointer(rebasing: bytes.dropFirst(length))
            }
        }
        return nil
    }

    /// The program to execute, at some path.
    @safe private struct Program: ~Copyable {
        private let words: [[UInt8]]
        private let vector: ArgumentVector
        private let environment: [UnsafeMutablePointer<CChar>?]

        init(words: [[UInt8]], environment: [UnsafeMutablePointer<CChar>?]) throws(Errno) {
            self.words = words
            vector = try ArgumentVector(words)
            unsafe self.environment = environment
        }

        /// Tries a path, which ends with a NUL.
        func execute(_ path: UnsafeRawBufferPointer) -> Errno {
            let error = unsafe execute(path, vector)
            guard error.rawValue == ENOEXEC else { return error }
            guard let script = try? unsafe ArgumentVector([Array("/bin/sh".utf8), Array(path.dropLast())] + words.dropFirst()) else {
                return .outOfMemory
            }
            return unsafe Array("/bin/sh\0".utf8).withUnsafeBytes { unsafe execute($0, script) }
        }

        private func execute(_ path: UnsafeRawBufferPointer, _ vector: borrowing ArgumentVector) -> Errno {
            unsafe environment.withUnsafeBufferPointer { environment in
                guard let path = unsafe path.bindMemory(to: CChar.self).baseAddress else { return .noEntry }
                unsafe execve(path, vector.start, environment.baseAddress)
                return Errno.current
            }
        }
    }
}
