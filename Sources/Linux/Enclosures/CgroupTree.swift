// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// A control group of version 2, below the topmost.
package struct Cgroup: Hashable, Sendable {
    /// Its number, which no other ever gets, not even one of the same path.
    package let id: UInt64
    /// Its path as in `/proc/<pid>/cgroup`, such as "/system.slice/build.service".
    package let path: String
}

/// The control groups that the daemon sees (cgroups(7), version 2).
///
/// A group is known by its number, the inode number of its folder: 64 bits, never given twice. A group never gets another parent or
/// name, and is removed only when it and all below are empty. So what is above a number is true of it for ever, and is kept.
package final class CgroupTree: Sendable {
    /// How many groups' ancestors are kept.
    private static let capacity = 1024
    /// How often a thread is asked for its group again, because it was moved meanwhile.
    private static let attempts = 16

    private let root: FileDescriptor
    private let mountpoint: String
    private let device: UInt64
    private let topmost: UInt64
    private let known = Guarded<[UInt64: [UInt64]]>([:])

    /// Finds where they are mounted. What is mounted must begin where the paths of `/proc/<pid>/cgroup` do: at the top of the daemon's
    /// namespace of control groups. Throws `noEntry` where there is no such mount.
    package init() throws(Errno) {
        let table = try FileDescriptor.open("/proc/self/mountinfo", .readOnly).readToEnd(limit: Self.longestTable)
        for place in CgroupMounts.places(in: table) {
            guard let folder = try? FileDescriptor.open(place, [.readOnly, .folder]),
                tacit_file_system(folder.rawValue) == TACIT_CGROUP2
            else { continue }
            let status = try folder.status()
            root = folder
            mountpoint = place
            device = status.device
            topmost = status.inode
            return
        }
        throw .noEntry
    }

    /// Bytes of /proc/self/mountinfo: enough for the 100,000 mounts that Linux allows.
    private static let longestTable = 64 << 20

    /// The group of a path: one as in `/proc/<pid>/cgroup`, or that of its folder. Nothing outside of the tree is touched, whatever the
    /// path. Throws `invalidArgument` for the topmost group, which everybody is in, `noEntry` where there is no such group, and what
    /// openat2(2) says.
    package func cgroup(at path: String) throws(Errno) -> Cgroup {
        let below = path.hasPrefix(mountpoint + "/") ? path.dropFirst(mountpoint.count) : path[...]
        let names = below.split(separator: "/")
        guard !names.isEmpty, !names.contains("."), !names.contains(".."), !path.utf8.contains(0) else { throw .invalidArgument }
        let relative = names.joined(separator: "/")
        let folder = try open(relative)
        let status = try folder.status()
        guard status.device == device, status.inode != topmost else { throw .invalidArgument }
        return Cgroup(id: status.inode, path: "/" + relative)
    }

    private func open(_ path: String) throws(Errno) -> FileDescriptor {
        let relative = String(path.drop { $0 == "/" })
        return FileDescriptor(owning: try retrying { unsafe tacit_open_below(root.rawValue, relative) })
    }

    /// The user whose the group is: who may move processes into it, where it was delegated (cgroups(7)). Throws what `cgroup(at:)` does.
    package func owner(of cgroup: Cgroup) throws(Errno) -> UInt32 {
        let folder = try open(cgroup.path)
        let status = try folder.status()
        guard status.inode == cgroup.id else { throw .noEntry }
        return status.uid
    }

    /// Whether the group is still there: also where that can't be told, for want of descriptors or memory.
    package func has(_ cgroup: Cgroup) -> Bool {
        do throws(Errno) { return try self.cgroup(at: cgroup.path) == cgroup } catch { return error != .noEntry }
    }

    /// The groups that a thread is in, from the topmost down. It must wait for the caller.
    ///
    /// Throws `noSuchProcess` where there is no such thread, `again` if it is moved faster than it can be looked at, and `notSupported` if
    /// its group is not where its path says: somebody has changed what is mounted.
    func groups(ofThread tid: Int32) throws(Errno) -> [UInt64] {
        try groups(
            number: { ThreadHandles.shared.cgroup(of: tid) },
            path: { () throws(Errno) in try Self.path(inFolder: "/proc/\(tid)") })
    }

    /// As `groups(ofThread:)`, of all threads of a process that can run yet: once for each group that one of them sits in. One that has
    /// ended stays in the group that it ended in, the first thread for as long as the others run: who moves a process does not move it.
    ///
    /// Throws `noSuchProcess` if none can run.
    func groups(of process: HeldProcess) throws(Errno) -> [[UInt64]] {
        let folder = "/proc/\(process.id)/task"
        let threads: [Int32]
        do throws(Errno) { threads = try numberedEntries(of: folder) } catch { throw error == .noEntry ? .noSuchProcess : error }
        guard threads.contains(where: { $0 != process.id }) else { return [try groups(ofFirst: process)] }
        var places: [[UInt8]: [Int32]] = [:]
        for thread in threads {
            do throws(Errno) { places[try Self.path(inFolder: "\(folder)/\(thread)"), default: []].append(thread) } catch {
                guard error == .noSuchProcess else { throw error }
            }
        }
        if places.count > 1 {
            for (path, threads) in places where !(try Self.canRun(threads, of: folder)) { places[path] = nil }
        }
        // The number was still the process's when all of this was read.
        try process.checkPresence()
        guard !places.isEmpty else { throw .noSuchProcess }
        var found: [[UInt64]] = []
        for path in places.keys { found.append(try groups(number: { nil }, path: { path })) }
        return found
    }

    private func groups(ofFirst process: HeldProcess) throws(Errno) -> [UInt64] {
        try groups(
            number: { PidfdInfo.cgroup(process.pidfd) },
            path: { () throws(Errno) in
                let path = try Self.path(inFolder: "/proc/\(process.id)")
                try process.checkPresence()
                return path
            })
    }

    /// Whether one of these threads has memory yet: without, it never runs a program again.
    private static func canRun(_ threads: [Int32], of folder: String) throws(Errno) -> Bool {
        for thread in threads {
            do throws(Errno) {
                if try ThreadStatus.read(inFolder: "\(folder)/\(thread)").hasMemory { return true }
            } catch {
                guard error == .noSuchProcess else { throw error }
            }
        }
        return false
    }

    /// `number`: of the group, nil where the kernel does not tell; `path`: what /proc says.
    func groups(
        number: () -> UInt64?, path: () throws(Errno) -> [UInt8]
    ) throws(Errno) -> [UInt64] {
        for _ in 0..<Self.attempts {
            let number = number()
            if let number, let kept = known.withLock({ $0[number] }) { return kept }
            let path = try path()
            // Above all that we see, so in no group of the tree but its topmost, at most.
            if path.split(separator: UInt8(ascii: "/")).first?.elementsEqual("..".utf8) == true { return [] }
            guard let groups = try groups(on: path) else { continue }
            // A process whose group has no number is in the groups whose folders the path leads to. One that was there before the path was
            // read, and is there after, was there in between.
            guard let number else { return groups }
            guard groups.last == number else { continue }
            known.withLock { known in
                if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
                known[number] = groups
            }
            return groups
        }
        throw .again
    }

    /// Numbers of the groups on a path, from the topmost down; nil if one is not there. The last was there when its parents were looked
    /// at, if it was there before, so that the path led through them.
    private func groups(on path: [UInt8]) throws(Errno) -> [UInt64]? {
        var groups = [topmost]
        var relative: [CChar] = []
        for name in path.split(separator: UInt8(ascii: "/")) {
            if !relative.isEmpty { relative.append(CChar(bitPattern: UInt8(ascii: "/"))) }
            relative.append(contentsOf: name.map { CChar(bitPattern: $0) })
            var status = stat()
            do throws(Errno) {
                _ = try retrying { unsafe fstatat(root.rawValue, relative + [0], &status, AT_SYMLINK_NOFOLLOW) }
            } catch {
                guard error == .noEntry else { throw error }
                return nil
            }
            guard UInt64(status.st_dev) == device else { throw .notSupported }
            groups.append(UInt64(status.st_ino))
        }
        return groups
    }

    /// The path of a thread's group in the tree of version 2, in our namespace, by its folder in /proc: reading it takes no lock that the
    /// thread could hold.
    private static func path(inFolder folder: String) throws(Errno) -> [UInt8] {
        let start = Array("0::".utf8)
        let lines = try readProc(folder + "/cgroup").split(separator: UInt8(ascii: "\n"))
        guard let line = lines.first(where: { $0.starts(with: start) }) else { throw .notSupported }
        return Array(line.dropFirst(start.count))
    }
}

/// `/proc/<pid>/mountinfo` of proc(5), for where control groups of version 2 are mounted from their top.
enum CgroupMounts {
    /// The folders, as they are named; of several mounts on one folder the last counts.
    static func places(in table: [UInt8]) -> [String] {
        var places: [String] = []
        for line in table.split(separator: UInt8(ascii: "\n")) {
            // Number, parent, device, root, mountpoint, options, optional fields, "-", type, source, options.
            let fields = line.split(separator: UInt8(ascii: " "))
            guard fields.count > 4, let dash = fields.firstIndex(of: [UInt8(ascii: "-")]), dash + 1 < fields.count,
                let place = plain(fields[4])
            else { continue }
            places.removeAll { $0 == place }
            if fields[3].elementsEqual("/".utf8), fields[dash + 1].elementsEqual("cgroup2".utf8) { places.append(place) }
        }
        return places
    }

    /// A name without its escapes: three octal digits behind a backslash. Nil for one that is no text.
    private static func plain(_ name: ArraySlice<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var rest = name
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) else { return nil }
            bytes.append(code)
            rest = rest.dropFirst(3)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
