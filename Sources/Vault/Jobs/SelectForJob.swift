// SPDX-License-Identifier: MIT

internal import Secrets

/// Selecting the secrets that a job gets: those in its scopes that the user who starts it may use.
extension Vault {
    /// The most secrets that a job has without their being named.
    ///
    /// Their contents are read at the first look into the job's folder, and whatever has changed at later ones.
    private static let mostSecrets = 1000

    /// The folders of a scope. Throws `notFound` where there is no such project or target that the caller may see.
    ///
    /// A user who sees nothing in a project starts none of its jobs: or else anybody could claim a project that a policy admits.
    func scopes(of scope: JobScope, for caller: Caller) throws(VaultError) -> [JobScope.Level: NodeID] {
        var scopes: [JobScope.Level: NodeID] = [:]
        for level in scope.levels {
            guard let folder = scope.folder(level) else { continue }
            do throws(VaultError) {
                scopes[level] = try find(folder, for: caller).node
            } catch {
                guard case .notFound = error else { throw error }
                if level != .shared { throw .about(folder, .notFound) }
            }
        }
        // Without what is the target's, it would be another job than the one that was meant. Within a job nobody sees more than that has.
        if caller.job == nil, let target = scopes[.target], !(try maySee(try place(Inode(target)), caller)) {
            throw .about(scope.reference, .notFound)
        }
        for level in [JobScope.Level.own, .target, .project] {
            if let folder = scopes[level], try maySee(try place(Inode(folder)), caller) { return scopes }
        }
        throw .about(scope.reference, .notFound)
    }

    private func find(_ reference: Reference, for caller: Caller) throws(VaultError) -> Inode {
        guard let inode = try store.read({ store throws(VaultError) in try store.find(reference.components, for: caller) }) else {
            throw .notFound
        }
        return inode
    }

    func selection(
        _ order: JobOrder, _ mode: JobMode, _ scopes: [JobScope.Level: NodeID], _ organization: NodeID, for caller: Caller
    ) throws(VaultError) -> JobSelection {
        var candidates: [JobCandidate] = []
        for (level, folder) in scopes {
            for node in try secrets(in: folder, named: order.names) {
                let place = try place(Inode(node.id))
                let access = try access(to: place, for: caller, mode, of: order.scope, from: place.origin(for: organization))
                candidates.append(JobCandidate(node.id, node.name, in: level, access, try place.readablePolicy()))
            }
        }
        var additions: [JobAddition] = []
        for (path, reference) in order.additions {
            additions.append(JobAddition(path, reference, try found(at: reference, organization, mode, of: order.scope, for: caller)))
        }
        do throws(JobRefusals) {
            return try JobSelection(of: order.scope, mode, from: candidates, named: order.names, adding: additions)
        } catch { throw .jobRefused(error) }
    }

    private func secrets(in folder: NodeID, named names: [[UInt8]]?) throws(VaultError) -> [NodeRow] {
        guard let names else {
            let found = try store.read { store throws(VaultError) in
                try store.children(of: folder, kind: .secret, limit: Self.mostSecrets + 1)
            }
            guard found.count <= Self.mostSecrets else {
                throw .about(try place(Inode(folder)).exactReference, .conflict("it has more than \(Self.mostSecrets) secrets"))
            }
            return found
        }
        return try store.read { store throws(VaultError) in
            var found: [NodeRow] = []
            for name in Set(names) {
                guard let node = try store.child(of: folder, named: name, variable: false), node.kind == .secret else { continue }
                found.append(node)
            }
            return found
        }
    }

    /// A secret that only its policy keeps from the job is refused by naming the policy, also where that holds for the job around it.
    private func access(
        to place: Place, for caller: Caller, _ mode: JobMode, of scope: JobScope, from origin: JobOrigin
    ) throws(VaultError) -> StarterAccess {
        let mayUse: Bool
        if let membership = caller.job {
            let decision = decision(.run, on: place, in: membership.job, mode)
            let refusal = place.policy?.refusal(of: scope, mode, from: origin).map { Reason.policy($0) }
            // Of what they can't see they are told nothing.
            mayUse = if decision.allowed { true } else if decision.reason == refusal { try maySee(place, caller) } else { false }
        } else {
            do { mayUse = try decideUse(on: place.subject, for: identity(of: caller), groups: caller.groups).allowed } catch {
                throw .unknownCaller(error)
            }
        }
        return mayUse ? .use : try maySee(place, caller) ? .list : .none
    }

    private func found(
        at reference: Reference, _ organization: NodeID, _ mode: JobMode, of scope: JobScope, for caller: Caller
    ) throws(VaultError) -> JobAddition.Found {
        let inode: Inode
        do throws(VaultError) { inode = try resolve(reference, item: true, for: caller) } catch {
            if case .notFound = error { return .nothing }
            throw error
        }
        let place = try place(inode)
        guard place.isItem else { return .noItem }
        let origin = place.origin(for: organization)
        return .item(inode, try access(to: place, for: caller, mode, of: scope, from: origin), try place.readablePolicy(), origin)
    }
}
