// SPDX-License-Identifier: MIT

import Linux
import Secrets

/// The links to a job's files, kept by a process (`Keeper`) for those that the job has at the moment.
final class KeptFiles {
    private let mountpoint: [UInt8]
    private let replaces: Bool
    private var names: Set<[[UInt8]]> = []
    private var keeper: Keeper?

    /// None yet. `replaces`: what is where a file is to be is moved aside.
    init(mountpoint: [UInt8], replaces: Bool) { (self.mountpoint, self.replaces) = (mountpoint, replaces) }

    /// The number of that process; nil if there is none.
    var keeperID: Int32? { keeper?.id }

    /// Places links to these files of the view, by their names below `files`, and takes away those to others. Throws why one can't be
    /// placed: then those stay that there were.
    func place(_ names: Set<[[UInt8]]>) throws(Failure) {
        guard names != self.names else { return }
        let before = self.names
        end()
        do throws(Failure) { try start(names) } catch {
            // Should they not come back either, the first reason is the one to tell.
            try? start(before)
            throw error
        }
    }

    private func start(_ names: Set<[[UInt8]]>) throws(Failure) {
        guard !names.isEmpty else { return }
        keeper = try Keeper(PlacementPlan(names, mountpoint: mountpoint, home: PlacementPlan.home, replaces: replaces))
        self.names = names
    }

    /// Takes them away.
    func end() {
        keeper?.end()
        keeper = nil
        names = []
    }
}
