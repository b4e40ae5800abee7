/// Parsers for what /proc says of a thread. The bytes come from the kernel, but names in them come from anyone.

/// `/proc/<tid>/stat` of proc(5).
struct ThreadStat: Equatable {
    /// The thread's name, up to 15 bytes of any kind; a kernel thread's may be longer.
    let comm: [UInt8]
    /// Number of the parent process.
    let parent: Int64
    /// `PF_…` of the kernel's linux/sched.h.
    let flags: Int64
    /// The status that waitpid(2) would give, where the reader may know it, else 0.
    let exitCode: Int64

    /// Nil for anything that the kernel does not write.
    init?(_ text: [UInt8]) {
        // The name stands in parentheses and may hold any byte, ")" and spaces too; what follows it never does.
        guard let open = text.firstIndex(of: UInt8(ascii: "(")), let close = text.lastIndex(of: UInt8(ascii: ")")),
            open < close
        else { return nil }
        comm = Array(text[(open + 1)..<close])
        // Field 3 of proc(5) is the first here.
        let fields = text[(close + 1)...].split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") })
        guard fields.count >= 50, let parent = number(fields[1]), let flags = number(fields[6]),
            let exitCode = number(fields[49])
        else { return nil }
        self.parent = parent
        self.flags = flags
        self.exitCode = exitCode
    }
}

/// The lines of `/proc/<tid>/status` that tell who a thread acts for.
struct ThreadStatus: Equatable {
    let tgid: UInt32
    let fsuid: UInt32
    let fsgid: UInt32
    /// The supplementary groups.
    let groups: [UInt32]

    /// Nil for anything that the kernel does not write.
    init?(_ text: [UInt8]) {
        var tgid: UInt32?
        var fsuid: UInt32?
        var fsgid: UInt32?
        var groups: [UInt32]?
        // The name, the only part of others' making, comes with its newlines escaped.
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let words = line[(colon + 1)...].split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") })
            switch String(decoding: line[..<colon], as: UTF8.self) {
            case "Tgid": tgid = words.first.flatMap(identifier)
            // Real, effective, saved, file system.
            case "Uid": fsuid = words.count == 4 ? identifier(words[words.startIndex + 3]) : nil
            case "Gid": fsgid = words.count == 4 ? identifier(words[words.startIndex + 3]) : nil
            case "Groups":
                let numbers = words.compactMap(identifier)
                groups = numbers.count == words.count ? numbers : nil
            default: break
            }
        }
        guard let tgid, let fsuid, let fsgid, let groups else { return nil }
        self.tgid = tgid
        self.fsuid = fsuid
        self.fsgid = fsgid
        self.groups = groups
    }
}

/// A decimal number that fits, with a minus sign or without.
private func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    Int64(String(decoding: digits, as: UTF8.self))
}

private func identifier(_ digits: ArraySlice<UInt8>) -> UInt32? {
    UInt32(String(decoding: digits, as: UTF8.self))
}
