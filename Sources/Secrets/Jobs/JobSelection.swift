// SPDX-License-Identifier: MIT

/// Which secrets a job has. It is settled when the job starts and does not change: a secret that comes later is not the job's, and
/// one that goes, or may no longer be used, gives way to none.
///
/// Without names:
///   - Every secret in its scopes that the starter may list is taken.
///   - An `@org` secret whose policy does not admit the project is not in scope.
///   - Of those of one name the one in the narrowest scope is taken whole.
///   - One that would be taken, and that the starter may neither run nor read, or whose policy does not admit the job, is an error.
///     A wider one of its name does not step in for it. What the starter may not even list hides nothing: they can't tell it from
///     what is not there.
///
/// With names (`-s`) only those are taken, by the same rules, but an `@org` secret that was named and whose policy does not admit the
/// project is an error.
package struct JobSelection: Sendable {
    /// A secret that the job has.
    package struct Secret: Hashable, Sendable {
        package let id: NodeID
        package let reference: Reference
        package let level: JobScope.Level
    }

    /// In the order in which they win: narrower scopes first, in each what was named later, or whose name comes later.
    package let secrets: [Secret]
    /// The additions of `--env` and `--file`, the latest first.
    package let additions: [JobItem]
    /// Secrets that hide others of their name, by name.
    package let collisions: [JobCollision]
    /// Whether secrets were named.
    let isNamed: Bool

    /// Selects the secrets of a job of `scope` that is started in `mode`, from the secrets in its scopes in any order.
    ///
    /// `names` are those of `-s` as they were given; of one that was given twice the last counts. Nil: all.
    package init(
        of scope: JobScope, _ mode: JobMode, from candidates: [JobCandidate], named names: [[UInt8]]? = nil,
        adding additions: [JobAddition] = []
    ) throws(JobRefusals) {
        var pool: [[UInt8]: [JobCandidate]] = [:]
        for candidate in candidates where candidate.access != .none && scope.folder(candidate.level) != nil {
            if names == nil, !candidate.isInScope(of: scope) { continue }
            pool[candidate.name, default: []].append(candidate)
        }
        let ordered = names.map(Self.lastMentions) ?? pool.keys.sorted { $0.lexicographicallyPrecedes($1) }

        var refusals: [JobRefusal] = []
        var secrets: [(position: Int, secret: Secret)] = []
        var collisions: [JobCollision] = []
        for (position, name) in ordered.enumerated() {
            let same = pool[name, default: []].sorted { ($0.level, $0.id) < ($1.level, $1.id) }
            guard let winner = same.first, let reference = winner.reference(in: scope) else {
                let places = scope.levels.compactMap(scope.folder)
                refusals.append(JobRefusal(reference: Reference(components: [name]), problem: .noSuchSecret(places)))
                continue
            }
            if let problem = Self.problem(winner.access, winner.policy.refusal(of: scope, mode, from: .sameOrganization)) {
                refusals.append(JobRefusal(reference: reference, problem: problem))
            }
            secrets.append((position, Secret(id: winner.id, reference: reference, level: winner.level)))
            for hidden in same.dropFirst() where hidden.isInScope(of: scope) {
                guard let loser = hidden.reference(in: scope) else { continue }
                collisions.append(JobCollision(subject: .secret, winner: reference, loser: loser, rule: .narrowerScope))
            }
        }
        var items: [JobItem] = []
        for addition in additions {
            switch Self.item(addition, scope, mode) {
            case .success(let item): items.append(item)
            case .failure(let refusal): refusals.append(refusal)
            }
        }
        if !refusals.isEmpty { throw JobRefusals(refusals: refusals) }
        self.secrets = secrets.sorted { ($0.secret.level, -$0.position) < ($1.secret.level, -$1.position) }.map(\.secret)
        self.additions = items.reversed()
        self.collisions = collisions
        isNamed = names != nil
    }

    /// Each name once, where it was given last.
    private static func lastMentions(_ names: [[UInt8]]) -> [[UInt8]] {
        var seen: Set<[UInt8]> = []
        return names.reversed().filter { seen.insert($0).inserted }.reversed()
    }

    private static func problem(_ access: StarterAccess, _ refusal: PolicyRefusal?) -> JobRefusal.Problem? {
        access == .use ? refusal.map { .policy($0) } : .noGrant
    }

    private static func item(_ addition: JobAddition, _ scope: JobScope, _ mode: JobMode) -> Result<JobItem, JobRefusal> {
        func failure(_ problem: JobRefusal.Problem) -> Result<JobItem, JobRefusal> {
            .failure(JobRefusal(reference: addition.reference, problem: problem))
        }
        if let problem = addition.path.problem { return failure(.path(problem)) }
        switch addition.found {
        case .nothing, .item(_, .none, _, _): return failure(.notThere)
        case .noItem: return failure(.noItem)
        case .item(let inode, let access, let policy, let origin):
            if let problem = problem(access, policy.refusal(of: scope, mode, from: origin)) { return failure(problem) }
            return .success(JobItem(path: addition.path, item: inode, source: addition.reference))
        }
    }
}

extension JobCandidate {
    /// Whether it counts when nobody named it: an organization's secrets are for those projects that their policy admits.
    fileprivate func isInScope(of scope: JobScope) -> Bool { level != .shared || policy.admits(project: scope.project) }

    fileprivate func reference(in scope: JobScope) -> Reference? {
        scope.folder(level).map { Reference(components: $0.components + [name]) }
    }
}
