// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc
internal import Linux

/// A mount, as /proc/self/mountinfo shows it.
struct Mount: Equatable, Sendable {
    /// "A unique ID for the mount": no other has it while this one is there.
    let id: Int
    /// The minor number of its device, by which /sys/fs/fuse/connections knows a FUSE mount.
    let minor: Int
    /// As `fuse.tacit`.
    let type: String
    /// Where: absolute.
    let path: String

    /// The mount with this number, if it is mounted exactly on `path`.
    ///
    /// - Parameter table: the contents of /proc/self/mountinfo.
    init?(id: Int, on path: String, in table: [UInt8]) {
        for line in table.split(separator: UInt8(ascii: "\n")) {
            // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
            let fields = line.split(separator: UInt8(ascii: " "))
            guard fields.count > 6, Self.number(fields[0]) == id else { continue }
            guard
                fields[4].elementsEqual(path.utf8.flatMap(Self.escaped)),
                let minor = fields[2].split(separator: UInt8(ascii: ":")).last.flatMap(Self.number),
                let dash = fields[6...].firstIndex(of: [UInt8(ascii: "-")]), dash + 1 < fields.count
            else { return nil }
            self.id = id
            self.minor = minor
            self.type = String(decoding: fields[dash + 1], as: UTF8.self)
            self.path = path
            return
        }
        return nil
    }

    /// Takes the mount out of the tree, unless it is not there any more or under another.
    func detach() throws(Errno) {
        do throws(Errno) {
            let mountpoint = try Mountpoint(path)
            if try mountpoint.mount() == self { try mountpoint.detach() }
        } catch {
            guard error.isShortage, unsafe tacit_mount_number(path) == Int64(id) else { throw error }
            // Without a descriptor: by the path, as it is now.
            if unsafe umount2(path, Int32(MNT_DETACH) | noFollow) != 0 { throw .current }
        }
    }

    /// UMOUNT_NOFOLLOW of umount2(2), which Glibc's module does not show.
    private var noFollow: Int32 { 8 }

    /// Whether it is still in the tree, alive or dead.
    var isThere: Bool {
        (try? Mountpoint(path).mount()) == self
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        Int(String(decoding: digits, as: UTF8.self))
    }

    /// As the kernel writes a path into the table: white space and `\` in octal.
    private static func escaped(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case UInt8(ascii: " "): Array("\\040".utf8)
        case UInt8(ascii: "\t"): Array("\\011".utf8)
        case UInt8(ascii: "\n"): Array("\\012".utf8)
        case UInt8(ascii: "\\"): Array("\\134".utf8)
        default: [byte]
        }
    }
}
