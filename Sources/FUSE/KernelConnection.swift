// SPDX-License-Identifier: MIT

internal import Glibc
internal import Linux

/// The owner of the descriptor of `/dev/fuse`, of the memory that requests lie in, and of the threads that serve them.
final class KernelConnection: Sendable {
    let fileSystem: any FileSystem
    let slots: Slots
    /// Waits for pages: Notifier.swift.
    let pages = Notifier()
    /// Waits for folders' locks.
    let names: NameNotifier
    private let device: FileDescriptor
    /// Takes the descriptor's place at the end.
    private let nowhere: FileDescriptor
    /// The memory of what the kernel reads by itself; nil where it can't.
    private let volume: MemoryVolume?

    /// - Parameters:
    ///   - device: of a new mount.
    ///   - volume: if passthrough is agreed on.
    init(
        _ fileSystem: any FileSystem, _ device: consuming FileDescriptor, _ slots: Slots, _ volume: consuming MemoryVolume?
    ) throws(Errno) {
        self.fileSystem = fileSystem
        self.slots = slots
        self.volume = volume
        nowhere = try FileDescriptor.open("/dev/null", .readWrite)
        names = NameNotifier(keeping: device.rawValue)
        self.device = device
    }

    /// The descriptor of `/dev/fuse`.
    var descriptor: Int32 { device.rawValue }

    /// Whether files can be handed out as `Backing`.
    var passes: Bool {
        switch volume {
        case .some: true
        case .none: false
        }
    }

    func withVolume<Result>(_ body: (borrowing MemoryVolume) throws(Errno) -> Result) throws(Errno) -> Result {
        switch volume {
        case .some(let volume): try body(volume)
        case .none: throw .notSupported
        }
    }

    func startNotifiers() throws(SessionError) {
        do throws(Errno) { try pages.start(keeping: descriptor) } catch { throw .system(error) }
    }

    /// Has all that was to be told the kernel told.
    ///
    /// - Returns: false if it was not by then.
    func stopNotifiers(until deadline: Deadline) -> Bool {
        let isDone = pages.finish(until: deadline)
        return names.finish(until: deadline) && isDone
    }

    /// Breaks the connection off although a thread of ours is inside the kernel with the descriptor, which keeps it open:
    /// a notifier waits for a folder's lock that somebody holds.
    ///
    /// Possible only where fusectl is mounted. The mount exists, since the notifier waits for it.
    func abort(_ mount: Mount) {
        try? FileDescriptor.open("/sys/fs/fuse/connections/\(mount.minor)/abort", .writeOnly).writeAll([UInt8(ascii: "1")])
    }

    /// Closes the connection, so that nobody waits for an answer.
    func sever() {
        // The kernel gives a connection up when its last descriptor is closed. An operation that hangs may still use the
        // number, so it must not become free.
        dup2(nowhere.rawValue, descriptor)
    }
}
