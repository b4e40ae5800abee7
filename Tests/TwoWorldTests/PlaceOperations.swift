// SPDX-License-Identifier: MIT

import FUSE
import Glibc
import Linux
import Secrets

@testable import SecretFS
@testable import Vault

/// Making, moving, removing and putting back, by the mount and by the socket.
extension Operation {
    private static let mix = "acme/web/mix/files"

    static func renaming(_ from: String, _ to: String) -> Operation {
        .change("mv \(from) \(to)") { $0.rename(from, to) }
    }

    static func restoring(_ path: String, to place: String? = nil) -> Operation {
        .change("restore \(path)\(place.map { " to \($0)" } ?? "")") { $0.restore(path, to: place) }
    }

    /// One of those that are listed, the latest being the first.
    static func restoringAny(_ index: Int, to place: String?) -> Operation {
        .change("restore number \(index) of what was deleted\(place.map { ", to \($0)" } ?? "")") { caller in
            let items = caller.deleted()
            if items.indices.contains(index) { caller.restore(items[index].id, to: place) }
        }
    }

    static func making(_ path: String) -> Operation { .change("mkdir \(path)") { $0.mkdir(path) } }

    static func unlinking(_ path: String) -> Operation { .change("unlink \(path)") { $0.unlink(path) } }

    static func removing(_ path: String) -> Operation {
        .change("tacit rm \(path)") { caller in
            caller.ask("remove") { vault, caller throws(VaultError) in _ = try vault.remove(.of(path), purge: false, by: caller) }
        }
    }

    /// What rm(1) does with `-r`, as far as it may.
    static func removingTree(_ path: String) -> Operation { .change("rm -r \(path)") { $0.removeTree(path) } }

    /// What is to be destroyed a minute after it was removed is.
    static var minute: Operation {
        var operation = Operation.change("a minute passes") { _ = $0.world.vault.destroyTemporaries() }
        operation.wait = 61_000_000
        return operation
    }

    /// As tar(1) replaces a file.
    static func replacing(_ path: String) -> Operation {
        .change("unlink \(path) and make it again") { caller in
            caller.unlink(path)
            guard let file = caller.open(path, O_WRONLY | O_CREAT | O_EXCL) else { return }
            caller.write(file, Array("again".utf8), at: 0)
            caller.close(file)
        }
    }

    static var moving: [Operation] {
        [
            renaming("\(mix)/in/key", "\(mix)/pub/key"),
            renaming("\(mix)/pub/key", "\(mix)/in/key"),
            renaming("\(mix)/in/key", "\(mix)/pub/x"),
            renaming("\(mix)/in/two", "\(mix)/runs/two"),
            renaming("\(mix)/top", "\(mix)/own"),
            renaming("\(mix)/own", "\(mix)/in/own"),
            renaming("\(mix)/in/deep", "\(mix)/pub/deep"),
            renaming("\(mix)/empty", "\(mix)/pub/empty"),
            renaming("\(mix)/pub", "\(mix)/in/pub"),
            renaming("acme/web/mix/vars/X", "acme/web/mix/vars/Y"),
            renaming("acme/web/mix", "acme/web/mix2"),
            .change("tacit mv in/key pub/sub/k") { caller in
                caller.ask("move") { vault, caller throws(VaultError) in
                    _ = try vault.move(.of("\(mix)/in/key"), to: .of("\(mix)/pub/sub/k"), by: caller)
                }
            },
        ]
    }

    static var removing: [Operation] {
        [
            removing("\(mix)/in/deep/cert"),
            removing("\(mix)/in/key"),
            removing("acme/web/mix/vars/X"),
            removing("acme/web/mix"),
            removing("\(mix)/in"),
            unlinking("\(mix)/in/key"),
            unlinking("acme/web/mix/vars/Y"),
            replacing("\(mix)/in/key"),
            removingTree("\(mix)/in"),
            restoring("\(mix)/in"),
            minute,
            making("\(mix)/pub/empty"),
            restoring("\(mix)/in/deep/cert"),
            restoring("\(mix)/in/key"),
            restoring("\(mix)/empty/gone"),
            restoring("\(mix)/pub/empty/gone"),
            restoring("\(mix)/empty/gone", to: "\(mix)/pub/gone"),
            restoring("\(mix)/pub/late"),
            restoring("acme/web/mix/vars/OLD", to: "acme/web/mix/vars/Y2"),
            restoring("acme/web/old"),
        ]
    }

    /// Like others, in other words.
    static var moreMoving: [Operation] {
        [
            renaming("\(mix)/pub/x", "\(mix)/in/x"),
            renaming("acme/web/mix/vars/Y", "acme/web/mix/vars/W"),
            .change("tacit mv in/deep runs/deep") { caller in
                caller.ask("move") { vault, caller throws(VaultError) in
                    _ = try vault.move(.of("\(mix)/in/deep"), to: .of("\(mix)/runs/deep"), by: caller)
                }
            },
        ]
    }

    /// Like others, in other words.
    static var moreRemoving: [Operation] {
        [
            removing("\(mix)/pub/x"),
            .change("rmdir pub/sub") { $0.rmdir("\(mix)/pub/sub") },
            making("acme/web@prod/made"),
            replacing("acme/web/mix/vars/X"),
            removingTree("\(mix)/in/deep"),
            restoring("\(mix)/in", to: "\(mix)/pub/in"),
            restoring("\(mix)/pub/deep/cert"),
            restoring("\(mix)/in/key", to: "\(mix)/pub/back"),
            restoring("acme/web/mix/vars/OLD"),
            restoring("acme/web/old", to: "acme/web@prod/old"),
            .change("purge empty/gone") { caller in
                guard let id = caller.deletedID("\(mix)/empty/gone") else { return }
                caller.ask("purge") { vault, caller throws(VaultError) in try vault.purge(id, by: caller) }
            },
        ]
    }
}

extension WorldUser {
    func rename(_ from: String, _ to: String) {
        guard let (folder, name) = split(from), let (newFolder, newName) = split(to) else { return }
        call("rename") { files, request throws(Errno) in
            _ = try files.rename(folder, name, to: newFolder, newName, flags: [], request)
        }
    }

    func unlink(_ path: String) {
        guard let (folder, name) = split(path) else { return }
        call("unlink") { files, request throws(Errno) in _ = try files.unlink(folder, name, request) }
    }

    func rmdir(_ path: String) {
        guard let (folder, name) = split(path) else { return }
        call("rmdir") { files, request throws(Errno) in _ = try files.rmdir(folder, name, request) }
    }

    func removeTree(_ path: String) {
        for entry in list(path) {
            let child = "\(path)/\(String(decoding: entry.name, as: UTF8.self))"
            if entry.isFolder { removeTree(child) } else { unlink(child) }
        }
        rmdir(path)
    }

    func mkdir(_ path: String) {
        guard let (folder, name) = split(path) else { return }
        call("mkdir") { files, request throws(Errno) in _ = try files.mkdir(folder, name, mode: 0o700, request).value.attributes.inode }
    }

    /// What was deleted and is listed, the latest first.
    func deleted() -> [DeletedItem] {
        let items = ask("deleted") { vault, caller throws(VaultError) in try vault.deleted(below: nil, for: caller) } ?? []
        answer("deleted", items.map { "\($0.reference) \($0.kind) \($0.deleted) \($0.author) \($0.expires)" }.joined(separator: "\n"))
        return items
    }

    /// The latest of those at a path.
    func deletedID(_ path: String) -> DeletedID? { deleted().first { "\($0.reference)" == path }?.id }

    func restore(_ path: String, to place: String?) {
        if let id = deletedID(path) { restore(id, to: place) }
    }

    func restore(_ id: DeletedID, to place: String?) {
        let restored = ask("restore") { vault, caller throws(VaultError) in
            try vault.restore(id, to: place.map { Reference.of($0) }, by: caller)
        }
        if let restored { answer("restored", "\(restored)") }
    }
}
