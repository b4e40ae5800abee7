internal import ControlAPI
internal import Secrets
internal import Vault

/// Who may do what: changing it, listing it, explaining it.
enum GrantHandlers {
    static func grant(_ call: Call) throws(Refused) -> Reply {
        let (principal, rights) = try request(call)
        guard let rights else { throw .invalid("field rights is missing") }
        let actor = call.peer.acting("grant")
        return try change(call, actor) { inode throws(VaultError) in
            rights.isEmpty
                ? try call.vault.revoke(principal, nil, on: inode, actor)
                : try call.vault.grant(principal, rights, on: inode, actor)
        }
    }

    static func revoke(_ call: Call) throws(Refused) -> Reply {
        let (principal, rights) = try request(call)
        let actor = call.peer.acting("revoke")
        return try change(call, actor) { inode throws(VaultError) in
            try call.vault.revoke(principal, rights, on: inode, actor)
        }
    }

    static func acl(_ call: Call) throws(Refused) -> Reply {
        let actor = call.peer.acting("acl")
        return try grants(on: try resolve(try call.reference(), call, actor), call, actor)
    }

    static func shared(_ call: Call) throws(Refused) -> Reply {
        let grants = try asking { () throws(VaultError) in try call.vault.shared(with: call.peer.acting("shared")) }
        return try Reply(GrantsReply(grants: grants.map(GrantsReply.Grant.init)))
    }

    static func why(_ call: Call) throws(Refused) -> Reply {
        let reference = try call.reference()
        let other = try call.number("uid").map { uid throws(Refused) in
            Caller(uid: uid, gid: try call.number("gid") ?? uid)
        }
        let groups = try call.numbers("groups")
        let actor = call.peer.acting("why")
        let inode = try resolve(reference, call, actor)
        var verdicts: [WhyReply.Verdict] = []
        for (right, word) in Rights.words {
            let told = try asking { () throws(VaultError) in
                try call.vault.why(inode, right: right, as: other, groups: groups, actor)
            }
            verdicts.append(WhyReply.Verdict(right: word, allowed: told.allowed, reason: told.reason))
        }
        return try Reply(
            WhyReply(
                ref: reference.description, who: Principal.user(other?.uid ?? call.peer.uid).notation, rights: verdicts))
    }

    /// Makes a change of grants, sees to it that the kernel has forgotten what it knew of them, and answers with those that are
    /// in force now.
    private static func change(
        _ call: Call, _ actor: Actor, _ change: (Inode) throws(VaultError) -> [Inode]
    ) throws(Refused) -> Reply {
        let inode = try resolve(try call.reference(), call, actor)
        let touched = try asking { () throws(VaultError) in try change(inode) }
        call.service.invalidate(touched)
        return try grants(on: inode, call, actor)
    }

    private static func grants(on inode: Inode, _ call: Call, _ actor: Actor) throws(Refused) -> Reply {
        let grants = try asking { () throws(VaultError) in try call.vault.acl(of: inode, actor) }
        return try Reply(GrantsReply(grants: grants.map(GrantsReply.Grant.init)))
    }

    private static func resolve(_ reference: Reference, _ call: Call, _ actor: Actor) throws(Refused) -> Inode {
        try asking { () throws(VaultError) in try call.vault.resolve(reference, actor) }
    }

    /// The body of `grant` and `revoke`.
    private static func request(_ call: Call) throws(Refused) -> (principal: Principal, rights: Rights?) {
        let request = try call.body(as: GrantRequest.self)
        guard let principal = Principal(notation: request.who) else {
            throw .invalid("field who names nobody", hint: "a user is uid:1001, a group gid:100")
        }
        guard let rights = request.rights else { return (principal, nil) }
        if rights == "none" { return (principal, []) }
        do { return (principal, try Rights.parse(rights)) } catch { throw .invalid("\(error)") }
    }
}

extension GrantsReply.Grant {
    fileprivate init(_ grant: GrantView) {
        self.init(
            ref: grant.reference.description, who: grant.principal.notation, rights: grant.rights.description,
            inherited: grant.inheritedFrom?.description)
    }
}
