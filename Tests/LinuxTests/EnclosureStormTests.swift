// SPDX-License-Identifier: MIT

import Foundation
import Synchronization
import Testing
import TestSupport

@testable import Linux

/// Membership under load.
@Suite struct EnclosureStormTests {
    /// Processes of a session, told by getsid(2): an answer that owes nothing to parents.
    private func processes(ofSession session: Int32) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { getsid($0) == session }
    }

    @Test func `a build with many short processes is inside, each of them, whenever it is asked`() throws {
        let scratch = try Scratch()
        let targets = (0..<400).map { "t\($0)" }.joined(separator: " ")
        let recipe = "all: \(targets)\nt%:\n\t@sh -c '(true; /bin/true) & wait; sleep 0.01; /bin/true'\n"
        let file = try scratch.file("Makefile", Data(recipe.utf8))
        let family = try Family("snfSne", running: ["make", "-j", "8", "-f", file, "-C", scratch.path, "all"], count: 2)
        let enclosures = Enclosures<String>(nil)
        try enclosures.add(family[0].held, "a")
        let build = family[1].held
        let seen = Mutex<Set<Int32>>([])
        let wrong = Mutex<[String]>([])
        let running = Atomic(3)
        for _ in 0..<3 {
            Thread {
                defer { running.subtract(1, ordering: .sequentiallyConsistent) }
                while !build.hasEnded {
                    for id in (try? processes(ofSession: build.id)) ?? [] {
                        // Of this session when it was held, and held until after the answer.
                        guard let held = try? HeldProcess.open(id), getsid(id) == build.id, !held.hasEnded else { continue }
                        do {
                            let label = try enclosures.innermost(thread: id, process: id)?.label
                            if label == "a" {
                                _ = seen.withLock { $0.insert(id) }
                            } else if !held.hasEnded {
                                wrong.withLock { $0.append("\(id) is outside") }
                            }
                        } catch {
                            if !held.hasEnded { wrong.withLock { $0.append("\(id): \(error)") } }
                        }
                    }
                }
            }.start()
        }
        try Wait.until("the build ends", seconds: 55) { running.load(ordering: .sequentiallyConsistent) == 0 }
        #expect(wrong.withLock { $0 } == [])
        #expect(seen.withLock { $0.count } > 50)
    }

    @Test func `of a thousand roots each has its own`() throws {
        #expect(DescriptorLimit.raise() > 2000)
        let family = try Family("nC", "1000")
        let enclosures = Enclosures<Int32>(nil)
        for member in family.members.dropFirst() { try enclosures.add(member.held, member.process) }
        for _ in 0..<2 {
            for member in family.members.dropFirst() { #expect(try enclosures.innermost(member)?.label == member.process) }
            #expect(try enclosures.innermost(family[0]) == nil)
        }
        for index in stride(from: 1, through: 1000, by: 2) { try family.end(index) }
        for index in 1...1000 {
            let held = family[index].held
            if index % 2 == 1 {
                #expect(errno { _ = try enclosures.innermost(held) } == .noSuchProcess)
                enclosures.remove(held)
            } else {
                #expect(try enclosures.innermost(family[index])?.label == held.id)
            }
        }
    }

    @Test func `what is held does not grow with the callers`() throws {
        #expect(DescriptorLimit.raise() > 2000)
        let family = try Family("snC", "1000")
        let enclosures = Enclosures<String>(nil)
        try enclosures.add(family[0].held, "a")
        for member in family.members { #expect(try enclosures.innermost(member)?.label == "a") }
        // One of each is the family's own.
        let others = try descriptors(of: Set(family.members.map(\.process))) - family.members.count
        #expect(1...256 ~= others)
    }

    @Test func `what is held does not grow with the roots' ancestors`() throws {
        #expect(DescriptorLimit.raise() > 2000)
        let enclosures = Enclosures<String>(nil)
        let first = try Family("n")
        try enclosures.add(first[0].held, "first")
        // Two lines that take each other's room among what is held for the next walk.
        let steps = String(repeating: "nf", count: 150) + "C"
        let families = [try Family(steps, "20"), try Family(steps, "20")]
        let ancestors = Set(families.flatMap { $0.members.prefix(150).map(\.process) })
        for index in 150..<170 {
            for family in families {
                #expect(try enclosures.innermost(family[index].held) == nil)
                try enclosures.add(family[index].held, "root")
            }
        }
        #expect(try descriptors(of: ancestors) - ancestors.count <= 256 + 150)
    }

    /// How many pidfds of these processes there are here.
    private func descriptors(of processes: Set<Int32>) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fdinfo").count { descriptor in
            let lines = String(decoding: Scratch.contents("/proc/self/fdinfo/" + descriptor), as: UTF8.self).split(separator: "\n")
            return lines.contains { $0.hasPrefix("Pid:\t") && processes.contains(Int32($0.dropFirst(5)) ?? 0) }
        }
    }
}
