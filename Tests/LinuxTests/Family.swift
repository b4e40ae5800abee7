// SPDX-License-Identifier: MIT

import Foundation
import TestSupport

@testable import Linux

/// A family of processes that `probe family` has become, ended with it.
final class Family {
    /// One that has said who it is.
    struct Member {
        let process: Int32
        let thread: Int32
        let held: HeldProcess
    }

    private(set) var members: [Member] = []
    private let child: Child

    /// Starts it, and waits until it is complete.
    init(_ steps: String, _ arguments: String...) throws {
        child = try Command([Programs.path(of: "probe"), "family", steps] + arguments).start()
        try child.waitFor("ready")
        try meet(child.printed.split(separator: "\n").filter { $0 != "ready" })
    }

    /// Starts a program in it: the members are the first `count`, and what the program prints is no matter.
    init(_ steps: String, running program: [String], count: Int) throws {
        child = try Command([Programs.path(of: "probe"), "family", steps] + program).start()
        try Wait.until("\(count) members") { child.printed.split(separator: "\n").count >= count }
        try meet(child.printed.split(separator: "\n").prefix(count))
    }

    private func meet(_ lines: some Sequence<Substring>) throws {
        members = try lines.map { line in
            let numbers = line.split(separator: " ").compactMap { Int32($0) }
            guard numbers.count == 2 else { throw Trouble("family: \(line)") }
            return Member(process: numbers[0], thread: numbers[1], held: try HeldProcess.open(numbers[0]))
        }
    }

    deinit {
        for member in members { kill(member.held) }
    }

    subscript(_ index: Int) -> Member { members[index] }

    /// Ends a member, and waits for its end. The first stays as a zombie until `reap`.
    func end(_ index: Int) throws {
        kill(members[index].held)
        try Wait.until("member \(index) ends") { members[index].held.hasEnded }
    }

    /// Waits for the first, which has ended: its number is free then.
    func reap() throws {
        _ = try child.wait()
    }

    /// Waits until a number that a member has had is nobody's.
    func waitUntilFree(_ index: Int) throws {
        let number = members[index].process
        try Wait.until("\(number) is free") { errno { _ = try HeldProcess.open(number) } == .noSuchProcess }
    }

    private func kill(_ process: HeldProcess) {
        // Its number is its own until then.
        if !process.hasEnded { Glibc.kill(process.id, SIGKILL) }
    }
}

extension Enclosures {
    func innermost(_ member: Family.Member) throws -> Enclosure<Label>? {
        try innermost(thread: member.thread, process: member.process)
    }
}
