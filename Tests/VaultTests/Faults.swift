// SPDX-License-Identifier: MIT

import FaultPoints
import Foundation

/// System calls on files of one folder that fail, as long as this lives.
///
///     let faults = try Faults(below: folder, at: 3, of: .sync)
final class Faults {
    struct Calls: OptionSet {
        let rawValue: UInt32
        static let open = Calls(rawValue: UInt32(FAULT_OPEN))
        static let write = Calls(rawValue: UInt32(FAULT_WRITE))
        static let sync = Calls(rawValue: UInt32(FAULT_SYNC))
        static let truncate = Calls(rawValue: UInt32(FAULT_TRUNCATE))
        static let name = Calls(rawValue: UInt32(FAULT_NAME))
        /// Opening to read.
        static let read = Calls(rawValue: UInt32(FAULT_READ))
        /// All but `read`.
        static let changing = Calls(rawValue: UInt32(FAULT_ALL))
    }

    enum Kind: CaseIterable {
        case none, once, always
        /// As if the process were killed there: no later call does anything.
        case killedBefore, killedAfter, torn

        fileprivate var code: fault_kind {
            switch self {
            case .none: FAULT_NONE
            case .once: FAULT_ONCE
            case .always: FAULT_ALWAYS
            case .killedBefore: FAULT_BEFORE
            case .killedAfter: FAULT_AFTER
            case .torn: FAULT_TORN
            }
        }
    }

    private let watch: Int32

    /// `image`: a folder that gets a copy of each file whenever that is synced.
    init(below folder: String, _ kind: Kind = .once, at: Int = 1, of calls: Calls, error: Int32 = EIO, image: String? = nil) {
        watch = unsafe fault_watch(folder, calls.rawValue, kind.code, at, error, image)
        precondition(watch >= 0, "too many folders are watched")
    }

    /// How many calls there were.
    var count: Int { fault_count(watch) }

    deinit { _ = fault_end(watch) }
}
