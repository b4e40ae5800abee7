// SPDX-License-Identifier: MIT

import Glibc
import Linux

/// The daemon's program, for what it does on the command's behalf: it is the one that may hold keys.
enum DaemonProgram {
    /// Becomes tacitd with these arguments. Comes back only to throw.
    static func execute(_ arguments: [[UInt8]]) throws(Failure) {
        for path in candidates(program: ThisProcess.executable, search: unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "") {
            do {
                try ArgumentVector([Array("tacitd".utf8)] + arguments).execute(path)
            } catch {
                if error == .noEntry || error == .notFolder || error == .accessDenied { continue }
                throw Failure(.failed, "can't start \(text(path)): \(error)")
            }
        }
        throw Failure(.failed, "can't find tacitd", hint: "it is looked for beside tacit, and in PATH")
    }

    /// Where it may be, in this order: beside this program, in the sbin beside this program's bin, in the folders of `search`.
    /// Relative folders there are passed over: they mean another program in every working directory.
    static func candidates(program: String?, search: String) -> [String] {
        var folders: [String] = []
        if let program, let slash = program.lastIndex(of: "/") {
            let folder = String(program[..<slash])
            folders.append(folder)
            if folder.hasSuffix("/bin") { folders.append(folder.dropLast(3) + "sbin") }
        }
        folders += search.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
        return folders.map { $0 + "/tacitd" }
    }
}
