// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// `tacit watch`: every change that one may know of, whichever way it came.
@Suite struct CommandsWatching {
    /// Waits until a watcher has printed a line for a change that is made for it, and so has begun.
    private func begin(_ child: Child, _ at: Watched) throws {
        for number in 0..<1000 {
            try at.mount.must("printf \(number) > acme/web/db/vars/BEGIN")
            if child.printed.contains("vars/BEGIN") { return }
            usleep(20_000)
        }
        throw Trouble("it did not begin: \(child.printed)")
    }

    /// The lines after those of the beginning.
    private func lines(_ child: Child) -> [String] {
        child.printed.split(separator: "\n").map(String.init).filter { !$0.contains("BEGIN") }
    }

    private func wait(for count: Int, _ child: Child) throws -> [String] {
        try Wait.until("\(count) lines") { lines(child).count >= count }
        return lines(child)
    }

    @Test func `changes of every way in are told, to each only theirs`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            try at.must("set", "acme/web/db", "B=zero", as: alice)
            try at.must("create", "acme/web/hidden", "-e", "H=h")
            try at.mount.grant("none", on: "acme/web", to: "user:1001")
            try at.mount.grant("list,read,write", on: "acme/web/db", to: "user:1001")
            let alices = try at.mount.command(["tacit", "watch"], as: alice).start()
            let owners = try at.mount.command(["tacit", "watch", "--json"], as: .root).start()
            let mallorys = try at.mount.command(["tacit", "watch"], as: mallory).start()
            let narrow = try at.mount.command(["tacit", "watch", "acme/web/db/vars/B"], as: alice).start()
            defer { for child in [alices, owners, mallorys, narrow] { child.signal(SIGKILL) } }
            try begin(alices, at)
            try begin(owners, at)
            try at.mount.store("two", in: "acme/web/db/vars/A")
            try at.must("set", "acme/web/db", "B=one", as: alice)
            try at.mount.must("printf 'A=three\nB=two\nBEGIN=x\n' > acme/web/db/env")
            try at.must("rollback", "acme/web/db/vars/A", "2", as: alice)
            try at.mount.must("rm acme/web/db/vars/B")
            try at.must("restore", "acme/web/db/vars/B", as: alice)
            try at.must("set", "acme/web/hidden", "H=i")
            try at.must("add", "own", "-", as: alice, input: at.canary)
            try at.must("mv", "acme/web/db/vars/B", "acme/web/db/vars/C")
            let told = try wait(for: 10, alices)
            #expect(
                Set(told).isSuperset(of: [
                    "acme/web/db/vars/A written v2", "acme/web/db/vars/B written v2", "acme/web/db/vars/A written v3",
                    "acme/web/db/vars/B written v3", "acme/web/db/vars/A written v4", "acme/web/db/vars/B deleted",
                    "acme/web/db/vars/B restored", "user/own/vars/own written v1",
                ]), "\(told)")
            #expect(!told.joined().contains("hidden") && told.last == "acme/web/db/vars/B renamed", "\(told)")
            let all = try wait(for: told.count + 1, owners)
            #expect(all.contains(#"{"action":"written","ref":"acme/web/hidden/vars/H","version":2}"#), "\(all)")
            #expect(all.contains(#"{"action":"written","ref":".users/1001/own/vars/own","version":1}"#), "\(all)")
            #expect(lines(mallorys) == [] && mallorys.printed == "")
            #expect(!lines(narrow).isEmpty && lines(narrow).allSatisfy { $0.hasPrefix("acme/web/db/vars/B ") }, "\(lines(narrow))")
        }
    }

    @Test func `a command runs after the last change of a burst, and sees the newest value`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=first", as: alice)
            let script = "cat acme/web/db/vars/A; echo \" $(echo \"$TACIT_CHANGED\" | grep -c vars/A)\""
            let child = try at.mount.command(["tacit", "watch", "acme/web/db", "--", "sh", "-c", script], as: alice).start()
            defer { child.signal(SIGKILL) }
            try Wait.until("a run") {
                try at.mount.store("begin", in: "acme/web/db/vars/A")
                usleep(100_000)
                return child.printed.contains("begin")
            }
            for number in 1...200 { try at.mount.store("value-\(number)", in: "acme/web/db/vars/A") }
            try Wait.until("the last") { child.printed.contains("value-200 ") }
            // A later run, of changes that were told one by one, may just have begun its line.
            #expect(child.printed.split(separator: "\n").last?.hasPrefix("value-200") == true, "\(child.printed.suffix(200))")
            let missing = try at.tacit("watch", "acme/web/none", as: alice)
            #expect(missing.ending == .exited(4), "\(missing)")
        }
    }
}
