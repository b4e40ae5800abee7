// SPDX-License-Identifier: MIT

/// Something that somebody does in both worlds: some system calls, or a request.
struct Operation {
    enum Who {
        /// Whose knowledge counts, and who makes most of the calls.
        case caller
        /// Another whose knowledge counts (`Population.Variant.accomplices`).
        case reader
        /// The owner of the store, whose values are none of the callers' business.
        case owner
    }

    /// What is printed of it: words without a value.
    let name: String
    let who: Who
    /// Whether it may change something.
    let changes: Bool
    /// How long after the one before, in microseconds.
    var wait: Int64 = 1_000_000
    let perform: (WorldUser) -> Void

    private init(_ name: String, by who: Who = .caller, changes: Bool, _ perform: @escaping (WorldUser) -> Void) {
        self.name = name
        self.who = who
        self.changes = changes
        self.perform = perform
    }

    static func change(_ name: String, by who: Who = .caller, _ perform: @escaping (WorldUser) -> Void) -> Operation {
        Operation(name, by: who, changes: true, perform)
    }

    static func look(_ name: String, _ perform: @escaping (WorldUser) -> Void) -> Operation {
        Operation(name, changes: false, perform)
    }

    /// The same by the other observer.
    var byReader: Operation { Operation("reader: \(name)", by: .reader, changes: changes, perform) }

    /// What callers do, each thing once.
    static var common: [Operation] { writing + moving + removing + valuing + looking }
    /// What moves things, or takes them away, or brings them back.
    static var placing: [Operation] { moving + removing }
    /// Everything that callers do.
    static var all: [Operation] { common + moreWriting + moreMoving + moreRemoving + moreValuing }
}
