// SPDX-License-Identifier: MIT

import ControlAPI
import Linux

/// Why a command ends without having done its work: `tacit: message`, and `hint: …` where there is a next step.
struct Failure: Error, Equatable {
    let exitCode: ExitCode
    /// Lower case, no full stop; never a value or a key.
    let message: String
    let hint: String?
    /// Whether it is the answer to the question that the command was asked, and nothing went wrong.
    let isVerdict: Bool
    /// Whether the daemon refused a key since it is not the store's.
    let isWrongKey: Bool

    init(_ exitCode: ExitCode, _ message: String, hint: String? = nil, isVerdict: Bool = false, isWrongKey: Bool = false) {
        self.isWrongKey = isWrongKey
        self.exitCode = exitCode
        self.message = message
        self.hint = hint
        self.isVerdict = isVerdict
    }

    /// The answer of a command that asks whether all is well: it is not.
    static func verdict(_ message: String) -> Failure { Failure(.failed, message, isVerdict: true) }

    /// The same, with a hint if it has none.
    func hinting(_ hint: String) -> Failure {
        Failure(exitCode, message, hint: self.hint ?? hint)
    }

    /// The same as the failure of a command that ends as another does: with a status of its own, so that it is not taken for that one's.
    var ofRunning: Failure {
        [.notExecutable, .noProgram, .interrupted].contains(exitCode) ? self : Failure(.notRun, message, hint: hint)
    }

    /// The same as the failure of a command that asks whether all is well: with another status than the answer that it is not.
    var ofAsking: Failure { exitCode == .failed && !isVerdict ? Failure(.notRun, message, hint: hint) : self }

    init(_ refusal: Refusal) {
        self.init(ExitCode(refusal.code), refusal.error, hint: refusal.hint, isWrongKey: refusal.code == .wrongKey)
    }

    /// A command line that doesn't fit the command.
    static func usage(_ message: String, of command: Command? = nil) -> Failure {
        Failure(.usage, message, hint: "tacit \(command.map { $0.name + " " } ?? "")--help explains it")
    }

    /// An option that the command doesn't have, or has otherwise, with the one that may have been meant.
    static func option(_ error: CommandOptionError, of command: Command? = nil) -> Failure {
        guard case .unknown(let option) = error else { return .usage("\(error)", of: command) }
        guard option != String(decoding: WordScan.strange, as: UTF8.self) else {
            return Failure(
                .usage, "a word that begins with '-' is no option of \(command?.name ?? "tacit")",
                hint: "-- stands before values that begin with '-'")
        }
        let options = command?.options ?? [.help, .version]
        guard let hint = Suggestion.hint(for: option, among: options.map { "--" + $0.name }) else {
            return .usage("\(error)", of: command)
        }
        return Failure(.usage, "\(error)", hint: hint)
    }

    /// Memory that can't be locked for a value: mlock(2) says EPERM, ENOMEM or EAGAIN where the limit is too low.
    static func noLockedMemory(_ error: Errno) -> Failure {
        [.again, .outOfMemory, .notPermitted].contains(error)
            ? Failure(.failed, "can't lock memory for a value", hint: "raise the limit of locked memory (ulimit -l)")
            : Failure(.failed, "can't lock memory for a value: \(error)")
    }
}
