import CLinux
import Glibc
import Linux

/// What the program says to whoever started it. Once it is in the background nobody hears it.
enum Console {
    static func print(_ text: String) { print(Array(text.utf8)) }
    static func print(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    static func complain(_ error: StartError) {
        let lines = "tacitd: \(error.message)\n" + (error.hint.map { "hint: \($0)\n" } ?? "")
        write(Array(lines.utf8), to: STDERR_FILENO)
    }

    /// What can't be written has nobody to be told to.
    private static func write(_ bytes: [UInt8], to number: Int32) {
        let stream = FileDescriptor(owning: number)
        try? stream.writeAll(bytes)
        _ = stream.release()
    }
}
