// SPDX-License-Identifier: MIT

@testable import FUSE
import Synchronization
import Testing
import TestSupport

/// Turns by user.
@Suite struct FairQueueTests {
    private typealias Work = (user: UInt32, number: Int)

    private func queue(ordinary: Int = .max, urgent: Int = .max) -> FairQueue<Work> {
        FairQueue(limits: .init(ordinary: ordinary, urgent: urgent))
    }

    /// Takes something and serves it at once.
    private func serve(_ queue: inout FairQueue<Work>, time: (Work) -> Int64) -> Work? {
        guard let turn = queue.take() else { return nil }
        queue.end(turn, after: time(turn.element))
        return turn.element
    }

    @Test func `one user is served in order`() {
        var queue = queue()
        for number in 0..<100 { queue.add((1, number), of: 1, isUrgent: false) }
        #expect(queue.count == 100)
        #expect((0..<100).map { _ in serve(&queue) { _ in 1 }?.number } == Array(0..<100))
        #expect(queue.count == 0)
        #expect(queue.take() == nil)
    }

    /// Sixteen long requests of one user: another's is next, whenever it comes.
    @Test func `least time comes first`() {
        var queue = queue()
        for number in 0..<16 { queue.add((1, number), of: 1, isUrgent: false) }
        _ = serve(&queue) { _ in 1_000_000 }
        queue.add((2, 0), of: 2, isUrgent: false)
        #expect(serve(&queue) { _ in 10 }?.user == 2)
        #expect(serve(&queue) { _ in 1_000_000 }?.user == 1)
        queue.add((2, 1), of: 2, isUrgent: false)
        #expect(serve(&queue) { _ in 10 }?.user == 2)
    }

    /// Time is shared, not numbers of requests.
    @Test func `time is shared equally`() {
        var queue = queue()
        var received: [UInt32: Int64] = [:]
        let cost: [UInt32: Int64] = [1: 1_000_000, 2: 10_000, 3: 100_000]
        for user in cost.keys { for number in 0..<20_000 { queue.add((user, number), of: user, isUrgent: false) } }
        while received.values.reduce(0, +) < 300_000_000 {
            guard let turn = queue.take() else { break }
            let time = cost[turn.uid] ?? 0
            queue.end(turn, after: time)
            received[turn.uid, default: 0] += time
        }
        for user in cost.keys { #expect(abs((received[user] ?? 0) - 100_000_000) <= 2_000_000) }
    }

    /// Nobody saves up for later by staying away.
    @Test func `absence earns nothing`() {
        var queue = queue()
        queue.add((2, 0), of: 2, isUrgent: false)
        _ = serve(&queue) { _ in 1 }
        for number in 0..<1000 { queue.add((1, number), of: 1, isUrgent: false) }
        for _ in 0..<500 { _ = serve(&queue) { _ in 1_000_000 } }
        // User 1 has had 0.5 s more than user 2, who now comes with as many as the other has left.
        for number in 0..<500 { queue.add((2, number), of: 2, isUrgent: false) }
        var first = 0
        for _ in 0..<100 where serve(&queue, time: { _ in 1_000_000 })?.user == 2 { first += 1 }
        #expect((45...55).contains(first))
    }

    /// Nor is a debt kept for ever: who was served for an hour has their turn when others have had theirs for a second.
    @Test func `debts are bounded`() {
        var queue = queue()
        queue.add((1, 0), of: 1, isUrgent: false)
        _ = serve(&queue) { _ in 3_600_000_000_000 }
        queue.add((1, 1), of: 1, isUrgent: false)
        for number in 0..<5000 { queue.add((2, number), of: 2, isUrgent: false) }
        var time: Int64 = 0
        while let work = serve(&queue, time: { _ in 1_000_000 }), work.user == 2 { time += 1_000_000 }
        #expect(time <= 1_100_000_000)
    }

    /// Ever new users, each with a request, do not keep an old one waiting.
    @Test func `newcomers do not starve`() {
        var queue = queue()
        queue.add((1, 0), of: 1, isUrgent: false)
        _ = serve(&queue) { _ in 1_000_000_000 }
        queue.add((1, 1), of: 1, isUrgent: false)
        var others = 0
        for user in UInt32(2)...100_000 {
            queue.add((user, 0), of: user, isUrgent: false)
            if serve(&queue, time: { _ in 1_000_000 })?.user == 1 { break }
            others += 1
        }
        #expect(others <= 2_100)
        #expect(queue.userCount <= FairQueue<Work>.mostDebtors + 1)
    }

    /// What holds a lock waits neither behind its user's own requests nor for their share, and leaves every other turn to the rest.
    @Test func `what holds a lock does not wait`() {
        var queue = queue(ordinary: 2)
        for number in 0..<100 { queue.add((1, number), of: 1, isUrgent: false) }
        let running = [queue.take(), queue.take()]
        #expect(running.allSatisfy { $0?.isUrgent == false })
        #expect(queue.take() == nil)
        queue.add((1, 1000), of: 1, isUrgent: true)
        #expect(queue.take()?.element.number == 1000)

        var other = self.queue()
        for number in 0..<10 {
            other.add((1, number), of: 1, isUrgent: true)
            other.add((2, number), of: 2, isUrgent: false)
        }
        let users = (0..<20).compactMap { _ in serve(&other) { _ in 1 }?.user }
        for index in stride(from: 0, to: 20, by: 2) { #expect(Set(users[index..<(index + 2)]) == [1, 2]) }
    }

    @Test func `a user has no more than their share at once`() {
        var queue = queue(ordinary: 4, urgent: 2)
        for number in 0..<10 {
            queue.add((1, number), of: 1, isUrgent: false)
            queue.add((1, number), of: 1, isUrgent: true)
        }
        var running: [FairQueue<Work>.Turn] = []
        while let turn = queue.take() { running.append(turn) }
        #expect(running.filter(\.isUrgent).count == 2)
        #expect(running.filter { !$0.isUrgent }.count == 4)
        queue.add((2, 0), of: 2, isUrgent: false)
        #expect(queue.take()?.uid == 2)
        queue.end(running[0], after: 1)
        #expect(queue.take()?.isUrgent == running[0].isUrgent)
    }

    /// What is late waits until its user is not late any more, which is asked anew for each; nothing else waits for it.
    @Test func `what is late waits`() {
        let delay = Atomic<Int64>(500)
        var queue = FairQueue<Work>(limits: .init(ordinary: 1, urgent: 1)) { $0 == 1 ? delay.load(ordering: .relaxed) : 0 }
        #expect(queue.pause == nil)
        for number in 0..<3 { queue.add((1, number), of: 1, isUrgent: false, isLate: true) }
        queue.add((1, 10), of: 1, isUrgent: true)
        queue.add((1, 11), of: 1, isUrgent: false)
        queue.add((2, 20), of: 2, isUrgent: false)
        #expect(queue.count == 6 && queue.lateCount == 3)
        #expect(Set((0..<3).compactMap { _ in serve(&queue) { _ in 1 }?.number }) == [10, 11, 20])
        #expect(queue.take() == nil)
        #expect(queue.pause == 500)
        delay.store(0, ordering: .relaxed)
        #expect(queue.pause == 1)
        let turn = queue.take()
        #expect(turn?.element.number == 0)
        // It waits for that one now, not for an instant.
        #expect(queue.take() == nil && queue.pause == nil)
        delay.store(700, ordering: .relaxed)
        if let turn { queue.end(turn, after: 1) }
        #expect(queue.take() == nil && queue.pause == 700)
        queue.isHurried = true
        #expect((1...2).map { _ in serve(&queue) { _ in 1 }?.number } == [1, 2])
        #expect(queue.count == 0 && queue.lateCount == 0 && queue.pause == nil)
    }

    /// Whatever comes in whatever order: nothing is lost or served twice, a user's own order is kept, the shares hold, and nobody waits
    /// longer than the time that all others can have first.
    @Test(arguments: UInt64(1)...200) func `properties`(seed: UInt64) {
        var random = Seeded(seed)
        let limits = FairQueue<Work>.Limits(ordinary: Int.random(in: 1...4, using: &random), urgent: Int.random(in: 1...4, using: &random))
        var queue = FairQueue<Work>(limits: limits)
        let users = UInt32.random(in: 1...8, using: &random)
        let longest = [10, 1_000_000, 500_000_000].randomElement(using: &random) ?? 1
        var next: [UInt32: Int] = [:]
        var waiting: [UInt32: (ordinary: [Int], urgent: [Int])] = [:]
        var running: [(turn: FairQueue<Work>.Turn, time: Int64)] = []
        /// What others have received since a user's oldest request came.
        var waited: [UInt32: Int64] = [:]
        var (added, served) = (0, 0)

        func finish(_ index: Int) {
            let (turn, time) = running.remove(at: index)
            queue.end(turn, after: time)
            served += 1
            for uid in waited.keys where uid != turn.uid { waited[uid, default: 0] += time }
        }
        for step in 0..<2000 {
            switch Int.random(in: 0..<3, using: &random) {
            case 0 where step < 1500:
                let uid = UInt32.random(in: 1...users, using: &random)
                let isUrgent = Int.random(in: 0..<4, using: &random) == 0
                let number = next[uid, default: 0]
                next[uid] = number + 1
                queue.add((uid, number), of: uid, isUrgent: isUrgent)
                if waiting[uid].map({ $0.ordinary.isEmpty && $0.urgent.isEmpty }) ?? true { waited[uid] = 0 }
                if isUrgent {
                    waiting[uid, default: ([], [])].urgent.append(number)
                } else {
                    waiting[uid, default: ([], [])].ordinary.append(number)
                }
                added += 1
            case 1:
                guard let turn = queue.take() else {
                    // Only shares keep anything from being taken.
                    for (uid, own) in waiting {
                        let others = running.filter { $0.turn.uid == uid }
                        #expect(own.ordinary.isEmpty || others.filter { !$0.turn.isUrgent }.count == limits.ordinary)
                        #expect(own.urgent.isEmpty || others.filter { $0.turn.isUrgent }.count == limits.urgent)
                    }
                    continue
                }
                let oldest = turn.isUrgent ? waiting[turn.uid]?.urgent.first : waiting[turn.uid]?.ordinary.first
                #expect(oldest == turn.element.number)
                if turn.isUrgent { waiting[turn.uid]?.urgent.removeFirst() } else { waiting[turn.uid]?.ordinary.removeFirst() }
                waited[turn.uid] = 0
                running.append((turn, Int64(Int.random(in: 0...longest, using: &random))))
                let own = running.filter { $0.turn.uid == turn.uid && $0.turn.isUrgent == turn.isUrgent }.count
                #expect(own <= (turn.isUrgent ? limits.urgent : limits.ordinary))
            default:
                if !running.isEmpty { finish(Int.random(in: 0..<running.count, using: &random)) }
            }
            for (uid, time) in waited where waiting[uid].map({ !$0.ordinary.isEmpty || !$0.urgent.isEmpty }) == true {
                let others = Int64(users) * (FairQueue<Work>.longestDebt + 10 * Int64(longest))
                #expect(time <= others)
            }
        }
        while let turn = queue.take() {
            running.append((turn, 1))
            finish(running.count - 1)
            while !running.isEmpty { finish(0) }
        }
        while !running.isEmpty { finish(0) }
        while let turn = queue.take() {
            running.append((turn, 1))
            finish(0)
        }
        #expect(queue.count == 0)
        #expect(served == added)
    }
}
