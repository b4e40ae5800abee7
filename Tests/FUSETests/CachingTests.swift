// SPDX-License-Identifier: MIT

import FUSE
import Linux
import Synchronization
import Testing
import TestSupport

/// What the kernel asks once, and what it asks each time.
@Suite struct CachingTests {
    @Test func `names and attributes are asked once`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "contents")
            try mount.must("for i in 1 2 3 4 5; do stat f; done")
            #expect(mount.files.requests("lookup").count == 1)
            #expect(mount.files.requests("getattr").count <= 1)
        }
    }

    @Test func `absent names are asked each time`() throws {
        try Served.run { mount throws in
            try mount.must("for i in 1 2 3; do [ ! -e f ] || exit 1; done")
            #expect(mount.files.requests("lookup").count == 3)
        }
    }

    @Test func `folders are read each time`() throws {
        try Served.run { mount throws in
            mount.files.add("a")
            #expect(try mount.must("ls") == "a")
            // Behind the kernel's back.
            mount.files.add("b")
            #expect(try mount.must("ls") == "a\nb")
        }
    }

    @Test func `direct files are read each time and kept ones once`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "contents")
            try mount.must("cat f; cat f")
            #expect(mount.files.requests("read").count == 4)
            mount.files.state.withLock { $0.openReply = OpenReply(handle: 0, keepCache: true) }
            try mount.must("cat f; cat f; cat f")
            #expect(mount.files.requests("read").count == 5)
        }
    }

    @Test func `flush only where wanted`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "contents")
            try mount.must("cat f")
            #expect(mount.files.requests("flush").count == 1)
            mount.files.state.withLock { $0.openReply.noFlush = true }
            try mount.must("cat f")
            #expect(mount.files.requests("flush").count == 1)
        }
    }

    /// What the kernel asks besides: before each write, for file capabilities that it would take away, and once for the ACL.
    @Test func `writes ask for little else`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "contents")
            try mount.must("for i in 1 2 3 4; do echo $i; done > f", as: .user(1001))
            #expect(mount.files.requests("write").count == 4)
            let names = mount.files.state.withLock { $0.attributeNames }
            #expect(Set(names).subtracting(["security.capability", "system.posix_acl_access"]).isEmpty)
            #expect(names.count <= 5)
        }
    }
}
