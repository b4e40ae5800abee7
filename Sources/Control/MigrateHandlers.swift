// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Linux
internal import Secrets
internal import Synchronization
internal import Vault

/// Copying all secrets of a scope, told line by line.
enum MigrateHandlers {
    /// Answers with lines. A refusal before the first line is an answer of its own; from then on it is a line.
    static func migrate(_ call: Call) throws(Refused) -> Reply {
        let migration = Migration(
            service: call.service, peer: call.peer, from: try call.reference("from"), to: try call.reference("to"),
            overwrite: try call.flag("overwrite"), dryRun: try call.flag("dryRun"))
        guard call.service.migrations.begin(call.peer.uid) else { throw .busy("another migration of yours is under way") }
        do throws(Errno) {
            let reader = try migration.start()
            if try reader.awaitInput() { return .stream(pipe: reader.release()) }
        } catch {
            throw .busy("it can't be begun: \(error)")
        }
        throw migration.refusal ?? Refused(500, "it ended without a word", code: .storage)
    }
}

/// A migration, which runs on a thread of its own: the connection's sends the lines.
private final class Migration: Sendable {
    private let service: Service
    private let peer: Peer
    private let source: Reference
    private let destination: Reference
    private let overwrite: Bool
    private let dryRun: Bool
    private let refused = Mutex<Refused?>(nil)

    init(service: Service, peer: Peer, from source: Reference, to destination: Reference, overwrite: Bool, dryRun: Bool) {
        self.service = service
        self.peer = peer
        self.source = source
        self.destination = destination
        self.overwrite = overwrite
        self.dryRun = dryRun
    }

    /// Why it was refused before the first line.
    var refusal: Refused? { refused.withLock { $0 } }

    /// Starts it, and returns where its lines can be read. It ends its entry in the list of migrations.
    func start() throws(Errno) -> FileDescriptor {
        do throws(Errno) {
            let pipe = try PipeEnds()
            let lines = try LineWriter(pipe.writer.duplicate())
            try DetachedThread.start { [self] in run(lines) }
            return pipe.intoReader()
        } catch {
            service.migrations.end(peer.uid)
            throw error
        }
    }

    private func run(_ lines: LineWriter) {
        var hasBegun = false
        let result = copy { line in
            hasBegun = true
            lines.offer(line)
        }
        // In front of the last word: who has read it may begin another.
        service.migrations.end(peer.uid)
        switch result {
        case .success(let secrets): lines.finish(MigrateLine.done(secrets))
        case .failure(let error) where hasBegun: lines.finish(MigrateLine.refused(error.refusal))
        case .failure(let error):
            refused.withLock { $0 = error }
            lines.close()
        }
    }

    /// Does it, and tells how far it is.
    private func copy(_ tell: (MigrateLine) -> Void) -> Result<[MigrateLine.Secret], Refused> {
        let caller = peer.acting("migrate")
        var hundredth = -1
        do throws(Refused) {
            let migrated = try service.ask(about: source, for: caller, making: true) { () throws(VaultError) in
                try service.vault.migrate(source, to: destination, overwrite: overwrite, dryRun: dryRun, by: caller) { done, total in
                    // Each hundredth once.
                    let now = total > 0 ? Int((Double(done) / Double(total) * 100).rounded(.down)) : 100
                    guard now != hundredth else { return }
                    hundredth = now
                    tell(.progress(done: done, total: total))
                }
            }
            return .success(migrated.secrets.map(MigrateLine.Secret.init))
        } catch { return .failure(error) }
    }
}

extension MigrateLine.Secret {
    fileprivate init(_ secret: Migrated.Secret) {
        self.init(
            from: secret.from, to: secret.to, items: secret.items, exists: secret.exists)
    }
}
