// SPDX-License-Identifier: MIT

import Glibc
import Linux

/// The process that places a job's files, and takes them away when `tacit run` ends, however it ends.
///
/// It is a child of `tacit run`, inside the job. Values are in locked memory, which is empty in a child. It is in a session of its own
/// with all signals blocked, so that what ends the job does not end it. It waits at a pipe whose other end only `tacit run` has: the
/// kernel closes that with the process, killed or not. It knows where the links are and nothing else. Both claim the links: should
/// somebody kill the keeper, no other job takes them away from this one.
final class Keeper {
    private let plan: PlacementPlan
    private let reports: FileDescriptor
    private var child: ForkedChild?
    /// The links that it has placed.
    private var files: PlacedFiles?
    /// The other end of what the keeper waits at.
    private var hold: FileDescriptor?

    /// A report of the keeper: a byte, and, but for the first, words for a person, ended by a NUL each.
    enum Report: UInt8 {
        /// All is placed.
        case placed = 0x50
        /// Nothing is: the exit status in a byte, the message, and a hint or nothing.
        case failed = 0x46
        /// All is taken away; remarks.
        case undone = 0x55
    }

    /// Starts it, and returns when all is placed. Throws why nothing is.
    init(_ plan: PlacementPlan) throws(Failure) {
        self.plan = plan
        do throws(Errno) {
            let wait = try PipeEnds()
            let report = try PipeEnds()
            let runner = ThisProcess.id
            child = try ForkedChild {
                ThisProcess.withdraw(keeping: [wait.reader.rawValue, report.writer.rawValue])
                ThisProcess.setName("tacit-keeper")
                return Self.keep(plan, for: runner, until: wait.reader, report.writer)
            }
            hold = wait.intoWriter()
            reports = report.intoReader()
        } catch {
            throw Failure(.failed, "can't start a process that keeps the job's files: \(error)")
        }
        guard try hasPlaced() else {
            let failure = Self.failure(rest())
            end()
            throw failure
        }
        files = PlacedFiles(placedBefore: plan)
    }

    deinit {
        end()
    }

    /// Its number; nil when it has ended.
    var id: Int32? { child?.id }

    /// The keeper's work, for the process that has started it. Returns its exit status.
    static func keep(
        _ plan: PlacementPlan, for runner: Int32, until wait: borrowing FileDescriptor, _ report: borrowing FileDescriptor
    ) -> Int32 {
        let files: PlacedFiles
        do throws(Failure) {
            files = try PlacedFiles(plan)
        } catch {
            let code = UInt8(truncatingIfNeeded: error.exitCode.rawValue)
            try? report.writeAll([Report.failed.rawValue, code] + words([error.message, error.hint ?? ""]))
            return 1
        }
        // The process that started it may be gone by now: then this fails, and the wait is short.
        try? report.writeAll([Report.placed.rawValue])
        if (try? wait.readToEnd(limit: 1))?.isEmpty ?? true { waitForEnd(of: runner) }
        let remarks = files.undo()
        try? report.writeAll([Report.undone.rawValue] + words(remarks))
        return 0
    }

    /// Waits until a parent that was killed has let go of all that it held, its claims too: then this process has another one.
    private static func waitForEnd(of runner: Int32) {
        let end = SystemClock.monotonic() + longestEnd
        while getppid() == runner, SystemClock.monotonic() < end { SystemClock.sleep(microseconds: 1000) }
        // So do copies of it that were about to become the command: they end, or have, for want of what it had to send.
        SystemClock.sleep(microseconds: 20_000)
    }

    /// How long that may take, in microseconds, with much memory to give back.
    private static let longestEnd: Int64 = 10_000_000

    /// Has it take the files away, and waits until they are. Says what a person should know.
    func end() {
        guard let child = child.take() else { return }
        if let files {
            // It need not wait for what is let go here. Somebody may have killed it: then nobody reads.
            files.release()
            let quiet = QuietSignals()
            try? hold?.writeAll([0])
            _ = consume quiet
        }
        hold = nil
        let said = rest()
        // Killed by somebody: what it has left is done here.
        let remarks = said.first == Report.undone.rawValue ? Self.words(said.dropFirst()) : files?.undo() ?? []
        // It may have been waited for already, as any child.
        _ = try? child.wait()
        for remark in remarks { complain("tacit: \(remark)") }
    }

    private func hasPlaced() throws(Failure) -> Bool {
        var byte: [UInt8] = [0]
        do {
            var span = byte.mutableSpan
            var bytes = unsafe span.mutableBytes
            _ = try reports.read(into: &bytes)
        } catch {
            throw Failure(.failed, "can't hear of the process that keeps the job's files: \(error)")
        }
        return byte[0] == Report.placed.rawValue
    }

    /// The reports until its end.
    private func rest() -> [UInt8] { (try? reports.readToEnd(limit: 1 << 20)) ?? [] }

    private static func failure(_ said: [UInt8]) -> Failure {
        let words = words(said.dropFirst())
        guard let code = said.first.flatMap({ ExitCode(rawValue: Int32($0)) }), words.count == 2 else {
            return Failure(.failed, "the process that keeps the job's files has ended")
        }
        return Failure(code, words[0], hint: words[1].isEmpty ? nil : words[1])
    }

    private static func words(_ words: [String]) -> [UInt8] { words.flatMap { Array($0.utf8) + [0] } }

    private static func words(_ bytes: ArraySlice<UInt8>) -> [String] {
        bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { string($0) }
    }
}
