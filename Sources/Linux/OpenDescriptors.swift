internal import CLinux
internal import Glibc

/// The files that a process has open, as proc_pid_fdinfo(5) tells of them: none of them is touched.
package enum OpenDescriptors {
    /// Whether the process of a thread has a file of this inode number open, on whatever mount. False too where that can't be read, and
    /// before Linux 5.14, which has no field `ino`.
    package static func include(inode: UInt64, of tid: Int32) -> Bool {
        let folder = "/proc/\(tid)/fdinfo"
        return numbers(in: folder).contains { number in
            let text = try? FileDescriptor.open("\(folder)/\(number)", .readOnly).readToEnd(limit: longest)
            return text.flatMap { self.inode(in: $0) } == inode
        }
    }

    /// The numbers of those that this process has; none where proc(5) is not mounted. One of them may be that by which they were read.
    static var own: [Int32] { numbers(in: "/proc/self/fdinfo") }

    private static func numbers(in folder: String) -> [Int32] { (try? numberedEntries(of: folder)) ?? [] }

    /// Others than ordinary files, such as epoll(7) instances, have a line for all that they watch.
    private static let longest = 64 << 10

    /// The line `ino:`, followed by a blank and a decimal number.
    static func inode(in text: [UInt8]) -> UInt64? {
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard line.starts(with: "ino:".utf8) else { continue }
            return UInt64(String(decoding: line.dropFirst(4).drop { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }, as: UTF8.self))
        }
        return nil
    }
}
