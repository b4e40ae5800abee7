// SPDX-License-Identifier: MIT

/// storefill FOLDER PROJECT=COUNT[xVARIABLES]…: makes a store in FOLDER with an organization `acme` and, in each PROJECT, COUNT secrets
/// `s0000000` on, each with a variable `V`, or with so many: `V`, `V1` and so on. A value is its secret's number in 32 digits.
///
/// `contrib/bench` measures stores of a million secrets, which would take an hour by the mount, since each change there waits for the
/// disk. This makes the same rows by the same code, sealed and signed, a hundred thousand values to a transaction. What it leaves out is
/// asking whether they may be made, and the log: the store is new, and nobody's yet. It needs what `@testable` shows, so it is only
/// in debug builds.
#if DEBUG
    import Foundation
    import Linux
    import Secrets
    import Sodium
    import Synchronization

    @testable import Vault

    struct Usage: Error {}

    struct Project {
        let name: String
        let secrets: Int
        let variables: Int

        init(_ word: String) throws {
            let parts = word.split(separator: "=")
            let numbers = (parts.last ?? "").split(separator: "x").map { Int($0) ?? 0 }
            guard parts.count == 2, let secrets = numbers.first, let variables = numbers.count == 1 ? 1 : numbers.last, numbers.count <= 2,
                (1...10_000_000).contains(secrets), (1...1000).contains(variables)
            else { throw Usage() }
            name = String(parts[0])
            self.secrets = secrets
            self.variables = variables
        }
    }

    func digits(_ number: Int, _ width: Int) -> [UInt8] {
        let text = String(number)
        return Array((String(repeating: "0", count: max(0, width - text.count)) + text).utf8)
    }

    /// A variable that is to be: what sealing its value binds it to, and the value sealed.
    struct Variable {
        let name: [UInt8]
        let uuid = NodeRow.newUUID()
        let sealed: Envelope.Sealed

        static let valueLength = 32

        /// The length of its line in `env`.
        var line: Int { name.count + 1 + Self.valueLength + 1 }

        init(_ index: Int, of secret: Int, to key: KeyRow, store: [UInt8]) throws {
            name = Array((index == 0 ? "V" : "V\(index)").utf8)
            sealed = try unsafe Envelope.seal(
                digits(secret, Self.valueLength).span.bytes, to: key.publicKey, store: store, item: uuid, number: 1)
        }
    }

    /// A secret that is to be.
    struct NewSecret {
        let number: Int
        let variables: [Variable]
    }

    /// Sealing is most of the work and needs no store: all processors do it.
    func sealed(_ numbers: Range<Int>, of project: Project, to key: KeyRow, store: [UInt8]) throws -> [NewSecret] {
        let count = ProcessInfo.processInfo.activeProcessorCount
        let parts = Mutex<[Int: Result<[NewSecret], any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: count) { part in
            let mine = stride(from: numbers.lowerBound + part, to: numbers.upperBound, by: count)
            let result = Result {
                try mine.map { number in
                    let variables = try (0..<project.variables).map { try Variable($0, of: number, to: key, store: store) }
                    return NewSecret(number: number, variables: variables)
                }
            }
            parts.withLock { $0[part] = result }
        }
        return try parts.withLock { try $0.values.flatMap { try $0.get() } }.sorted { $0.number < $1.number }
    }

    extension StoreConnection {
        /// A secret in `project` with its variables, as `Vault.mkdir` and `Vault.commit` make them.
        func insert(_ new: NewSecret, in project: NodeID, key: KeyRow, now: Int64) throws(VaultError) {
            let secret = NodeRow(
                id: try takeNodeID(), uuid: NodeRow.newUUID(), parent: project, kind: .secret,
                name: Array("s".utf8) + digits(new.number, 7),
                created: now, changed: now, line: Int64(new.variables.reduce(0) { $0 + $1.line }))
            try insert(secret)
            for variable in new.variables {
                let node = NodeRow(
                    id: try takeNodeID(), uuid: variable.uuid, parent: secret.id, kind: .variable, name: variable.name, created: now,
                    changed: now, current: 1, length: Int64(Variable.valueLength), line: Int64(variable.line))
                try insert(node)
                try insertVersion(
                    of: node, number: 1, created: now, author: 0, length: node.length, line: node.line - Int64(variable.name.count),
                    key: key,
                    sealed: variable.sealed)
            }
        }

        private func takeNodeID() throws(VaultError) -> NodeID {
            guard let id = NodeID(rawValue: try takeNumber()) else { throw .corrupt("no number for a new node") }
            return id
        }
    }

    func fill(_ folder: String, _ projects: [Project]) throws {
        try Sodium.start()
        let configuration = VaultConfiguration(
            storePath: folder + "/tacit.db", nodeKeyPath: folder + "/node.key", auditPath: folder + "/audit.log",
            rootKey: .file(folder + "/root.key"), ownerUID: getuid())
        try Vault.create(configuration, passphrase: nil)
        let vault = try Vault(configuration)
        let owner = Caller(uid: getuid(), gid: getgid(), pid: getpid(), comm: Array("storefill".utf8), action: "mkdir", groups: { [] })
        let organization = try vault.mkdir(Array("acme".utf8), in: .root, by: owner).inode
        guard let key = try vault.store.read({ store throws(VaultError) in try store.currentKey(of: organization.node) }) else {
            throw VaultError.corrupt("the organization has no key")
        }
        for project in projects {
            let folder = try vault.mkdir(Array(project.name.utf8), in: organization, by: owner).inode
            let most = max(1, 100_000 / project.variables)
            for first in stride(from: 0, to: project.secrets, by: most) {
                let secrets = try sealed(
                    first..<min(project.secrets, first + most), of: project, to: key, store: vault.store.identity.uuid)
                _ = try vault.change(by: owner) { store, _ throws(VaultError) in
                    // The usual cache is for reading a row here and there.
                    try store.run("PRAGMA cache_size = -524288", [])
                    for secret in secrets { try store.insert(secret, in: folder.node, key: key, now: SystemClock.now()) }
                }
            }
        }
        try vault.close()
    }

    do {
        guard CommandLine.arguments.count > 2 else { throw Usage() }
        try fill(CommandLine.arguments[1], try CommandLine.arguments[2...].map { try Project($0) })
    } catch is Usage {
        FileHandle.standardError.write(Data("usage: storefill FOLDER PROJECT=COUNT[xVARIABLES]…\n".utf8))
        exit(2)
    } catch {
        FileHandle.standardError.write(Data("storefill: \(error)\n".utf8))
        exit(1)
    }
#else
    print("storefill: only debug builds have it")
#endif
