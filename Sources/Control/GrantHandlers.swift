// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Secrets
internal import Vault

/// The grants: changing, listing and explaining them.
enum GrantHandlers {
    static func grant(_ call: Call) throws(Refused) -> Reply {
        let request = try request(call)
        guard let rights = request.rights else { throw .invalid("field rights is missing") }
        let caller = call.peer.acting("grant")
        return try change(call, caller) { inode throws(VaultError) in
            rights.isEmpty
                ? try call.vault.revoke(nil, from: request.who, on: inode, by: caller)
                : try call.vault.grant(rights, to: request.who, on: inode, by: caller)
        }
    }

    static func revoke(_ call: Call) throws(Refused) -> Reply {
        let request = try request(call)
        let caller = call.peer.acting("revoke")
        return try change(call, caller) { inode throws(VaultError) in
            try call.vault.revoke(request.rights, from: request.who, on: inode, by: caller)
        }
    }

    static func acl(_ call: Call) throws(Refused) -> Reply {
        let caller = call.peer.acting("acl")
        let reference = try call.reference()
        return try grants(on: try call.service.resolve(reference, for: caller), reference, call, caller)
    }

    static func shared(_ call: Call) throws(Refused) -> Reply {
        let grants = try asking { () throws(VaultError) in try call.vault.shared(with: call.peer.acting("acl")) }
        return try Reply(GrantsReply(grants: grants.map(GrantsReply.Grant.init)))
    }

    static func why(_ call: Call) throws(Refused) -> Reply {
        let caller = call.peer.acting("why")
        let reference = try call.reference()
        let subject = try otherSubject(call) ?? caller
        let told = try call.service.ask(about: reference, for: caller) { () throws(VaultError) in
            try call.vault.why(reference, as: subject, asked: caller)
        }
        let verdicts = told.rights.map { right, allowed, reason in
            WhyReply.Verdict(right: right, allowed: allowed, reason: reason)
        }
        return try Reply(WhyReply(ref: told.reference, who: .user(subject.uid), rights: verdicts))
    }

    /// Whom `why` is asked for, if not for oneself. Their groups are what the question says: the answer changes nothing.
    private static func otherSubject(_ call: Call) throws(Refused) -> Caller? {
        let groups = try call.principalNumbers("groups")
        // A user without an account is in no group: no group has the highest number.
        let gid = try call.principalNumber("gid") ?? .max
        guard let uid = try call.principalNumber("uid") else {
            guard gid == .max, groups.isEmpty else { throw .invalid("parameter uid is missing: gid and groups go with it") }
            return nil
        }
        return Caller(uid: uid, gid: gid, pid: 0, comm: [], action: "why", groups: { groups })
    }

    /// Makes a change of grants, and answers with those that are in force now.
    private static func change(
        _ call: Call, _ caller: Caller, _ change: (Inode) throws(VaultError) -> ChangeSet
    ) throws(Refused) -> Reply {
        let reference = try call.reference()
        let inode = try call.service.resolve(reference, for: caller)
        _ = try call.service.ask(about: reference, for: caller) { () throws(VaultError) in try change(inode) }
        do throws(Refused) { return try grants(on: inode, reference, call, caller) } catch {
            // A caller who gave up their own rights may not look any more: that is no refusal of what was done.
            guard error.refusal.code == .denied else { throw error }
            return try Reply(GrantsReply(grants: []))
        }
    }

    private static func grants(on inode: Inode, _ reference: Reference, _ call: Call, _ caller: Caller) throws(Refused) -> Reply {
        let grants = try call.service.ask(about: reference, for: caller) { () throws(VaultError) in
            try call.vault.acl(of: inode, for: caller)
        }
        return try Reply(GrantsReply(grants: grants.map(GrantsReply.Grant.init)))
    }

    /// The body of `grant` and `revoke`.
    private static func request(_ call: Call) throws(Refused) -> GrantRequest {
        try call.body { text throws(JSONError) in try GrantRequest(try JSONNode.parse(text)) }
    }
}

extension GrantsReply.Grant {
    fileprivate init(_ grant: GrantView) {
        self.init(
            ref: grant.reference, who: grant.principal, rights: grant.rights, direct: grant.isDirect)
    }
}
