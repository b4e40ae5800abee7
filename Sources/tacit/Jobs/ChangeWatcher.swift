// SPDX-License-Identifier: MIT

import Glibc
import Linux
import Secrets

/// The process that hears of changes to what a job has, for a `tacit run --watch` that waits for its command meanwhile.
///
/// It is a child of `tacit run`, inside the job, and has no value. It ends with its parent.
final class ChangeWatcher {
    private let reports: FileDescriptor
    private let child: HeldProcess
    private var heard: [UInt8] = []

    /// A report: a byte, and, of the end, words for a person, ended by a NUL.
    private enum Report: UInt8 {
        /// It is connected, or something may have changed.
        case change = 0x43
        /// It hears no more.
        case end = 0x45
    }

    /// Starts it, and returns when it is connected: of what changes from then on nothing is missed. Throws why it can't be.
    init() throws(Failure) {
        do throws(Errno) {
            let pipe = try PipeEnds()
            let runner = ThisProcess.id
            let forked = try ForkedChild {
                Self.makeSocketAbsolute()
                ThisProcess.withdraw(keeping: [pipe.writer.rawValue])
                ThisProcess.endWith(parent: runner)
                ThisProcess.setName("tacit-watcher")
                Self.hear(pipe.writer)
                return 1
            }
            // Nothing else waits for it yet: the number is its own.
            child = try HeldProcess.open(forked.id)
            reports = pipe.intoReader()
        } catch {
            throw Failure(.failed, "can't start a process that follows changes: \(error)")
        }
        do throws(Errno) {
            _ = try reports.awaitInput()
            try reports.setNonBlocking(true)
        } catch { throw Failure(.failed, "can't hear of changes: \(error)") }
        _ = take()
        if let failure { throw failure }
    }

    deinit { end() }

    /// Its number, as long as it runs.
    var id: Int32? { child.hasEnded ? nil : child.id }

    /// Readable when there is something to take; nil when it has ended.
    var descriptor: Int32? { failure == nil ? reports.rawValue : nil }

    /// Why it has ended; nil if it has not.
    private(set) var failure: Failure?

    /// Whether something may have changed.
    func take() -> Bool {
        var isOver = false
        do throws(Errno) {
            // At the end of what is there, EAGAIN.
            while true {
                var part = [UInt8](repeating: 0, count: 4096)
                var span = part.mutableSpan
                var bytes = unsafe span.mutableBytes
                let count = try reports.read(into: &bytes)
                if count == 0 {
                    isOver = true
                    break
                }
                heard += part.prefix(count)
            }
        } catch { isOver = error != .again }
        let changes = heard.prefix { $0 == Report.change.rawValue }.count
        heard.removeFirst(changes)
        if failure == nil, isOver || heard.contains(0) {
            let reason = text(heard.dropFirst().prefix { $0 != 0 })
            failure = Failure(.failed, reason.isEmpty ? "the process that follows changes was killed" : reason)
        }
        return changes > 0
    }

    func end() {
        // Its number may be another process's by now: the signal is for this one alone. It is waited for as any child is.
        child.signal(SIGKILL)
    }

    /// Tells of changes until there is nothing to hear.
    private static func hear(_ writer: borrowing FileDescriptor) {
        var stream = ChangeStream(of: TreeName.job)
        var isConnected = false
        do throws(Failure) {
            try stream.follow { events throws(Failure) in
                guard !events.isEmpty || !isConnected else { return }
                isConnected = true
                do throws(Errno) { try writer.writeAll([Report.change.rawValue]) } catch { throw Failure(.failed, "\(error)") }
            }
        } catch {
            let isGone = isConnected && [.notFound, .denied].contains(error.exitCode)
            let reason = isGone ? "the daemon does not know this job any more" : error.message
            try? writer.writeAll([Report.end.rawValue] + Array(reason.utf8) + [0])
        }
    }

    /// The watcher is in another folder.
    private static func makeSocketAbsolute() {
        guard let path = unsafe getenv("TACIT_SOCKET").map({ unsafe String(cString: $0) }), !path.isEmpty, !path.hasPrefix("/") else {
            return
        }
        _ = unsafe setenv("TACIT_SOCKET", string(ThisProcess.workingFolder) + "/" + path, 1)
    }
}
