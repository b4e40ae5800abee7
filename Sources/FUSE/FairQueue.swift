// SPDX-License-Identifier: MIT

/// The queue of requests that wait to be served, in turns by user: the user with the least time so far comes first.
///
/// Time is what serving took. A user who has not been here has no credit from that: they begin where those stand who are served
/// now. Nor is the debt of one who was served for long kept beyond `longestDebt`, so that everybody comes to their turn however
/// long they were served before.
///
/// A thing that holds a lock for which others may wait is *urgent*. It does not wait behind other things of its own user, and every other
/// thing that is taken is urgent if there is one; neither kind can keep the other waiting.
///
/// A thing that is *late* waits besides until its user is not late any more; their other things go before.
///
/// No user has more than `Limits` says of things being served at once, so that others find threads free.
struct FairQueue<Element> {
    /// Of one user, things being served at once.
    struct Limits {
        let ordinary: Int
        let urgent: Int
    }

    /// Something taken, to be given back by `end`.
    struct Turn {
        let element: Element
        let uid: UInt32
        let isUrgent: Bool
    }

    private struct User {
        var ordinary = Queue<Element>()
        var urgent = Queue<Element>()
        var late = Queue<Element>()
        var runningOrdinary = 0
        var runningUrgent = 0
        /// Nanoseconds.
        var received: Int64

        var isWaiting: Bool { ordinary.count + urgent.count + late.count > 0 }
        var isHere: Bool { isWaiting || runningOrdinary + runningUrgent > 0 }
    }

    /// Nanoseconds. A debt is paid when others have received as much.
    static var longestDebt: Int64 { 1_000_000_000 }
    /// Users who are remembered for their debts alone.
    static var mostDebtors: Int { 1024 }

    private let limits: Limits
    private let delay: (UInt32) -> Int64
    private var users: [UInt32: User] = [:]
    /// Those for whom something waits.
    private var waiting: Set<UInt32> = []
    /// The service that the user taken last had received.
    private var floor: Int64 = 0
    private var lastWasUrgent = false
    /// How much waits.
    private(set) var count = 0
    /// How much of that is late.
    private(set) var lateCount = 0
    /// Whether nobody is late any more.
    var isHurried = false

    /// - Parameter delay: for how long what is late of a user still has to wait; 0 or less if it need not.
    init(limits: Limits, delay: @escaping (UInt32) -> Int64 = { _ in 0 }) {
        self.limits = limits
        self.delay = delay
    }

    /// For how long nothing that is late can be taken, in what `delay` is in; nil if nothing waits for that.
    var pause: Int64? {
        guard lateCount > 0 else { return nil }
        return waiting.lazy.filter { uid in
            guard let user = users[uid] else { return false }
            return user.late.count > 0 && user.runningOrdinary < limits.ordinary
        }.map { max(lateness(of: $0), 1) }.min()
    }

    /// How many users are known.
    var userCount: Int { users.count }

    mutating func add(_ element: Element, of uid: UInt32, isUrgent: Bool, isLate: Bool = false) {
        var user = users.removeValue(forKey: uid) ?? User(received: floor)
        if !user.isHere { user.received = min(max(user.received, floor), floor + Self.longestDebt) }
        if isUrgent { user.urgent.append(element) } else if isLate { user.late.append(element) } else { user.ordinary.append(element) }
        if isLate, !isUrgent { lateCount += 1 }
        users[uid] = user
        waiting.insert(uid)
        count += 1
    }

    /// The next to be served; nil if there is none, or none whose user may have more served now.
    mutating func take() -> Turn? {
        let isUrgentFirst = !lastWasUrgent
        guard let turn = take(isUrgent: isUrgentFirst) ?? take(isUrgent: !isUrgentFirst) else { return nil }
        lastWasUrgent = turn.isUrgent
        return turn
    }

    private mutating func take(isUrgent: Bool) -> Turn? {
        var least: (uid: UInt32, received: Int64)?
        for uid in waiting {
            guard let user = users[uid], isUrgent ? isUrgentReady(user) : isOrdinaryReady(user, uid) else { continue }
            if let least, (least.received, least.uid) <= (user.received, uid) { continue }
            least = (uid, user.received)
        }
        guard let least, var user = users.removeValue(forKey: least.uid) else { return nil }
        defer { users[least.uid] = user }
        guard let element = isUrgent ? user.urgent.first : user.ordinary.first ?? user.late.first else { return nil }
        if isUrgent {
            user.urgent.removeFirst()
            user.runningUrgent += 1
        } else {
            if user.ordinary.count > 0 {
                user.ordinary.removeFirst()
            } else {
                user.late.removeFirst()
                lateCount -= 1
            }
            user.runningOrdinary += 1
        }
        if !user.isWaiting { waiting.remove(least.uid) }
        count -= 1
        floor = max(floor, user.received)
        return Turn(element: element, uid: least.uid, isUrgent: isUrgent)
    }

    private func isUrgentReady(_ user: User) -> Bool { user.urgent.count > 0 && user.runningUrgent < limits.urgent }
    private func isOrdinaryReady(_ user: User, _ uid: UInt32) -> Bool {
        guard user.runningOrdinary < limits.ordinary else { return false }
        return user.ordinary.count > 0 || user.late.count > 0 && lateness(of: uid) <= 0
    }

    private func lateness(of uid: UInt32) -> Int64 { isHurried ? 0 : delay(uid) }

    /// Notes that a request that was taken has been served.
    ///
    /// - Parameter time: how long that took, in nanoseconds.
    mutating func end(_ turn: Turn, after time: Int64) {
        guard var user = users.removeValue(forKey: turn.uid) else { return }
        if turn.isUrgent { user.runningUrgent -= 1 } else { user.runningOrdinary -= 1 }
        user.received += min(max(time, 0), Self.longestDebt)
        // Else those who wait with a debt would wait for ever behind ever new users.
        floor += min(max(time, 0), Self.longestDebt) / Int64(waiting.count + 1)
        user.received = min(user.received, floor + Self.longestDebt)
        let isRemembered = user.isHere || (user.received > floor && users.count < Self.mostDebtors)
        if isRemembered { users[turn.uid] = user }
        if users.count >= Self.mostDebtors { users = users.filter { $0.value.isHere || $0.value.received > floor } }
    }
}
