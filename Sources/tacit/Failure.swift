import ControlAPI

/// Why a command ends without having done its work: `tacit: message`, and `hint: …` where there is a next step.
struct Failure: Error, Equatable {
    let exitCode: ExitCode
    /// Lower case, no full stop; never a value or a key.
    let message: String
    let hint: String?

    init(_ exitCode: ExitCode, _ message: String, hint: String? = nil) {
        self.exitCode = exitCode
        self.message = message
        self.hint = hint
    }

    init(_ refusal: Refusal) {
        self.init(ExitCode(refusal.code), refusal.error, hint: refusal.hint)
    }

    /// A command line that doesn't fit the command.
    static func usage(_ message: String, of command: Command? = nil) -> Failure {
        Failure(.usage, message, hint: "tacit \(command.map { $0.name + " " } ?? "")--help explains it")
    }
}
