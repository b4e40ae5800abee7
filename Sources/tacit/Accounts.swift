// SPDX-License-Identifier: MIT

import Glibc
import Secrets

/// The system's users and groups, by name and number: names are the command's business, the daemon knows numbers only.
enum Accounts {
    /// A user as `getpwnam_r(3)` tells.
    struct User: Equatable {
        let uid: UInt32
        let gid: UInt32
        let name: String
        let home: [UInt8]
    }

    static func user(named name: String) -> User? {
        unsafe find(passwd(), { unsafe getpwnam_r(name, $0, $1, $2, $3) }, make: { unsafe User($0) })
    }

    static func user(_ uid: UInt32) -> User? {
        unsafe find(passwd(), { unsafe getpwuid_r(uid, $0, $1, $2, $3) }, make: { unsafe User($0) })
    }

    static func groupID(named name: String) -> UInt32? {
        unsafe find(group(), { unsafe getgrnam_r(name, $0, $1, $2, $3) }, make: { unsafe $0.gr_gid })
    }

    static func groupName(_ gid: UInt32) -> String? {
        unsafe find(group(), { unsafe getgrgid_r(gid, $0, $1, $2, $3) }, make: { unsafe String(cString: $0.gr_name) })
    }

    /// How people name who a grant is for: `alice`, `@developers`; by number, if it has no name.
    static func display(_ principal: Principal) -> String {
        switch principal {
        case .user(let uid): user(uid).map { text($0.name) } ?? "uid:\(uid)"
        case .group(let gid): groupName(gid).map { "@" + text($0) } ?? "gid:\(gid)"
        }
    }

    /// Calls `lookUp` with room for the entry's strings, and with more room as long as it answers ERANGE, up to 1 MiB: a group
    /// can have many members.
    private static func find<Entry, Found>(
        _ empty: Entry,
        _ lookUp: (
            UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
        ) -> Int32,
        make: (Entry) -> Found
    ) -> Found? {
        var size = 4096
        while size <= 1 << 20 {
            var entry = empty
            var found: UnsafeMutablePointer<Entry>?
            let room = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { unsafe room.deallocate() }
            let result = unsafe lookUp(&entry, room, size, &found)
            if result == 0 { return unsafe found == nil ? nil : make(entry) }
            guard result == ERANGE else { return nil }
            size *= 4
        }
        return nil
    }
}

extension Accounts.User {
    fileprivate init(_ entry: passwd) {
        unsafe self.init(
            uid: entry.pw_uid, gid: entry.pw_gid, name: String(cString: entry.pw_name),
            home: UnsafeBufferPointer(start: entry.pw_dir, count: strlen(entry.pw_dir)).map(UInt8.init(bitPattern:)))
    }
}
