// SPDX-License-Identifier: MIT

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
