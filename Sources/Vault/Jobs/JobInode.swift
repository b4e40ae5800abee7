// SPDX-License-Identifier: MIT

internal import Secrets

/// An inode number of something in a job's folder: bit 55, the job's serial number × 2^22, and the number of the name in it.
///
/// `Inode` has none with bit 55, so that no number means a place in the tree and one in a job.
package struct JobInode: Hashable, Sendable {
    private static let mark: UInt64 = 1 << 55
    private static let indexBits: UInt64 = 22
    /// Serial numbers end here, after 8 billion jobs.
    static let serials: UInt64 = 1 << 33

    let serial: UInt64
    let index: UInt64

    /// Nil where there are too many names in the job.
    init?(_ job: Job, index: Int) {
        guard index >= 0, index < 1 << Self.indexBits else { return nil }
        serial = job.serial
        self.index = UInt64(index)
    }

    /// Nil for a number that is none of a job's.
    package init?(number: UInt64) {
        guard number & ~(Self.mark - 1) == Self.mark else { return nil }
        let rest = number & (Self.mark - 1)
        serial = rest >> Self.indexBits
        index = rest & (1 << Self.indexBits - 1)
    }

    /// As the kernel knows it.
    package var number: UInt64 { Self.mark | serial << Self.indexBits | index }
}

/// Which number stands for which place in a job's folder: the same for as long as the job runs. A number is never given to another place,
/// since the kernel may come with it at any time and mean what it was.
struct JobNumbers: Sendable {
    /// Places that a job shows in all its time, also those that are gone: as many as are kept of what jobs find, some 300 bytes each.
    static let most = 1 << 18

    /// Bytes, and microseconds since the epoch.
    typealias Told = (size: Int64, changed: Int64)

    private var indexes: [JobPlace: Int] = [:]
    private var places: [(place: JobPlace, told: Told?)] = []

    init() {
        for place in [JobPlace.top, .vars, .below([]), .env] { _ = index(of: place) }
    }

    /// Nil where there are too many.
    mutating func index(of place: JobPlace) -> Int? {
        if let known = indexes[place] { return known }
        guard places.count < Self.most else { return nil }
        indexes[place] = places.count
        places.append((place, nil))
        return places.count - 1
    }

    func place(_ index: UInt64) -> JobPlace? { index < UInt64(places.count) ? places[Int(index)].place : nil }

    /// Keeps what somebody in the job is told of a place that has a number.
    mutating func tell(_ told: Told, of place: JobPlace) {
        if let index = indexes[place] { places[index].told = told }
    }

    /// The attributes of a place that a process in the job was told last.
    func told(of place: JobPlace) -> Told? { indexes[place].flatMap { places[$0].told } }
}
