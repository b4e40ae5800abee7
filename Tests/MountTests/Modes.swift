// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// What programs set by habit changes no grant, and is refused where it would seem to take one.
@Suite struct Modes {
    /// What a program sets.
    private struct Habit {
        enum Kind {
            /// Bits of the group, by a mode or by an ACL.
            case mode(Int)
            case defaultACL, noDefaultACL
            case owner(String)
        }
        let command: String
        let kind: Kind
    }

    private static let habits = [
        Habit(command: "chmod 755", kind: .mode(5)), Habit(command: "chmod 600", kind: .mode(0)),
        Habit(command: "chmod 640", kind: .mode(4)), Habit(command: "chmod 777", kind: .mode(7)),
        Habit(command: "setfacl -b", kind: .mode(0)), Habit(command: "setfacl --set u::rwx,g::r-x,o::r-x", kind: .mode(5)),
        Habit(command: "setfacl --set u::rw-,g::---,o::---", kind: .mode(0)),
        Habit(command: "setfattr -x system.posix_acl_access", kind: .mode(0)),
        Habit(command: "setfacl -k", kind: .noDefaultACL), Habit(command: "setfattr -x system.posix_acl_default", kind: .noDefaultACL),
        Habit(command: "setfacl -m d:u::rwx,d:g::r-x,d:o::r-x", kind: .defaultACL),
        Habit(command: "chown 0", kind: .owner("0")), Habit(command: "chown 1001", kind: .owner("1001")),
        Habit(command: "chown 5", kind: .owner("5")), Habit(command: "chgrp 1001", kind: .owner("")),
    ]

    /// A place, and the bits of the group that others than its owner have by grants on itself, and by those from above.
    private struct Place {
        let path: String
        let owner: String
        var isItem = true
        var itself = 0
        var above = 0
    }

    private static let places = [
        Place(path: "acme", owner: "0", isItem: false), Place(path: "acme/web", owner: "0", isItem: false),
        Place(path: "acme/web/db", owner: "1001", isItem: false), Place(path: "acme/web/db/env", owner: "1001", above: 6),
        Place(path: "acme/web/db/vars", owner: "1001", isItem: false),
        Place(path: "acme/web/db/vars/A", owner: "1001", itself: 2, above: 6),
        Place(path: "acme/web/db/files", owner: "1001", isItem: false), Place(path: "acme/web/db/files/f", owner: "1001", above: 6),
        Place(path: "acme/web/db/files/d", owner: "1001", isItem: false),
        Place(path: "acme/web/db/files/d/g", owner: "1001", itself: 4, above: 6),
        Place(path: "acme/web@prod", owner: "0", isItem: false), Place(path: "acme/web@prod/s", owner: "1001", isItem: false),
        Place(path: "acme/web@prod/s/vars/A", owner: "1001", above: 4), Place(path: "acme/@org", owner: "0", isItem: false),
        Place(path: "acme/@org/own", owner: "0", isItem: false), Place(path: "acme/@org/own/files/f", owner: "0"),
        Place(path: "acme/@org/own/vars/A", owner: "0"), Place(path: ".users/1001", owner: "1001", isItem: false),
        Place(path: ".users/1001/own", owner: "1001", isItem: false), Place(path: ".users/1001/own/files/f", owner: "1001"),
        Place(path: ".users/1001/own/vars/A", owner: "1001"),
    ]

    /// tacit-tree(7), "Changing them".
    private func isRefused(_ habit: Habit, _ place: Place, by caller: TestUser) -> Bool {
        let isRoot = caller.uid == 0
        switch habit.kind {
        case .owner(let name): return !isRoot && (place.owner != String(caller.uid) || !name.isEmpty && name != place.owner)
        case .noDefaultACL: return false
        case .defaultACL: return place.isItem
        case .mode(let bits):
            guard isRoot || place.owner == String(caller.uid) else { return true }
            return (isRoot ? place.itself : place.itself | place.above) & ~bits != 0
        }
    }

    @Test func `no habit changes a grant, and one that would seem to take one is refused`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.must(
                """
                mkdir -p acme/web/db/files/d acme/web@prod/s acme/@org/own; echo g > acme/web/db/files/d/g
                for s in acme/web@prod/s acme/@org/own; do echo 1 > $s/vars/A; echo 2 > $s/files/f; done
                for s in web/db web@prod/s; do tacit grant acme/$s uid:1001 manage; tacit grant acme/$s uid:1001 read,write; done
                tacit grant acme/web/db uid:1002 read,write; tacit grant acme/web@prod/s uid:1002 read
                tacit grant acme/web/db/files/d/g uid:1003 read; tacit grant acme/web/db/vars/A uid:1003 write
                """)
            try mount.must("mkdir user/own; echo 1 > user/own/vars/A; echo 2 > user/own/files/f", as: alice)
            let shared = Self.places.map(\.path).filter { !$0.hasPrefix(".users") }.joined(separator: " ")
            let held = { try mount.must("for place in \(shared); do tacit acl $place; done") }
            let before = try held()
            func granted() throws -> Int { try mount.auditLog().count { $0["reason"].map { "\($0)".contains(" now holds ") } ?? false } }
            let logged = try granted()
            for caller in [TestUser.root, alice, bob] {
                let tries = Self.places.flatMap { place in Self.habits.map { (place: place, habit: $0) } }
                let answers = try mount.must(
                    tries.map { "said=$(\($0.habit.command) \($0.place.path) 2>&1); echo \"$? $said\"" }.joined(separator: "\n"), as: caller
                ).split(separator: "\n")
                try expect(held(), before, "by \(caller)")
                for ((place, habit), answer) in zip(tries, answers) {
                    // Of others it depends on what there is to be removed, and whether they get there.
                    let isOther = caller.uid != 0 && place.owner != String(caller.uid)
                    if isOther, habit.command.hasPrefix("setf"), !habit.command.contains("--set") { continue }
                    let isRefused = isRefused(habit, place, by: caller)
                    #expect(answer.hasPrefix("0") != isRefused, "\(habit.command) \(place.path) by \(caller.uid): \(answer)")
                    guard isRefused, !isOther else { continue }
                    if case .defaultACL = habit.kind { continue }
                    #expect(answer.hasSuffix("Operation not permitted"), "\(habit.command) \(place.path) by \(caller.uid): \(answer)")
                }
                #expect(answers.count == tries.count)
            }
            try expect(granted(), logged)
        }
    }

    @Test func `cp -a and rsync -aA of folders and files change no grant, twice`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.must(
                """
                mkdir -p acme/web/db/files/d; echo old > acme/web/db/files/d/g; tacit grant acme/web/db/files/d uid:1001 read
                tacit grant acme/web/db/files uid:1002 write
                mkdir -m 755 $SCRATCH/d; echo new > $SCRATCH/d/g; chmod 600 $SCRATCH/d/g
                """)
            let before = try mount.must("tacit acl acme/web/db/files/d; tacit acl acme/web/db/files/d/g")
            for program in ["cp -a $SCRATCH/d acme/web/db/files/", "rsync -aA --inplace $SCRATCH/d acme/web/db/files/"] {
                for _ in 0..<2 {
                    try mount.must("touch $SCRATCH/d/g; \(program)")
                    try expect(mount.must("tacit acl acme/web/db/files/d; tacit acl acme/web/db/files/d/g"), before, "\(program)")
                    try expect(mount.must("cat acme/web/db/files/d/g", as: alice), "new")
                }
            }
        }
    }
}
