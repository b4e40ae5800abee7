// SPDX-License-Identifier: MIT

internal import Linux

/// An order from this process to the leader of the command's session.
enum LeaderOrder {
    /// Send the command a signal.
    case signal(Int32)
    /// Send the foreground of its terminal a signal, as a key does.
    case key(Int32)
    /// Continue the command.
    case resume
    /// The terminal is taken, or given back: the command is in the foreground of its own, or not.
    case terminal(isTaken: Bool)

    fileprivate var numbers: [Int32] {
        switch self {
        case .signal(let number): [0, number]
        case .resume: [1, 0]
        case .terminal(let isTaken): [2, isTaken ? 1 : 0]
        case .key(let number): [3, number]
        }
    }

    fileprivate init?(_ numbers: [Int32]) {
        switch numbers[0] {
        case 0: self = .signal(numbers[1])
        case 1: self = .resume
        case 2: self = .terminal(isTaken: numbers[1] == 1)
        case 3: self = .key(numbers[1])
        default: return nil
        }
    }
}

/// The way to the leader of the command's session and back. Messages have eight bytes, which a pipe takes and gives at once.
final class SessionLink: Sendable {
    private let orders: PipeEnds
    private let reports: PipeEnds

    init() throws(Errno) {
        orders = try PipeEnds()
        reports = try PipeEnds()
        try orders.reader.setNonBlocking(true)
        // A leader that takes no more of them is about to end.
        try orders.writer.setNonBlocking(true)
        try reports.reader.setNonBlocking(true)
    }

    /// Of this process.
    var reportDescriptor: Int32 { reports.reader.rawValue }

    /// Of the leader: readable where there is an order, or never will be.
    var orderDescriptor: Int32 { orders.reader.rawValue }

    /// The descriptors that the leader keeps open.
    var leadersEnds: [Int32] { [orders.reader.rawValue, reports.writer.rawValue] }

    func send(_ order: LeaderOrder) { Self.send(order.numbers, orders.writer) }

    /// The next report on the command; nil if there is none.
    func report() -> WaitStatus? { try? Self.next(reports.reader).map { WaitStatus(rawValue: $0[1]) } }

    func send(_ status: WaitStatus) { Self.send([0, status.rawValue], reports.writer) }

    /// The next order; nil if there is none. Throws EPIPE if nobody is left who would send one.
    func order() throws(Errno) -> LeaderOrder? { try Self.next(orders.reader).flatMap { LeaderOrder($0) } }

    private static func send(_ numbers: [Int32], _ writer: borrowing FileDescriptor) {
        // Fails where the other has ended.
        _ = try? unsafe writer.write(numbers.span.bytes)
    }

    private static func next(_ reader: borrowing FileDescriptor) throws(Errno) -> [Int32]? {
        var numbers: [Int32] = [0, 0]
        var span = numbers.mutableSpan
        var bytes = unsafe span.mutableBytes
        let whole = bytes.byteCount
        let count: Int
        do { count = try reader.read(into: &bytes) } catch {
            if error == .again { return nil }
            throw error
        }
        guard count == whole else { throw .brokenPipe }
        return numbers
    }
}
