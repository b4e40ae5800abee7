// SPDX-License-Identifier: MIT

import FUSE
import Testing
import TestSupport

@Suite struct CallerTests {
    @Test func `requests carry the callers credentials`() throws {
        try Served.run { mount throws in
            let root = try mount.must("echo $$; exec mkdir by-root")
            let user = try mount.must("echo $$; exec mkdir by-user", as: .user(1001))
            let requests = mount.files.requests("mkdir")
            try #require(requests.count == 2)
            #expect(requests.map(\.uid) == [0, 1001])
            #expect(requests.map(\.gid) == [0, 1001])
            #expect(requests.map { String($0.tid) } == [root, user])
        }
    }

    @Test func `group is the one for files`() throws {
        try Served.run { mount throws in
            try mount.must("mkdir a", as: TestUser(uid: 1001, gid: 2002, groups: [3003]))
            #expect(mount.files.requests("mkdir").map(\.gid) == [2002])
        }
    }

    /// The kernel checks the permissions itself, and does not ask when they forbid.
    @Test func `permissions are checked by the kernel`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "contents", permissions: 0o600)
            #expect(try mount.complaint("cat f", as: .user(1001)).contains("Permission denied"))
            #expect(mount.files.requests("open").isEmpty)
            #expect(try mount.must("cat f") == "contents")
        }
    }

    @Test func `mount is shown as what it is`() throws {
        try Served.run { mount throws in
            let line = try #require(try mountLine(mount.point))
            #expect(line.contains(" rw,nosuid,nodev,noexec"))
            #expect(line.contains(" - fuse.tacit tacit rw,user_id=0,group_id=0,default_permissions,allow_other"))
        }
    }
}
