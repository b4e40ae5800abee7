// SPDX-License-Identifier: MIT

/// `/proc/<tid>/status` of proc(5): the lines that tell who a thread acts for, and whose child it is. Reading it takes no lock that the
/// thread could hold.
struct ThreadStatus: Equatable {
    let tgid: UInt32
    /// The process of the parent; 0 where there is none in the daemon's namespace.
    let ppid: UInt32
    let fsuid: UInt32
    let fsgid: UInt32
    /// The supplementary groups.
    let groups: [UInt32]
    /// False for threads of the kernel, and for those that exit: memory is given up before files are.
    let hasMemory: Bool

    /// Nil for anything that the kernel does not write.
    init?(_ text: [UInt8]) {
        var tgid: UInt32?
        var ppid: UInt32?
        var fsuid: UInt32?
        var fsgid: UInt32?
        var groups: [UInt32]?
        var hasMemory = false
        // The name, the only part of others' making, comes with its newlines escaped.
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let words = line[(colon + 1)...].split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") })
            switch String(decoding: line[..<colon], as: UTF8.self) {
            case "Tgid": tgid = words.first.flatMap(identifier)
            case "PPid": ppid = words.first.flatMap(identifier)
            // Real, effective, saved, file system.
            case "Uid": fsuid = words.count == 4 ? identifier(words[3]) : nil
            case "Gid": fsgid = words.count == 4 ? identifier(words[3]) : nil
            case "Groups":
                let numbers = words.compactMap(identifier)
                groups = numbers.count == words.count ? numbers : nil
            case "VmSize": hasMemory = true
            default: break
            }
        }
        guard let tgid, let ppid, let fsuid, let fsgid, let groups else { return nil }
        self.tgid = tgid
        self.ppid = ppid
        self.fsuid = fsuid
        self.fsgid = fsgid
        self.groups = groups
        self.hasMemory = hasMemory
    }

    /// Throws `noSuchProcess` where there is no such thread.
    static func read(of tid: Int32) throws(Errno) -> ThreadStatus { try read(inFolder: "/proc/\(tid)") }

    /// From a thread's folder in /proc. Throws what `read(of:)` does.
    static func read(inFolder folder: String) throws(Errno) -> ThreadStatus {
        guard let status = ThreadStatus(try readProc(folder + "/status")) else { throw .inputOutput }
        return status
    }
}

/// `/proc/<tid>/comm`.
enum ThreadName {
    /// The name, up to 15 bytes of any kind; a kernel thread's may be longer. Throws `noSuchProcess` where there is no such
    /// thread.
    static func read(of tid: Int32) throws(Errno) -> [UInt8] {
        withoutNewline(try readProc("/proc/\(tid)/comm"))
    }

    /// The name as it is now, from an open `/proc/<tid>/comm`. Throws `noSuchProcess` if the thread is gone.
    static func read(from file: borrowing FileDescriptor) throws(Errno) -> [UInt8] {
        var name = [UInt8](repeating: 0, count: longest)
        var span = name.mutableSpan
        var bytes = unsafe span.mutableBytes
        let count = try file.pread(into: &bytes, at: 0)
        return withoutNewline(Array(name.prefix(count)))
    }

    /// The kernel's buffer for names is 64 bytes.
    private static let longest = 64

    private static func withoutNewline(_ name: [UInt8]) -> [UInt8] {
        name.last == UInt8(ascii: "\n") ? name.dropLast() : name
    }
}

/// All of a file in /proc about a thread.
func readProc(_ path: String) throws(Errno) -> [UInt8] {
    do throws(Errno) {
        return try SpareDescriptor.lend { () throws(Errno) in try FileDescriptor.open(path, .readOnly).readToEnd(limit: longestFile) }
    } catch {
        throw error == .noEntry ? .noSuchProcess : error
    }
}

/// A thread has at most 65,536 supplementary groups of at most 10 digits.
private let longestFile = 1 << 20

/// A decimal number that fits.
private func identifier(_ digits: ArraySlice<UInt8>) -> UInt32? {
    UInt32(String(decoding: digits, as: UTF8.self))
}
