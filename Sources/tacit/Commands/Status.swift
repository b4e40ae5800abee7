import ControlAPI

extension Command {
    static let status = Command(
        "status", summary: "say how the daemon is",
        details: "Where the tree is mounted, whether the store is locked, and where things are kept."
    ) { invocation throws(Failure) in
        let answer = try Daemon.ask(Request("GET", Endpoint.status))
        if invocation.wantsJSON { return try answer.print() }
        let reply = try answer.decoded(as: StatusReply.self)
        var rows = [
            ["state", reply.locked ? "locked" : "unlocked"],
            ["mountpoint", text(reply.mountpoint)],
            ["store", text(reply.store)],
            ["audit log", text(reply.audit)],
            ["root key", reply.key.description],
            ["since", text(reply.started)],
            ["release", text(reply.release)],
            ["holds", "\(reply.nodes) nodes, \(reply.versions) versions"],
        ]
        rows += (reply.damage ?? []).map { ["damaged", text($0)] }
        try put(table(rows))
    }
}

extension StatusReply.KeySource {
    fileprivate var description: String {
        switch self {
        case .file: "from a file"
        case .command: "from a command"
        case .passphrase: "from a passphrase"
        case .none: "from nowhere: tacit unlock gives it"
        }
    }
}
