// SPDX-License-Identifier: MIT

import Control
import FUSE
import Linux
import SecretFS
import Synchronization
import Vault

/// All that runs, from the vault up. It stops in the opposite order: first nobody can ask any more, then the vault closes, and
/// the socket's file goes with the listener.
struct Running: ~Copyable {
    private let listener: UnixListener
    private let vault: Vault
    private let session: Session
    private let tree: SecretFileSystem
    private let control: ControlServer
    private let loss: Loss

    /// Starts everything, and returns when the mount and the socket answer. Throws with all stopped that was started.
    static func start(_ plan: Plan) throws(StartError) -> Running {
        let listener = try listen(plan)
        let vault: Vault
        do {
            vault = try Vault(plan.vault)
            try vault.startSweeping()
        } catch { throw StartError(error) }
        vault.whenEnded { Signals.requestStop() }
        let session = Session(
            mountpoint: plan.mountpoint, allowOthers: plan.vault.ownerUID == 0, covering: covering(plan), backed: plan.backed)
        let tree: SecretFileSystem
        do {
            tree = try SecretFileSystem(vault: vault, session: session, lingering: plan.lingering)
        } catch { throw StartError("\(error)") }
        let loss = Loss(plan.mountpoint)
        do {
            let control = try serve(plan, vault, tree, session, listener.rawValue, loss)
            return Running(listener: listener, vault: vault, session: session, tree: tree, control: control, loss: loss)
        } catch {
            session.stop()
            tree.stop()
            try? vault.close()
            throw error
        }
    }

    private static func listen(_ plan: Plan) throws(StartError) -> UnixListener {
        let isForAll = plan.vault.ownerUID == 0
        try Path.makeFolder(for: plan.socket, permissions: isForAll ? 0o755 : 0o700)
        do {
            return try UnixListener(path: plan.socket, mode: plan.socketMode)
        } catch .addressInUse {
            throw StartError("another tacitd answers at \(plan.socket)", hint: "give this one another --socket")
        } catch {
            throw StartError("can't listen at \(plan.socket): \(error)")
        }
    }

    /// Files that somebody wrote to the mountpoint while nothing was mounted are in plaintext: they are never covered unnoticed.
    private static func covering(_ plan: Plan) -> Covering {
        guard plan.mayCover else { return .refused }
        return .told { path, names in Console.warn("\(path) is not empty: the mount hides \(names)") }
    }

    private static func serve(
        _ plan: Plan, _ vault: Vault, _ tree: SecretFileSystem, _ session: Session, _ listener: Int32, _ loss: Loss
    ) throws(StartError) -> ControlServer {
        do {
            try session.serve(tree) { end in
                loss.note(end)
                Signals.requestStop()
            }
        } catch { throw StartError(error) }
        do {
            return try ControlServer(vault: vault, listener: listener, mountpoint: plan.mountpoint, rootKey: plan.vault.rootKey)
        } catch {
            throw StartError("\(error)")
        }
    }

    /// Opens the audit log anew. If that can't be done the old file goes on: nothing is handed out that is not logged.
    borrowing func reopenAudit() {
        do { try vault.reopenAudit() } catch { Console.complain(StartError(error)) }
    }

    /// Stops everything. Throws if the vault can't be closed as it should, and if the mount was lost before.
    consuming func stop() throws(StartError) {
        session.stop()
        tree.stop()
        control.stop()
        do { try vault.close() } catch { throw StartError(error) }
        if let error = loss.error { throw error }
    }
}

/// How the mount was lost, if somebody took it away.
private final class Loss: Sendable {
    private let mountpoint: String
    private let end = Mutex<SessionEnd?>(nil)

    init(_ mountpoint: String) {
        self.mountpoint = mountpoint
    }

    func note(_ end: SessionEnd) {
        self.end.withLock { $0 = end }
    }

    var error: StartError? {
        end.withLock { $0 }.map { .lost("\(mountpoint) is not served any more: \($0)") }
    }
}
