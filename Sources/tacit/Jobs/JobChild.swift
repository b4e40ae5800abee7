import Children
import Linux

/// The command of a job: what `AttendedCommand` does, with failures as the other commands have them.
enum JobChild {
    /// Runs a program to its end; see there. `environment`: assignments `NAME=value`, each ended by a NUL.
    static func run(
        _ words: [[UInt8]], environment: borrowing LockedBuffer, masking: ChildMasking
    ) throws(Failure) -> ChildEnd {
        do {
            return try AttendedCommand.run(words, environment: environment, masking: masking)
        } catch {
            throw Failure(ExitCode(rawValue: error.exitCode) ?? .failed, error.message, hint: error.hint)
        }
    }
}
