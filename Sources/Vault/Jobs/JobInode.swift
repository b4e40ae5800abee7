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

    package var number: UInt64 { Self.mark | serial << Self.indexBits | index }
}

/// A place in a job's folder.
package enum JobPlace: Hashable, Sendable {
    /// The folder itself.
    case top
    case env
    case vars
    case variable([UInt8])
    /// A file or a folder, by its names below `files`; none: `files` itself.
    case below([[UInt8]])

    /// What is in the folder itself, as in a secret.
    static let inTop = [JobPlace.vars, .below([]), .env].map { (name: $0.components.last ?? [], place: $0) }

    /// Whether it is a folder that every job has, and that tells nothing of it.
    package var isInEveryJob: Bool { self == .top || self == .vars || self == .below([]) }

    /// The names below the job's folder.
    var components: [[UInt8]] {
        switch self {
        case .top: []
        case .env: [Facet.env.name ?? []]
        case .vars: [Facet.vars.name ?? []]
        case .variable(let name): JobPath.variable(name).components
        case .below(let names): JobPath.file(names).components
        }
    }

    /// The folder that it is in; the top's is itself.
    var parent: JobPlace {
        switch self {
        case .top, .env, .vars: .top
        case .variable: .vars
        case .below(let names): names.isEmpty ? .top : .below(names.dropLast())
        }
    }
}

/// Which number stands for which place in a job's folder: the same for as long as the job runs.
struct JobNumbers: Sendable {
    private var indexes: [JobPlace: Int] = [:]
    private var places: [JobPlace] = []

    init() {
        for place in [JobPlace.top, .vars, .below([]), .env] { _ = index(of: place) }
    }

    mutating func index(of place: JobPlace) -> Int {
        if let known = indexes[place] { return known }
        indexes[place] = places.count
        places.append(place)
        return places.count - 1
    }

    func place(_ index: UInt64) -> JobPlace? { index < UInt64(places.count) ? places[Int(index)] : nil }
}

extension JobPlace {
    /// What a view has there; nil for what only the folder has.
    var path: JobPath? {
        switch self {
        case .variable(let name): .variable(name)
        case .below(let names): names.isEmpty ? nil : .file(names)
        default: nil
        }
    }
}
