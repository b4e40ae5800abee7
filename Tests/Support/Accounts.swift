// SPDX-License-Identifier: MIT

import Foundation
import Glibc

/// How the command shows users and groups: by their names, where this machine has accounts of those numbers.
package enum Accounts {
    /// As `tacit acl` prints a user: `alice`, else `uid:1001`.
    package static func shown(uid: UInt32) -> String {
        guard let entry = unsafe getpwuid(uid) else { return "uid:\(uid)" }
        return unsafe String(cString: entry.pointee.pw_name)
    }

    /// As `tacit acl` prints a group: `@staff`, else `gid:2001`.
    package static func shown(gid: UInt32) -> String {
        guard let entry = unsafe getgrgid(gid) else { return "gid:\(gid)" }
        return unsafe "@" + String(cString: entry.pointee.gr_name)
    }

    /// A command that runs where the callers of these tests have accounts, or have none, whatever this machine has: in a mount
    /// namespace with other passwd(5) and group(5) files. They are put into the folder.
    package static func command(_ words: [String], named: Bool, in scratch: Scratch) throws -> Command {
        let users = ["alice": 1001, "bob": 1002, "carol": 1003, "mallory": 1004, "dave": 1005]
        let groups = users.merging(["readers": 2001, "others": 2002]) { $1 }
        func table(_ path: String, without numbers: [String: Int], adding lines: [String]) -> Data {
            let kept = String(decoding: Scratch.contents(path), as: UTF8.self).split(separator: "\n").filter { line in
                let fields = line.split(separator: ":", omittingEmptySubsequences: false)
                return fields.count > 2 && numbers[String(fields[0])] == nil && !numbers.values.contains { String($0) == fields[2] }
            }
            return Data((kept.map(String.init) + (named ? lines : [])).joined(separator: "\n").utf8 + Array("\n".utf8))
        }
        let passwd = table(
            "/etc/passwd", without: users, adding: users.map { "\($0.key):x:\($0.value):\($0.value)::/nonexistent:/usr/sbin/nologin" })
        let group = table("/etc/group", without: groups, adding: groups.map { "\($0.key):x:\($0.value):" })
        // The same again, if it is not the first command there.
        let files = (try scratch.file("passwd", passwd, mode: 0o644), try scratch.file("group", group, mode: 0o644))
        let script = "mount --bind '\(files.0)' /etc/passwd && mount --bind '\(files.1)' /etc/group && exec \"$@\""
        return Command(["unshare", "-m", "sh", "-c", script, "sh"] + words)
    }
}
