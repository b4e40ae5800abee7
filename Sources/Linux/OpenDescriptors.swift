internal import CLinux
internal import Glibc

/// The files that a process has open, as proc_pid_fdinfo(5) tells of them: none of them is touched.
package enum OpenDescriptors {
    /// Whether the process of a thread has a file of this inode number open, on whatever mount. False too where that can't be read, and
    /// before Linux 5.14, which has no field `ino`.
    package static func include(inode: UInt64, of tid: Int32) -> Bool {
        let folder = "/proc/\(tid)/fdinfo"
        guard let stream = unsafe opendir(folder) else { return false }
        defer { _ = unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard Int32(name) != nil, let text = try? FileDescriptor.open("\(folder)/\(name)", .readOnly).readToEnd(limit: longest) else {
                continue
            }
            if self.inode(in: text) == inode { return true }
        }
        return false
    }

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
