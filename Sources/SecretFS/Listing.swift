// SPDX-License-Identifier: MIT

package import FUSE
package import Linux
internal import Secrets
internal import Vault

/// Folders. A listing shows each caller only what it may get at; it is read anew at each READDIR, and keeps no state.
extension SecretFileSystem {
    /// The entries of a page of a listing: one READDIR asks for 4 KiB, some 100 of them.
    private static let page = 128

    /// Cookies of the entries that come first; those of the vault follow behind them.
    enum First {
        static let dot: UInt64 = 1
        static let dotDot: UInt64 = 2
        static let userLink: UInt64 = 3
        static let jobLink: UInt64 = 4
        static let count: UInt64 = 16
        /// From here on: names that nothing is stored of, by their inodes.
        static let pending: UInt64 = 1 << 62
    }

    package func opendir(_ inode: UInt64, _ request: Request) throws(Errno) -> UInt64 {
        try handles.admit(request.uid)
        if let node = JobNode(number: inode) {
            try opendir(node, request)
        } else {
            let inode = try self.inode(inode)
            let caller = try caller(request, "opendir")
            // Refused here, since nobody looks at an error of readdir(3).
            _ = try orStale { () throws(VaultError) in try vault.list(inode, after: 0, limit: 1, for: caller) }
        }
        return try handles.add(.folder, for: request.uid)
    }

    package func readdir(
        _ inode: UInt64, handle: UInt64, after cookie: UInt64, _ request: Request, into filler: inout DirectoryFiller
    ) throws(Errno) {
        if let node = JobNode(number: inode) { return try readdir(node, after: cookie, request, into: &filler) }
        let folder = try self.inode(inode)
        let caller = try caller(request, "readdir")
        if cookie < First.dot {
            guard filler.add([UInt8(ascii: ".")], inode: folder.number, type: .folder, cookie: First.dot) else { return }
        }
        if cookie < First.dotDot {
            let parent = try orStale { () throws(VaultError) in try vault.parent(of: folder) }
            guard filler.add(Array("..".utf8), inode: parent.number, type: .folder, cookie: First.dotDot) else { return }
        }
        if folder == .root, cookie < First.userLink {
            guard filler.add(TreeName.user, inode: Inode.userLink.number, type: .link, cookie: First.userLink) else { return }
        }
        // There for who is in one: for others it leads nowhere.
        if folder == .root, cookie < First.jobLink, caller.job?.job.isOver == false {
            guard filler.add(TreeName.job, inode: Inode.jobLink.number, type: .link, cookie: First.jobLink) else { return }
        }
        var last = cookie > First.count ? cookie - First.count : 0
        while cookie < First.pending {
            let entries = try orStale { () throws(VaultError) in
                try vault.list(folder, after: last, limit: Self.page, for: caller)
            }
            for entry in entries {
                let type: FileType = entry.form == .folder ? .folder : .file
                guard filler.add(entry.name, inode: entry.inode.number, type: type, cookie: entry.cookie + First.count)
                else { return }
                last = entry.cookie
            }
            if entries.count < Self.page { break }
        }
        let pending = pendingFiles.names(in: folder)
        guard !pending.isEmpty, try orStale({ () throws(VaultError) in try vault.listsAll(of: folder, for: caller) }) else { return }
        for (name, inode) in pending where First.pending + inode.number > cookie && (try? vault.lookup(name, in: folder)) == nil {
            let added = filler.add(name, inode: inode.number, type: .file, cookie: First.pending + inode.number)
            guard added else { return }
        }
    }

    package func releasedir(_ inode: UInt64, handle: UInt64) {
        _ = handles.remove(handle)
    }

    /// The volume's that the store is on, files too: how many secrets there are is nobody's to know, and takes long to count.
    package func statfs(_ inode: UInt64, _ request: Request) throws(Errno) -> Statistics {
        let volume = try VolumeStatistics.of(vault.storeFolder)
        return Statistics(
            blockSize: volume.blockSize, blocks: volume.blocks, freeBlocks: volume.availableBlocks, files: volume.files,
            freeFiles: volume.freeFiles)
    }
}
