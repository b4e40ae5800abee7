// SPDX-License-Identifier: MIT

// Open this file first. The tests of jobs on real mounts:
//
//     Puppet      a process that does what it is told, wherever in a family of processes it is
//     JobWorld    the tree that most of them are about, and jobs that are started in it
//     JobTableTests, JobMomentTests       what is in a job, for whom, and until when: as tables
//     JobNestingTests, JobCgroupTests     jobs in jobs, attached shells, and jobs of control groups
//     JobAdversaryTests, JobForeignTests  who would like to be inside, or outside, or to take something along

import Foundation
import Glibc
import TestSupport

/// A process that does what it is told: `probe obey`, alone or as the command of a job. It ends when this is let go.
final class Puppet {
    /// What was started for it: `tacit run`, if it is in a job of its own. Nil for one that another puppet has made.
    let child: Child?
    /// Ends with its process group, and so with this one's.
    private let maker: Puppet?
    private let mount: Mount
    private let ask: Int32
    private let say: Int32
    private let path: String
    private var hasMet = false

    /// Starts one: `words` are put before those that make it obey, such as `tacit run -p acme/web --`.
    convenience init(_ mount: Mount, _ words: String..., as caller: TestUser = .root, home: String? = nil) throws {
        try self.init(mount, words: words, as: caller, home: home)
    }

    init(_ mount: Mount, words: [String], as caller: TestUser, home: String? = nil) throws {
        (path, ask, say) = try Self.pipes(mount)
        self.mount = mount
        var command = mount.command(words + ["probe", "obey", path], as: caller)
        if let home { command.environment["HOME"] = home }
        maker = nil
        child = try command.start()
        try meet()
    }

    /// One that `maker` makes, told by the line that `telling` gives for where it is to obey.
    private init(_ maker: Puppet, telling line: (String) -> String) throws {
        self.maker = maker
        mount = maker.mount
        (path, ask, say) = try Self.pipes(mount)
        child = nil
        var answer = ""
        // A number that is asked for is free some time after its process has ended.
        try Wait.until("\(line("…")): a free number") {
            answer = try maker.tell(line(path))
            return answer != "clone3 EEXIST"
        }
        guard answer == "ok" else { throw Trouble("\(line("…")): \(answer)") }
        try meet()
    }

    /// A child of it.
    func fork() throws -> Puppet { try Puppet(self) { "fork \($0)" } }

    /// A grandchild in a session of its own, whose parent has ended.
    func orphan() throws -> Puppet { try Puppet(self) { "orphan \($0)" } }

    /// A child with this number.
    func fork(as pid: String) throws -> Puppet { try Puppet(self) { "numbered \(pid) \($0)" } }

    /// One that a child of it becomes by executing words, such as `tacit run -p acme/web --`, and then `program`: `probe`, or a copy.
    func spawn(_ words: String..., program: String = "probe") throws -> Puppet {
        try Puppet(self) { "spawn \((words + [program, "obey", $0]).joined(separator: " "))" }
    }

    deinit {
        close(ask)
        close(say)
        for end in ["ask", "say"] { unsafe unlink("\(path).\(end)") }
    }

    /// The answer to a line of `probe obey`.
    /// - Throws: `Trouble` if it ends, or does not answer within 15 seconds.
    @discardableResult
    func tell(_ line: String) throws -> String {
        try send(line)
        return try hear(line)
    }

    /// The answers to some lines.
    func tell(each lines: String...) throws -> [String] { try tell(each: lines) }

    func tell(each lines: [String]) throws -> [String] { try lines.map { try tell($0) } }

    /// Tells it, and does not wait for the answer.
    func send(_ line: String) throws {
        let bytes = Array("\(line)\n".utf8)
        guard unsafe write(ask, bytes, bytes.count) == bytes.count else { throw Trouble("\(line): \(path) takes no words") }
    }

    /// The next answer.
    func hear(_ line: String) throws -> String {
        var heard = ""
        try Wait.until("an answer to \(line); it said: \(heard)") {
            var bytes = [UInt8](repeating: 0, count: 65536)
            let count = unsafe read(say, &bytes, bytes.count)
            if count > 0 { heard += String(decoding: bytes.prefix(count), as: UTF8.self) }
            // Nobody has the other end: not yet, or no more.
            if count == 0, hasMet || child?.isRunning == false {
                throw Trouble("\(line): it has ended; it said: \(heard) \(try child?.wait(1).description ?? "")")
            }
            return heard == ".\n" || heard.hasSuffix("\n.\n")
        }
        return String(heard.dropLast(heard == ".\n" ? 2 : 3))
    }

    /// Its number.
    func pid() throws -> String { try tell("pid") }

    private func meet() throws {
        let said = try hear("hello")
        guard said == "here" else { throw Trouble("\(path) said: \(said)") }
        hasMet = true
    }

    private static func pipes(_ mount: Mount) throws -> (path: String, ask: Int32, say: Int32) {
        let path = "\(mount.scratch.path)/puppet-\(UUID().uuidString.prefix(8))"
        for end in ["ask", "say"] {
            guard unsafe mkfifo("\(path).\(end)", 0o600) == 0, unsafe chmod("\(path).\(end)", 0o666) == 0 else {
                throw Trouble("can't make \(path).\(end)")
            }
        }
        // Both ends at once, so that it does not wait; and it reads the end of file when this process goes.
        let ask = unsafe open("\(path).ask", O_RDWR | O_CLOEXEC)
        let say = unsafe open("\(path).say", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard ask >= 0, say >= 0 else { throw Trouble("can't open \(path)") }
        return (path, ask, say)
    }
}

extension ControlGroup {
    /// Moves a puppet into it.
    func take(_ puppet: Puppet) throws { try take(puppet.pid()) }

    /// Moves a puppet out of it, to the top of the tree.
    func release(_ puppet: Puppet) throws { try release(puppet.pid()) }
}
