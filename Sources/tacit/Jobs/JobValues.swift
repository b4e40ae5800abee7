// SPDX-License-Identifier: MIT

import Bytes
import ControlAPI
import Linux
import Masking
import Secrets
import Templates

/// The values of the job that this process is in, in locked memory.
struct JobValues: ~Copyable {
    struct Item {
        /// In the view, or, of what a collision keeps out of it, in the secret.
        let path: JobPath
        /// The reference of its secret; of what was added to the job, of the item.
        let source: [UInt8]
        let isInView: Bool
        /// Where its value is.
        let value: Range<Int>
    }

    let items: [Item]
    private let bundle: ReceivedBundle<JobValuesHead>

    /// Asks for them: for those of its variables, or of every item. Opening each is in the audit log.
    init(all: Bool) throws(Failure) {
        let query = all ? [(name: "all", value: Array("true".utf8))] : []
        try self.init(ReceivedBundle(DaemonRequest("GET", Endpoint.jobValues, query: query), trusted: true))
    }

    init(_ bundle: consuming ReceivedBundle<JobValuesHead>) throws(Failure) {
        let ranges = try bundle.ranges(bundle.head.items.map(\.length))
        items = try zip(bundle.head.items, ranges).map { item, value throws(Failure) in
            guard let name = OctetText.name(item.name, encoded: item.encoded), let path = JobPath(text: name) else { throw .strangeAnswer }
            return Item(path: path, source: Array(item.source.utf8), isInView: item.inView, value: value)
        }
        self.bundle = bundle
    }

    /// Lends the bytes that the items' ranges are of.
    borrowing func withBytes<Result: ~Copyable, Problem: Error>(_ body: (RawSpan) throws(Problem) -> Result) throws(Problem) -> Result {
        try bundle.withBytes(body)
    }

    /// Whether others are the same, at the same places.
    borrowing func equals(_ others: borrowing JobValues) -> Bool {
        guard items.count == others.items.count else { return false }
        return withBytes { bytes in
            others.withBytes { otherBytes in
                zip(items, others.items).allSatisfy { item, other in
                    item.path == other.path && item.isInView == other.isInView && item.source == other.source
                        && bytes.extracting(item.value).holds(otherBytes.extracting(other.value))
                }
            }
        }
    }

    /// The files of the view, by their names below `files`.
    var files: Set<[[UInt8]]> {
        Set(
            items.compactMap { item in
                guard item.isInView, case .file(let names) = item.path else { return nil }
                return names
            })
    }

    /// The values, made ready to be looked for in what the job prints.
    borrowing func masked() throws(Failure) -> MaskedValues {
        let values = items.filter { !$0.value.isEmpty }.map { MaskedValue(name: $0.path.name, range: $0.value) }
        do throws(MaskError) {
            return try withBytes { bytes throws(MaskError) in try MaskedValues(values, in: bytes) }
        } catch {
            throw Failure(.failed, "\(error)", hint: error.hint)
        }
    }

    /// The item that a reference in a template stands for, of a secret of that name. Items that were added to the job have no secret.
    borrowing func lookUp(_ meaning: TemplateReference.Meaning, _ lend: (RawSpan) -> Void) -> TemplateAnswer {
        let items = items.filter { item in
            guard let place = (try? Reference.parse(item.source)).flatMap({ SecretPlace($0) }) else { return false }
            return place.below.isEmpty && place.name == meaning.secret
        }
        guard !items.isEmpty else { return .noSecret }
        let meant: Item
        if let variable = meaning.variable {
            guard let item = items.first(where: { $0.path == .variable(variable) }) else { return .noVariable }
            meant = item
        } else {
            guard items.count == 1, let item = items.first else { return .items(items.count) }
            meant = item
        }
        withBytes { lend($0.extracting(meant.value)) }
        return .value
    }
}

extension JobPath {
    /// The name that people know it by.
    var name: [UInt8] {
        switch self {
        case .variable(let name): name
        case .file(let names): Placement(stored: names)?.bytes ?? Reference(components: names).bytes
        }
    }
}

extension RawSpan {
    /// Whether it is the same bytes as another.
    func holds(_ other: RawSpan) -> Bool {
        byteCount == other.byteCount && (0..<byteCount).allSatisfy { byte(at: $0) == other.byte(at: $0) }
    }
}
