// SPDX-License-Identifier: MIT

package import FUSE
package import Linux
internal import Secrets
internal import Synchronization
internal import Vault

/// The processes that have just written a file or made a folder.
///
/// Programs that copy give what they write a mode and a time: `cp -p`, `install`, `rsync -a`. For a minute, and as long as the file is
/// open, the process that wrote may give any mode, of which nothing comes.
///
/// Where the file is shown as somebody else's, the kernel itself refuses a mode, an ACL and a given time (`setattr_prepare`). So for that
/// while it is told that the user who wrote is the owner. Nothing is decided by that: what passes the kernel is decided by grants. It is
/// told so only where the user could have removed the file and made it anew, whereupon they are shown as its owner while they write.
///
/// stat(2) shows the same owner as ever, so that ssh(1) and others judge a file as they always do. The kernel learns of another in two
/// ways: by the answer to a LOOKUP by that user, which stat(2) goes past since it asks again; and by that to a GETATTR of the process that
/// wrote. It keeps the last answer, so a stat(2) by somebody else between a writer's fstat(2) and its utimensat(2) has that refused. It is
/// made to forget what others are answered of folders only: of a file it would pass over an answer on its way that tells an open the size
/// of what it reads.
final class RecentWriters: Sendable {
    /// How long it is remembered. Microseconds.
    private static let lifetime: Int64 = 60_000_000
    /// How many files and folders are remembered of one user: the latest.
    private static let capacityOfOne = 1024

    struct Writing: Sendable {
        let uid: UInt32
        let process: Int32
        /// Whether the kernel is to take the user for the owner.
        let isOwner: Bool
        /// When, since the machine started. Microseconds.
        fileprivate var time: Int64

        /// Whether it is less than a minute ago.
        var isRecent: Bool { (time...time + RecentWriters.lifetime).contains(SystemClock.sinceBoot()) }
    }

    private struct State {
        var writings: [Inode: Writing] = [:]
        /// How many there are of each user.
        var counts: [UInt32: Int] = [:]

        mutating func set(_ writing: Writing?, of inode: Inode) {
            if let former = writings[inode] {
                let left = counts[former.uid, default: 1] - 1
                counts[former.uid] = left > 0 ? left : nil
            }
            writings[inode] = writing
            if let writing { counts[writing.uid, default: 0] += 1 }
        }

        /// Forgets the older half of what a user wrote.
        mutating func makeRoom(for uid: UInt32) {
            let own = writings.filter { $0.value.uid == uid }.sorted { $0.value.time < $1.value.time }
            for (inode, _) in own.prefix(own.count / 2 + 1) { set(nil, of: inode) }
        }
    }

    /// The thing that is remembered: a secret is made with its folders, but to write its `env` is to write neither it nor them.
    private static func thing(_ inode: Inode) -> Inode { inode.facet == .env ? inode : Inode(inode.node) }

    private let state = Guarded(State())
    /// Whether there is any: lookups need not wait for the lock else.
    private let isUsed = Atomic(false)

    func note(_ inode: Inode, by caller: Caller, isOwner: Bool) {
        let now = SystemClock.sinceBoot()
        state.withLock { state in
            if state.counts[caller.uid] ?? 0 >= Self.capacityOfOne { state.makeRoom(for: caller.uid) }
            state.set(Writing(uid: caller.uid, process: caller.pid, isOwner: isOwner, time: now), of: Self.thing(inode))
        }
        isUsed.store(true, ordering: .releasing)
    }

    /// A user works in a folder that they have made: it is theirs a minute longer.
    func renew(_ folder: Inode, by uid: UInt32) {
        guard isUsed.load(ordering: .acquiring) else { return }
        let (folder, now) = (Self.thing(folder), SystemClock.sinceBoot())
        state.withLock { if $0.writings[folder]?.uid == uid { $0.writings[folder]?.time = now } }
    }

    /// What was written became a version of another item.
    ///
    /// - Parameter renamer: the user by whose rename it did. What somebody else has written is nobody's then.
    func move(_ inode: Inode, to other: Inode, by renamer: UInt32? = nil) {
        let (inode, other) = (Self.thing(inode), Self.thing(other))
        guard inode != other, isUsed.load(ordering: .acquiring) else { return }
        state.withLock { state in
            let writing = state.writings[inode]
            state.set(nil, of: inode)
            state.set(writing.flatMap { renamer == nil || $0.uid == renamer ? $0 : nil }, of: other)
        }
    }

    /// The last one, however long ago.
    func writing(of inode: Inode) -> Writing? {
        guard isUsed.load(ordering: .acquiring) else { return nil }
        return state.withLock { $0.writings[Self.thing(inode)] }
    }
}

extension SecretFileSystem {
    /// An existing file was opened for writing.
    func noteWriting(of inode: Inode, by caller: Caller) {
        guard caller.pid != 0 else { return }
        let isOwner = isStranger(caller, to: inode) && vault.mayReplace(inode, by: caller)
        recentWriters.note(inode, by: caller, isOwner: isOwner)
    }

    /// A folder was made, or a file is being made. While that is pending its maker is its owner anyway.
    func noteMaking(of inode: Inode, in parent: Inode, by caller: Caller) {
        guard caller.pid != 0 else { return }
        recentWriters.renew(parent, by: caller.uid)
        recentWriters.note(inode, by: caller, isOwner: caller.uid != 0)
    }

    /// Whether the kernel would refuse the caller what it lets an owner do.
    private func isStranger(_ caller: Caller, to inode: Inode) -> Bool {
        guard caller.uid != 0, let shown = try? vault.attributes(of: inode).uid else { return false }
        return shown != caller.uid
    }

    /// The process that has just written, or is writing, what an inode stands for. Of one in a foreign pid namespace nothing is known.
    func recentWriting(of inode: Inode) -> RecentWriters.Writing? {
        guard let writing = recentWriters.writing(of: inode) else { return nil }
        return writing.isRecent || !handles.writers(of: inode).isEmpty ? writing : nil
    }

    /// Whether the kernel takes a user for the owner of what they have just written.
    func isOwner(_ uid: UInt32, ofWritten inode: Inode) -> Bool {
        guard let writing = recentWriting(of: inode) else { return false }
        return writing.isOwner && writing.uid == uid
    }

    /// Whether the calling process has just written what an inode stands for.
    func hasWritten(_ inode: Inode, _ request: Request) -> Bool {
        guard let writing = recentWriting(of: inode), writing.uid == request.uid else { return false }
        return writing.process == process(of: request)
    }

    package func getattr(_ inode: UInt64, handle: UInt64?, _ request: Request) throws(Errno) -> Attributes {
        guard JobNode(number: inode) == nil, let item = try? self.inode(inode), let writing = recentWriting(of: item) else {
            return try storedAttributes(inode, handle: handle, request)
        }
        // As soon as can be: whoever else asks meanwhile has the kernel pass over the answer.
        let isWriter = writing.uid == request.uid && writing.process == process(of: request)
        let isOwner = isWriter && writing.isOwner
        let shown = try storedAttributes(inode, handle: handle, request, writer: isOwner ? writing.process : nil)
        return shownAttributes(shown, writing, to: request, isOwner: isWriter)
    }

    /// The attributes that the kernel keeps when the caller has changed some.
    func attributes(afterChangeOf number: UInt64, handle: UInt64?, _ request: Request) throws(Errno) -> Attributes {
        let shown = try storedAttributes(number, handle: handle, request)
        guard let writing = recentWriting(of: try self.inode(number)) else { return shown }
        return shownAttributes(shown, writing, to: request, isOwner: true)
    }

    /// The entry for a caller, who may just have written the file: then the kernel looks the name up at each use.
    func entry(_ inode: Inode, for request: Request) throws(VaultError) -> Entry {
        let entry = try self.entry(inode)
        guard let writing = recentWriting(of: inode), writing.isOwner else { return entry }
        return Entry(attributes: shownAttributes(entry.attributes, writing, to: request, isOwner: true), timeout: 0)
    }

    /// - Parameter isOwner: whether the kernel is to take the user who wrote for the owner, if it is them.
    private func shownAttributes(
        _ shown: Attributes, _ writing: RecentWriters.Writing, to request: Request, isOwner: Bool
    ) -> Attributes {
        guard writing.isOwner, writing.uid != shown.uid else { return shown }
        var attributes = shown
        attributes.timeout = 0
        if request.uid == writing.uid, isOwner {
            attributes.uid = writing.uid
        } else if shown.type == .folder, request.uid == 0 || request.uid != shown.uid {
            session.forgetAttributes(of: shown.inode)
        }
        return attributes
    }

    private func process(of request: Request) -> Int32? {
        guard request.tid != 0 else { return nil }
        return try? CallingThread(uid: request.uid, gid: request.gid, tid: request.tid).inspect().tgid
    }
}
