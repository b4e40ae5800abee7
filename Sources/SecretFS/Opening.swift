// SPDX-License-Identifier: MIT

internal import FUSE
internal import Synchronization

/// One open of a file, until its release.
final class Opening: Sendable {
    /// How the bytes get to the reader.
    enum Way {
        case passed
        case direct
    }

    /// Whether it is for writing, and for reading too.
    enum Writing {
        case no
        case only
        case pair
    }

    let number: UInt64
    /// The backing that the kernel has of the file meanwhile.
    let backing: Backing?
    let way: Way
    let writing: Writing
    /// The number of the last change before it.
    let change: UInt64
    private let isOnTheWay: Atomic<Bool>

    init(
        _ number: UInt64, _ backing: Backing?, _ way: Way, _ change: UInt64, _ writing: Writing = .no, isOnTheWay: Bool = false
    ) {
        self.number = number
        self.backing = backing
        self.way = way
        self.writing = writing
        self.change = change
        self.isOnTheWay = Atomic(isOnTheWay)
    }

    /// True once, for one that was on its way.
    func arrives() -> Bool {
        isOnTheWay.load(ordering: .relaxed) && isOnTheWay.exchange(false, ordering: .relaxed)
    }

    func reply(_ handle: UInt64) -> OpenReply {
        // `noFlush`: a dead daemon must not hang a reader that closes.
        OpenReply(handle: handle, directIO: way == .direct, noFlush: writing == .no, backing: backing?.number)
    }
}
