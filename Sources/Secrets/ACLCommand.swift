// SPDX-License-Identifier: MIT

/// The ACLs of one subject that one program sets, with what it was shown before it began.
///
/// setfacl(1) reads a folder's access and default ACL, computes both, and sets them by two calls. Both are views of the same grants,
/// so that after the first call the other one shows something else than what the program read. The second is therefore
/// compared with what was shown before the first, and the result is the same in either order: what an entry that was changed asks
/// for is granted, what went with a changed entry is not, and entries left as they were shown change nothing.
package struct ACLCommand: Sendable {
    private let context: ACLContext
    /// Granted on the subject itself before the command.
    private let before: [Principal: Rights]
    /// The effects of the ACLs that were set so far.
    private var accessEffects: [Principal: ACLEffect]?
    private var defaultEffects: [Principal: ACLEffect]?
    /// The grants that the ACLs set so far made of `before`, without changes by others meanwhile.
    private var result: [Principal: Rights]

    /// A command that has set nothing yet.
    package init(on context: ACLContext) {
        self.context = context
        before = grantedRights(Array(context.subject.levels.prefix(1)), [:])
        result = before
    }

    /// Whether it has set the ACL of this kind.
    package func hasSet(isDefault: Bool) -> Bool { (isDefault ? defaultEffects : accessEffects) != nil }

    /// Sets one ACL, or removes it with nil. `current` is what is granted on the subject itself now. Returns what is to be changed of
    /// that, sorted by principal. What somebody else changed since the command began is only touched by this ACL, not again by
    /// the one that was set before. Throws the `ACLError`s of what the ACL asks for, and nothing counts as set then.
    package mutating func set(
        _ acl: PosixACL?, isDefault: Bool, current: [Principal: Rights]
    ) throws(ACLError) -> [GrantChange] {
        let kind = ACLEffects(context, isDefault: isDefault)
        let effects = try kind.of(acl)
        let others = (isDefault ? accessEffects : defaultEffects) ?? [:]
        var changes: [GrantChange] = []
        for who in Set(effects.keys).union(others.keys).sorted() {
            let (new, old) = (effects[who], others[who])
            let now = current[who] ?? []
            let isUntouched = now == result[who] ?? []
            let all = isUntouched ? [new, old] : [new]
            let rights = ACLEffect.rights(
                isUntouched ? before[who] ?? [] : now, all.compactMap(\.self), inherited: kind.inherited[who] ?? [])
            result[who] = rights
            if rights != now { changes.append(GrantChange(who, rights)) }
        }
        if isDefault { defaultEffects = effects } else { accessEffects = effects }
        return changes
    }
}

/// The changes of grants by setting this one ACL of a subject, or removing it with nil, sorted by principal.
package func grantChanges(
    setting acl: PosixACL?, isDefault: Bool, on context: ACLContext
) throws(ACLError) -> [GrantChange] {
    var command = ACLCommand(on: context)
    return try command.set(acl, isDefault: isDefault, current: grantedRights(Array(context.subject.levels.prefix(1)), [:]))
}
