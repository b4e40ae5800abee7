// SPDX-License-Identifier: MIT

import FUSE
import Linux

@testable import SecretFS
@testable import Secrets
@testable import Vault

/// Changes by the socket of values, versions and grants.
extension Operation {
    private static let mix = "acme/web/mix/files"

    private static func name(_ text: String) -> [UInt8] { Array(text.utf8) }

    static func rolling(_ path: String, to number: Int64) -> Operation {
        .change("rollback \(path) to \(number)") { caller in
            let made = caller.ask("rollback") { vault, caller throws(VaultError) in
                try vault.rollback(.of(path), to: number, by: caller)
            }
            if let made { caller.answer("version", "\(made)") }
        }
    }

    static func copying(_ from: String, _ to: String, overwrite: Bool = false) -> Operation {
        .change("cp \(from) \(to)\(overwrite ? ", over what is there" : "")") { caller in
            let applied = caller.ask("copy") { vault, caller throws(VaultError) in
                try vault.copy(.of(from), to: .of(to), overwrite: overwrite, by: caller).versions
            }
            if let applied { caller.answer("versions", "\(applied)") }
        }
    }

    private static func applying(_ what: String, _ change: @escaping () -> (SecretChange, [UInt8])) -> Operation {
        .change("apply \(what)") { caller in
            let (change, values) = change()
            let applied = caller.ask("apply") { vault, caller throws(VaultError) in
                try unsafe vault.apply([change], values: values.span.bytes, by: caller).versions
            }
            if let applied { caller.answer("versions", "\(applied)") }
        }
    }

    static var valuing: [Operation] {
        [
            rolling("acme/web/priv/vars/A", to: 1),
            rolling("\(mix)/in/key", to: 1),
            copying("\(mix)/in/key", "acme/web/open/files/k"),
            copying("acme/web/open", "acme/web@prod/copy"),
            copying("acme/web/open/vars/P", "acme/web/priv/vars/A", overwrite: true),
            .change("migrate acme to other") { caller in
                let migrated = caller.ask("migrate") { vault, caller throws(VaultError) in
                    try vault.migrate(
                        .of("acme/web"), to: .of("other/web"), overwrite: true, dryRun: false, by: caller, progress: { _, _ in }
                    ).secrets
                }
                if let migrated {
                    caller.answer("migrated", migrated.map { "\($0.from) \($0.to) \($0.items) \($0.exists)" }.joined(separator: "\n"))
                }
            },
            applying("priv/vars/A") {
                (SecretChange(.of("acme/web/priv"), mode: .update, items: [ItemChange(name("vars/A"), .set(0..<3))]), name("abc"))
            },
            applying("mix, and nothing but vars/Y") {
                (
                    SecretChange(.of("acme/web/mix"), mode: .update, replacesItems: true, items: [ItemChange(name("vars/Y"), .set(0..<1))]),
                    name("y")
                )
            },
            applying("a description of priv, and a policy") {
                (SecretChange(.of("acme/web/priv"), mode: .update, description: name("d"), policy: AccessPolicy.Change(debug: true)), [])
            },
            .change("grant oneself read on priv and open, and in/deep") { caller in
                for path in ["acme/web/priv", "acme/web/open", "\(mix)/in/deep"] {
                    guard let inode = caller.find(path).flatMap(Inode.init(number:)) else { continue }
                    caller.ask("grant") { vault, caller throws(VaultError) in
                        _ = try vault.grant([.read], to: .user(caller.uid), on: inode, by: caller)
                    }
                }
            },
            .change("setfacl on pub, and chmod, and chown") { caller in
                guard let inode = caller.find("\(mix)/pub") else { return }
                let acl = PosixACL(user: [.read, .write, .execute], named: [.user(caller.uid): [.read, .write, .execute]]).serialize()
                for attribute in ["system.posix_acl_access", "system.posix_acl_default"] {
                    caller.call("setxattr") { files, request throws(Errno) in
                        _ = try unsafe files.setxattr(inode, name(attribute), value: acl.span.bytes, flags: [], request)
                    }
                }
                caller.call("chmod") { files, request throws(Errno) in
                    _ = try files.setattr(inode, .init(permissions: 0o700), handle: nil, request)
                }
                caller.call("chown") { files, request throws(Errno) in
                    _ = try files.setattr(inode, .init(uid: caller.uid), handle: nil, request)
                }
            },
        ]
    }

    /// Like others, in other words.
    static var moreValuing: [Operation] {
        [
            rolling("\(mix)/pub/x", to: 1),
            copying("acme/web/priv", "acme/web@prod/copy"),
            applying("priv/vars/A where version 2 is expected") {
                (
                    SecretChange(.of("acme/web/priv"), mode: .update, items: [ItemChange(name("vars/A"), .set(0..<3), expected: 2)]),
                    name("abc")
                )
            },
        ]
    }
}
