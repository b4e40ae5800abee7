import Glibc
import Linux

/// Why the daemon doesn't start, or can't stop as it should: `tacitd: message`, and `hint: …` where there is a next step.
struct StartError: Error, Equatable {
    let exitCode: Program.ExitCode
    /// Lower case, no full stop.
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        exitCode = .failed
        self.message = message
        self.hint = hint
    }

    private init(usage message: String) {
        exitCode = .usage
        self.message = message
        hint = "tacitd --help explains it"
    }

    static func usage(_ message: String) -> StartError { StartError(usage: message) }
}

/// What the program says to whoever started it. Once it is in the background nobody hears it.
enum Console {
    static func print(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func complain(_ error: StartError) {
        write("tacitd: \(error.message)\n" + (error.hint.map { "hint: \($0)\n" } ?? ""), to: STDERR_FILENO)
    }

    /// What can't be written has nobody to be told to.
    private static func write(_ text: String, to number: Int32) {
        let stream = FileDescriptor(owning: number)
        try? stream.writeAll(Array(text.utf8))
        _ = stream.release()
    }
}
