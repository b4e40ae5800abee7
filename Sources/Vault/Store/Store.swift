// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import SQLite
internal import Synchronization

/// The encrypted store: one SQLite file, one writer, and as many readers as there are threads that read.
///
/// This is the narrow interface that a distributed engine could take the place of: rows go in and out verified, and every
/// change is one transaction. Readers never wait for the writer (write-ahead log).
final class Store: Sendable {
    let identity: StoreRow
    private let path: String
    /// Whether the path still leads to what is open.
    let files: OpenedFiles
    private let seals: Seals
    private let report: @Sendable (String) -> Void
    private let writer: Mutex<StoreConnection>
    private let idle = Guarded<[StoreConnection]>([])
    private let caches: Caches
    /// Where the audit log ended when the store was opened; nil where nothing says so.
    let logEnd: AuditAnchor?
    /// The lines that it may lack.
    let carriedLines: [CarriedLine]
    /// Why nothing is read or changed any more.
    private let end = Guarded<VaultError?>(nil)
    /// Told when that came to be.
    private let endListener = Guarded<(@Sendable () -> Void)?>(nil)
    /// Numbers set aside for new nodes: a file that is being created has its inode before it has a row.
    private let numbers = Mutex<Range<Int64>>(0..<0)

    /// Opens and migrates the file; throws `storage` if it can't be read, `corrupt` if it is not signed by this node key.
    ///
    /// - Parameter logLimit: how long the log may be before it is written back, in bytes; nil: as SQLite has it.
    init(
        path: String, logLimit: Int? = nil, seals: Seals, caches: Caches, report: @escaping @Sendable (String) -> Void
    ) throws(VaultError) {
        self.path = path
        self.caches = caches
        self.seals = seals
        self.report = report
        let connection: Connection
        do throws(SQLiteError) {
            connection = try Connection(path: path, mode: .readWrite)
            if let logLimit { try connection.checkpoint(whenLogHas: logLimit) }
            try SchemaMigration.migrate(connection, steps: Self.migrations)
        } catch { throw VaultError(error) }
        identity = try Self.readIdentity(connection, seals: seals)
        let real = connection.path
        files = try system(path) { () throws(Errno) in try OpenedFiles(path, real: real) }
        let writer = StoreConnection(connection, seals: seals, identity: identity, report: report)
        let state = try writer.readState()
        if let state { writer.state = state } else { writer.state = try writer.stateOfLines() }
        caches.recent.begin(at: writer.state.generation)
        logEnd = state?.logEnd
        carriedLines = try writer.carriedLines(writer.state)
        self.writer = Mutex(writer)
    }

    static var migrations: [SchemaMigration.Step] {
        var steps: [SchemaMigration.Step] = []
        for sql in Schema.migrations {
            func step(_ connection: Connection) throws(SQLiteError) { try connection.execute(sql) }
            steps.append(step)
        }
        return steps
    }

    /// The schema of a new store; nil if there is no memory for one.
    static let newSchema: [String]? = {
        guard let connection = try? Connection(path: ":memory:", mode: .create),
            (try? SchemaMigration.migrate(connection, steps: migrations)) != nil
        else { return nil }
        return try? connection.schema()
    }()

    /// Makes the file, which must be there and empty, with its one `store` row and the nodes that every tree has.
    static func create(
        path: String, seals: Seals, rootPublicKey: [UInt8], passphrase: StoreRow.PassphraseRow?, uuid: [UInt8], now: Int64
    ) throws(VaultError) {
        let fields = StoreRow.canonicalBytes(uuid: uuid, rootPublicKey: rootPublicKey, passphrase: passphrase, created: now)
        let identity = StoreRow(
            uuid: uuid, rootPublicKey: rootPublicKey, passphrase: passphrase, created: now, signature: seals.sign(fields))
        let connection = try sqlite { () throws(SQLiteError) in try Connection(path: path, mode: .create) }
        try sqlite { () throws(SQLiteError) in try SchemaMigration.migrate(connection, steps: migrations) }
        let store = StoreConnection(connection, seals: seals, identity: identity, report: { _ in })
        try connection.transaction(mapping: { VaultError($0) }) { () throws(VaultError) in
            try store.run(
                "INSERT INTO store VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
                [
                    .bytes(uuid), .bytes(rootPublicKey), passphrase.map { .bytes($0.salt) } ?? .null,
                    passphrase.map { .integer($0.operations) } ?? .null, passphrase.map { .integer($0.memory) } ?? .null,
                    .integer(now), .bytes(identity.signature),
                ])
            try store.startNumbers(at: NodeID.firstOrdinary.rawValue)
            try store.setState(StoreState(generation: 1))
            for (id, kind) in [(NodeID.root, NodeKind.root), (NodeID.users, NodeKind.users)] {
                try store.insert(
                    NodeRow(
                        id: id, uuid: NodeRow.newUUID(), parent: .root, kind: kind,
                        name: kind == .users ? TreeName.users : [], created: now, changed: now))
            }
        }
        try sqlite { () throws(SQLiteError) in try connection.checkpoint() }
    }

    /// Brings all of a store that nobody has open into its one file. Gives its `store` row; throws what `init` does.
    static func finish(path: String, seals: Seals) throws(VaultError) -> StoreRow {
        let connection = try sqlite { () throws(SQLiteError) in try Connection(path: path, mode: .readWrite) }
        let identity = try readIdentity(connection, seals: seals)
        try sqlite { () throws(SQLiteError) in try connection.checkpoint() }
        return identity
    }

    /// Lends a reader.
    func read<Result>(_ body: (StoreConnection) throws(VaultError) -> Result) throws(VaultError) -> Result {
        if let end = end.withLock({ $0 }) { throw end }
        let reader: StoreConnection
        if let kept = idle.withLock({ $0.popLast() }) {
            reader = kept
        } else {
            reader = try self.reader(reporting: report)
        }
        defer { idle.withLock { $0.append(reader) } }
        return try body(reader)
    }

    /// A new connection that only reads, and tells `report` of rows that do not verify.
    func reader(reporting report: @escaping @Sendable (String) -> Void) throws(VaultError) -> StoreConnection {
        let connection = try sqlite { () throws(SQLiteError) in try Connection(path: path, mode: .readOnly) }
        // A file that was put into its place may be an older copy, whose rows verify too.
        if let problem = files.problem { throw .storage(problem) }
        return StoreConnection(connection, seals: seals, identity: identity, report: report)
    }

    /// The steps that go with a change beside its `body`. They all run with the writer's lock held: in the order of the commits.
    struct Ending {
        /// Runs once, when the last run of `body` has ended, before the commit.
        var sealing: (StoreConnection) throws(VaultError) -> Void = { _ in }
        /// Where the commit failed: runs before that of another, which is made in its place.
        var superseding: (StoreConnection, VaultError) throws(VaultError) -> Void = { _, _ in }
        /// Runs after either commit.
        var committed: (StoreConnection) -> Void = { _ in }
        /// Makes room for the commit in place of the one that failed; false if there is none to make.
        var makingRoom: () -> Bool = { false }
    }

    /// Lends the writer in a transaction: all of what `body` does is durable when this returns, or none of it is done.
    ///
    /// `body` may run more than once, and only its last run counts: whatever it does beside reading and writing rows waits until this has
    /// returned. Where it can't be made certain that nothing is done of a change that failed, nothing is read or changed from there on.
    func write<Result>(
        _ body: (StoreConnection) throws(VaultError) -> Result, ending: Ending = Ending()
    ) throws(VaultError) -> (value: Result, changes: ChangeSet) {
        // Not the result of `withLock`, which must be of a type that other threads may have.
        var made: (value: Result, changes: ChangeSet)?
        try writer.withLock { writer throws(VaultError) in
            if let end = end.withLock({ $0 }) { throw end }
            do throws(StoreConnection.Failure) {
                made = try writer.transaction(caches) { () throws(VaultError) in
                    try body(writer)
                } sealing: { () throws(VaultError) in
                    try ending.sealing(writer)
                    // Last of all: what is committed to files without a name is lost with the daemon.
                    if let problem = files.problem { throw .storage(problem) }
                } committed: {
                    ending.committed(writer)
                }
            } catch {
                if case .perhapsCommitted = error { try supersede(error.cause, writer, ending) }
                throw error.cause
            }
        }
        guard let made else { throw .storage("the store: a transaction without a result") }
        return made
    }

    private func supersede(_ failure: VaultError, _ writer: StoreConnection, _ ending: Ending) throws(VaultError) {
        func attempt() throws(VaultError) {
            try writer.supersede { () throws(VaultError) in
                try ending.superseding(writer, failure)
            } committed: {
                ending.committed(writer)
            }
        }
        do throws(VaultError) { return try attempt() } catch {
            guard case .noSpace = error, ending.makingRoom() else { try giveUp(failure) }
        }
        do throws(VaultError) { try attempt() } catch { try giveUp(failure) }
    }

    private func giveUp(_ failure: VaultError) throws(VaultError) -> Never {
        let error = VaultError.storage("\(path): \(failure.words), and it is not known whether the change was made: the next start tells")
        end.withLock { $0 = error }
        endListener.withLock { $0.take() }?()
        throw error
    }

    /// Has `body` called, once, when nothing is read or changed any more since it is not known what the store holds.
    func whenEnded(_ body: @escaping @Sendable () -> Void) {
        endListener.withLock { $0 = body }
    }

    #if DEBUG
        /// For tests: see `StoreConnection.rehearses`.
        var rehearses: Bool {
            get { writer.withLock { $0.rehearses } }
            set { writer.withLock { $0.rehearses = newValue } }
        }
    #endif

    /// A node number that no node has had and none will have but the one made with it.
    func newNodeID() throws(VaultError) -> NodeID {
        if let number = numbers.withLock({ $0.popFirst() }), let id = NodeID(rawValue: number) { return id }
        var more = try write { store throws(VaultError) in try store.reserveNumbers() }.value
        guard let number = more.popFirst(), let id = NodeID(rawValue: number) else { throw .corrupt("no number for a new node") }
        // Another thread may have fetched some too: its are left over, which is no harm.
        numbers.withLock { $0 = more }
        return id
    }

    /// Writes the log back into the file. For a clean stop.
    func checkpoint() throws(VaultError) {
        idle.withLock { $0.removeAll() }
        try writer.withLock { writer throws(VaultError) in
            try sqlite { () throws(SQLiteError) in try writer.connection.checkpoint() }
        }
    }

    /// Has what was destroyed overwritten in the file, and the log emptied of it. Everybody's changes wait while this goes on, so it waits
    /// for no reader: what one keeps from it is done by the next one, the sweep's or the stop's. What is left until then is sealed.
    func scrub() {
        writer.withLock { writer in try? writer.connection.checkpoint(waits: false) }
    }

    private static func readIdentity(_ connection: Connection, seals: Seals) throws(VaultError) -> StoreRow {
        guard
            let identity = try sqlite({ () throws(SQLiteError) -> StoreRow? in
                var row = try connection.prepare(
                    "SELECT uuid, root_public, salt, operations, memory, created, signature FROM store WHERE id = 1")
                guard try row.step() else { return nil }
                let passphrase =
                    row.columnIsNull(2) && row.columnIsNull(3) && row.columnIsNull(4)
                    ? nil
                    : StoreRow.PassphraseRow(salt: row.columnBytes(2), operations: row.columnInt64(3), memory: row.columnInt64(4))
                return StoreRow(
                    uuid: row.columnBytes(0), rootPublicKey: row.columnBytes(1), passphrase: passphrase,
                    created: row.columnInt64(5), signature: row.columnBytes(6))
            })
        else { throw .corrupt("the store has no identity: was it made by tacit init?") }
        let fields = StoreRow.canonicalBytes(
            uuid: identity.uuid, rootPublicKey: identity.rootPublicKey, passphrase: identity.passphrase, created: identity.created)
        guard seals.verifies(signature: identity.signature, of: fields) else {
            throw .corrupt("the store is not signed by this node key")
        }
        return identity
    }
}

extension Connection {
    /// The text of every table, index, trigger and view.
    func schema() throws(SQLiteError) -> [String] {
        var texts: [String] = []
        var row = try prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name")
        while try row.step() { texts.append((0..<4).map { row.columnString($0) }.joined(separator: " ")) }
        return texts
    }
}
