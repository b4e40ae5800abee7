// SPDX-License-Identifier: MIT

@testable import FUSE
import Foundation
import Linux
import Testing
import TestSupport

/// What was written lies nowhere in this module's memory when it has been answered.
@Suite(.serialized) struct SlotTests {
    @Test func `requests are wiped`() throws {
        try Served.run { mount throws in
            try mount.must("head -c 300000 /dev/urandom | tr '\\0' x > f; setfattr -n user.a -v $(head -c 40 f | base64 -w 0) f")
            #expect(mount.files.requests("write").count >= 3)
            #expect(mount.files.requests("setxattr").count == 1)
            // The last request, a RELEASE, may still be served.
            try Wait.until("all is wiped", seconds: 60) { mount.session.slotsAreWiped }
        }
    }

    /// A pipe in the place of `/dev/fuse`.
    private func received(_ text: String, in slot: Slot) throws -> Bool {
        var ends: [Int32] = [-1, -1]
        let made = unsafe pipe(&ends)
        try #require(made == 0)
        let reader = FileDescriptor(owning: ends[0])
        let writer = FileDescriptor(owning: ends[1])
        try writer.writeAll(Array(text.utf8))
        try writer.close()
        return try slot.receive(from: reader.rawValue)
    }

    private func text(_ slot: Slot) -> String { unsafe String(decoding: slot.bytes, as: UTF8.self) }

    @Test func `slot is wiped with its answer`() throws {
        let slots = try Slots()
        let slot = try slots.takeReceiving()
        #expect(try received("written", in: slot))
        #expect(text(slot) == "written")
        #expect(!slots.areWiped)
        slot.answered()
        #expect(slots.areWiped)
        #expect(slot.reclaim())
        // Nothing more comes.
        #expect(try !received("", in: slot))
        slot.release()
        #expect(slots.used.receiving == 0)
    }

    /// The thread that served may be done before the answer: then the answer gives the slot back.
    @Test func `slot is kept until its answer`() throws {
        let slots = try Slots()
        let slot = try slots.takeReceiving()
        #expect(try received("written", in: slot))
        #expect(!slot.reclaim())
        #expect(text(slot) == "written")
        #expect(slots.used.receiving == 1)
        slot.answered()
        #expect(slots.used.receiving == 0)
        #expect(slots.areWiped)
        #expect(try slots.takeReceiving() === slot)
    }

    @Test func `what waits is moved`() throws {
        let slots = try Slots()
        let slot = try slots.takeReceiving()
        let waiting = try #require(slots.takeWaiting())
        #expect(try received("request", in: slot))
        #expect(waiting.move(from: slot))
        #expect(text(slot) == "")
        #expect(text(waiting) == "request")
        waiting.answered()
        #expect(waiting.reclaim())
        #expect(try received(String(repeating: "x", count: 2000), in: slot))
        #expect(!waiting.move(from: slot))
        #expect(text(slot).count == 2000)
        slot.answered()
        #expect(slots.areWiped)
    }

    /// A storm of requests takes more slots, and leaves no more memory in use than a few.
    @Test func `slots are given back`() throws {
        let slots = try Slots()
        let few = try residentPages(slots)
        let receiving = try (0..<100).map { _ in try slots.takeReceiving() }
        let waiting = (0..<5000).compactMap { _ in slots.takeWaiting() }
        #expect(waiting.count == 5000)
        for slot in receiving + waiting { #expect(try received("request", in: slot)) }
        #expect(slots.used == (100, 5000))
        let many = try residentPages(slots)
        for slot in receiving + waiting { slot.answered() }
        for slot in receiving + waiting where slot.reclaim() { slot.release() }
        #expect(slots.used == (0, 0))
        #expect(slots.areWiped)
        // Of what is locked 17 slots of 33 pages stay, of the rest 1024 KiB.
        #expect(many - few > 4000)
        #expect(try residentPages(slots) - few <= 17 * 33 + 256)
        // And they can be used again.
        #expect(try received("again", in: slots.takeReceiving()))
        #expect((0..<5000).compactMap { _ in slots.takeWaiting() }.count == 5000)
    }

    /// One user's requests never take all of what can be locked.
    @Test func `a user has a quarter`() throws {
        let slots = try Slots()
        var slot = try slots.takeReceiving()
        var waiting: [Slot] = []
        let error = #expect(throws: Errno.self) {
            while true {
                let next = try slots.exchange(slot, waitingFor: 1001)
                waiting.append(slot)
                slot = next
            }
        }
        #expect(error == .busy)
        #expect((1...256).contains(waiting.count))
        let other = try slots.exchange(slot, waitingFor: 1002)
        #expect(other !== slot)
        // One that is answered makes room.
        waiting[0].answered()
        #expect(waiting[0].reclaim())
        waiting[0].release()
        _ = try slots.exchange(other, waitingFor: 1001)
    }

    /// Pages of the region that are in memory: as `Rss` of proc_pid_smaps(5), of the file's mapping.
    private func residentPages(_ slots: Slots) throws -> Int {
        let maps = try proc("self/smaps")
        var sum = 0
        var isOurs = false
        for line in maps {
            if line.contains("-"), line.contains("/memfd:tacit-requests") {
                isOurs = true
            } else if line.hasPrefix("VmFlags") {
                isOurs = false
            }
            if isOurs, line.hasPrefix("Rss:"), let kilobytes = Int(line.filter(\.isNumber)) { sum += kilobytes / 4 }
        }
        return sum
    }

    @Test func `memory is locked and left out of dumps and forks`() throws {
        let slots = try Slots()
        let slot = try slots.takeReceiving()
        let maps = try proc("self/smaps")
        withExtendedLifetime((slots, slot)) {}
        let flags = maps.filter { $0.hasPrefix("VmFlags:") }
        #expect(flags.contains { line in [" lo", " dd", " dc", " sh"].allSatisfy { line.contains($0) } })
    }
}
