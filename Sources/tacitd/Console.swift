// SPDX-License-Identifier: MIT

import CLinux
import Glibc
import Linux

/// The console: messages to the user who started the program. Once it is in the background nobody sees them.
enum Console {
    static func print(_ text: String) { print(Array(text.utf8)) }
    static func print(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    static func complain(_ error: StartError) {
        let lines = "tacitd: \(error.message)\n" + (error.hint.map { "hint: \($0)\n" } ?? "")
        write(Array(lines.utf8), to: STDERR_FILENO)
    }

    static func warn(_ message: String) {
        write(Array("tacitd: \(message)\n".utf8), to: STDERR_FILENO)
    }

    /// An error of writing has nobody who could be told.
    private static func write(_ bytes: [UInt8], to number: Int32) {
        let stream = FileDescriptor(owning: number)
        try? stream.writeAll(bytes)
        _ = stream.release()
    }
}
