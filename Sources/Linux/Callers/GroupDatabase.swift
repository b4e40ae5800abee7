// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Asks for the groups of a caller, which takes time and may fail.
package typealias GroupLookup = @Sendable () throws(Errno) -> [UInt32]

/// The group database, as getgrouplist(3) tells it: which groups a user is in when they log in.
package enum GroupDatabase {
    /// The most groups that are asked for: NGROUPS_MAX.
    private static let most: Int32 = 65_536

    /// The gids of a user's groups; none if the database does not know the user.
    package static func groups(of uid: UInt32) -> [UInt32] {
        var buffer = [CChar](repeating: 0, count: 4096)
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        guard unsafe getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, unsafe found != nil else { return [] }
        var count: Int32 = 64
        while count <= most {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let room = count
            // "If the buffer is too small, … the value in ngroups is updated to the number of groups": then once more.
            if unsafe getgrouplist(entry.pw_name, entry.pw_gid, &groups, &count) >= 0 { return Array(groups.prefix(Int(count))) }
            count = max(count, room * 2)
        }
        return []
    }
}
