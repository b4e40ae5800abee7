// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Synchronization

/// Everything in this process that remembers something of the store: each is told of a change once, when it is committed.
final class Caches: Sendable {
    let places = Places()
    let contents = ContentsCache()
    let nodes = NodeChanges()
    let keyring = Keyring()
    let homes = HomeLedger()
    let copies = OpenCopies()
    let recent = RecentChanges()
    private let kept = Mutex<(any ContentObserver)?>(nil)

    /// Told of every change. To be set before the first.
    var observer: (any ContentObserver)? {
        get { kept.withLock { $0 } }
        set { kept.withLock { $0 = newValue } }
    }

    /// In the transaction of a change: what is read of an inode will be another. Once for each inode.
    func willChange(_ inode: Inode) { contents.beginChange(of: inode) }

    /// After the commit, before anybody is told that the change is made.
    func deliver(_ changes: ChangeSet) {
        contents.endChange(of: changes.contents)
        nodes.note(changes.nodes)
        if changes.changesPlaces { places.forgetAll() }
        keyring.forget(versions: changes.destroyed)
        homes.add(changes.homes)
        recent.add(changes)
    }

    /// The change was rolled back.
    func revert(_ changes: ChangeSet) { contents.endChange(of: changes.contents) }
}
