import Glibc
import Testing

@testable import Linux

@Suite struct OpenDescriptorsTests {
    @Test func anOpenFileIsFoundByItsInode() throws {
        var info = stat()
        let file = try FileDescriptor.open("/dev/null", .readOnly)
        try #require(unsafe fstat(file.rawValue, &info) == 0)
        #expect(OpenDescriptors.include(inode: UInt64(info.st_ino), of: Process.id))
        #expect(!OpenDescriptors.include(inode: 1 << 63 | 4711, of: Process.id))
    }

    @Test func thoseOfThisProcessAreListed() throws {
        let file = try FileDescriptor.open("/dev/null", .readOnly)
        #expect(OpenDescriptors.own.contains(file.rawValue))
        #expect(!OpenDescriptors.own.contains(Int32.max))
    }

    @Test func ofWhoIsNotThereNothingIsSaid() {
        #expect(!OpenDescriptors.include(inode: 1, of: -1))
        #expect(!OpenDescriptors.include(inode: 1, of: .max))
    }

    @Test(arguments: [
        ("pos:\t0\nflags:\t02\nmnt_id:\t28\nino:\t72057594037928047\n", 72_057_594_037_928_047 as UInt64?), ("ino:\t1", 1), ("ino: 2\n", 2),
        ("inotify:ino:1\n", nil), ("pos:\t0\n", nil), ("ino:\n", nil), ("ino:\t-1\n", nil), ("ino:\t18446744073709551616\n", nil), ("", nil),
    ])
    func lines(text: String, inode: UInt64?) {
        #expect(OpenDescriptors.inode(in: Array(text.utf8)) == inode)
    }
}
