// SPDX-License-Identifier: MIT

import Glibc
import Linux
import Secrets

@testable import SecretFS
@testable import Vault

/// Looking, which changes nothing: all that a caller can see of the tree, of versions, of rights.
extension Operation {
    private static let secrets = ["acme/web/priv", "acme/web/word", "acme/web/open", "acme/web/mix", "acme/web@prod/copy", "user/own"]

    static var looking: [Operation] {
        [
            .look("list and stat all") { $0.walk("acme/web") },
            .look("open all") { $0.openAll("acme/web") },
            .look("getfacl") { caller in
                for path in secrets + ["acme/web/mix/files/pub", "acme/web/mix/vars/Y"] { caller.attributes(path) }
            },
            .look("statfs, status") { $0.count() },
            .look("history") { caller in for path in secrets { caller.history(path) } },
            .look("ls --deleted") { _ = $0.deleted() },
            .look("show, ls") { caller in for path in secrets { caller.show(path) } },
            .look("get") { caller in for path in secrets + ["acme/web/mix/files/pub", "acme/web/mix/vars/Y"] { caller.get(path) } },
            .look("complete, suggest") { $0.complete() },
            .look("why, acl, shared") { $0.rights() },
            .look("migrate --dry-run") { caller in
                let planned = caller.ask("migrate") { vault, caller throws(VaultError) in
                    try vault.migrate(
                        .of("acme/web"), to: .of("other/web"), overwrite: false, dryRun: true, by: caller, progress: { _, _ in }
                    ).secrets
                }
                caller.answer("planned", "\(planned?.count ?? 0)")
            },
        ]
    }
}

extension WorldUser {
    private func each(_ path: String, _ body: (String, _ isFolder: Bool) -> Void) {
        for entry in list(path) {
            let below =
                path.isEmpty ? String(decoding: entry.name, as: UTF8.self) : path + "/" + String(decoding: entry.name, as: UTF8.self)
            body(below, entry.isFolder)
            if entry.isFolder { each(below, body) }
        }
    }

    fileprivate func walk(_ path: String) {
        each(path) { path, _ in _ = size(path) }
        each("user") { path, _ in _ = size(path) }
    }

    fileprivate func openAll(_ path: String) {
        each(path) { path, isFolder in
            guard !isFolder, let file = open(path, O_RDONLY) else { return }
            read(file)
            close(file)
        }
    }

    fileprivate func attributes(_ path: String) {
        guard let inode = find(path) else { return }
        for name in ["system.posix_acl_access", "system.posix_acl_default"] {
            let value = call("getxattr", { files, request throws(Errno) in try files.getxattr(inode, Array(name.utf8), request) })
            if let value { transcript.note("attribute", "", value) }
        }
        let names = call("listxattr", { files, request throws(Errno) in try files.listxattr(inode, request) })
        answer("attributes", "\(names ?? [])")
    }

    fileprivate func count() {
        // The rest of it is of the file system below.
        call("statfs") { files, request throws(Errno) in _ = try files.statfs(1, request) }
        let nodes = ask("nodes") { vault, _ throws(VaultError) in try vault.nodeCount() }
        // Those of the status are kept for a while where counting took long (`StatusCounts`), which depends on what else the machine does.
        let versions = ask("versions") { vault, _ throws(VaultError) in
            try vault.store.read { store throws(VaultError) in try store.versionCount() }
        }
        let status = ask("status") { vault, _ throws(VaultError) in try vault.status() }
        answer("counts", "\(nodes ?? 0) \(versions ?? 0) \(status?.damage ?? [])")
    }

    fileprivate func history(_ path: String) {
        let views = ask("history") { vault, caller throws(VaultError) in try vault.history(.of(path), for: caller) }
        let lines = views?.map { "\($0.item) \($0.number) \($0.created) \($0.author) \($0.length) \($0.isCurrent)" }
        answer("versions", lines?.joined(separator: "\n") ?? "")
    }

    fileprivate func show(_ path: String) {
        if let view = ask("show", { vault, caller throws(VaultError) in try vault.show(.of(path), for: caller) }) {
            let policy = view.policy.map { "\($0)" } ?? ""
            answer(
                "view", "\(view.reference) \(view.kind) \(view.description ?? []) \(policy) \(view.created) \(view.changed) \(view.items)")
        }
        if let page = ask(
            "entries", { vault, caller throws(VaultError) in try vault.entries(of: .of(path), after: 0, limit: 100, for: caller) })
        {
            answer("entries", "\(page.entries) \(page.next ?? 0)")
        }
    }

    fileprivate func get(_ path: String) {
        let items = ask("get") { vault, caller throws(VaultError) in try vault.openAll(.of(path), limit: 1 << 16, for: caller) }
        for item in items ?? [] {
            item.value.withBytes { transcript.note("value", "\($0.byteCount) bytes", item.name + [0] + Self.bytes($0)) }
        }
    }

    fileprivate func complete() {
        for prefix in ["", "acme/web/", "acme/web/priv/vars/", "acme/web/mix/files/in/", "secret:acme/w"] {
            let names = ask("complete") { vault, caller throws(VaultError) in
                try vault.complete(Array(prefix.utf8), limit: 100, for: caller)
            }
            answer("names", "\(names ?? [])")
        }
        for wrong in ["acme/web/prvi", "acme/web/word/PW", "acme/web/priv/vars/AA", "acme/web/mix/files/pub/kye"] {
            let names = ask("suggest") { vault, caller throws(VaultError) in try vault.suggestions(for: .of(wrong), caller: caller) }
            answer("names", "\(names ?? [])")
        }
    }

    fileprivate func rights() {
        for path in [
            "acme/web/priv/vars/A", "acme/web/mix/files/in/key", "acme/web/mix/files/pub/x", "acme/web/mix/files/top", "other/web",
        ] {
            for other in [uid, Population.reader] {
                let why = ask("why") { vault, caller throws(VaultError) in
                    try vault.why(.of(path), as: World.caller(other), asked: caller).rights
                }
                answer("why", "\(why ?? [])")
            }
            guard let inode = find(path).flatMap(Inode.init(number:)) else { continue }
            let grants = ask("acl") { vault, caller throws(VaultError) in try vault.acl(of: inode, for: caller) }
            answer("grants", "\(grants ?? [])")
        }
        let shared = ask("shared") { vault, caller throws(VaultError) in try vault.shared(with: caller) }
        answer("grants", "\(shared ?? [])")
    }
}
