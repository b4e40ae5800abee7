// SPDX-License-Identifier: MIT

import ControlAPI

/// The exit status of the program. Scripts count on these numbers; the manual lists them from here.
enum ExitCode: Int32, CaseIterable, Sendable {
    case done = 0
    case failed = 1
    case usage = 2
    case denied = 3
    case notFound = 4
    case locked = 5
    case unreachable = 6
    case damaged = 7
    case conflict = 8
    case input = 9
    case notRun = 125
    case notExecutable = 126
    case noProgram = 127
    case interrupted = 130

    /// For the manual.
    var meaning: String {
        switch self {
        case .done: "Done."
        case .failed: "It could not be done; the message says why. Of check and due: something is missing, or due."
        case .usage: "The command line is wrong."
        case .denied: "The caller has no right to it."
        case .notFound: "A name leads nowhere."
        case .locked: "The store is locked, or the key is not the store's."
        case .unreachable: "No daemon answers."
        case .damaged: "The audit log is not as it was written, or the store or the log can't be read or written."
        case .conflict: "There is a conflict with the tree: something exists already, or was changed meanwhile."
        case .input: "The input can't be used: there is nothing in it, or it is not what it is to be."
        case .notRun:
            "The command to run was not started, or could not be followed to its end; or check and due could not find out. "
                + "The message says why."
        case .notExecutable: "The command to run can't be executed."
        case .noProgram: "The command to run was not found."
        case .interrupted: "Interrupted at a prompt."
        }
    }

    /// The one table from the daemon's refusals to exit statuses.
    init(_ code: Refusal.Code) {
        self =
            switch code {
            case .denied: .denied
            case .notFound: .notFound
            case .locked, .wrongKey: .locked
            case .storage: .damaged
            case .conflict: .conflict
            case .input: .input
            case .invalid, .tooLarge, .quota, .busy, .other: .failed
            }
    }
}
