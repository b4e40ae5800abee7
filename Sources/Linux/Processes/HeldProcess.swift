// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc
internal import Synchronization

/// A process, held by a pidfd (pidfd_open(2)): what is told of it here is told of this one, whoever has its number by now.
///
/// Two that are held under one number at one time, neither of them ended, are the same process: no start time is compared, which
/// would have to be read from a file that can hang (`CallingThread`).
package final class HeldProcess: Sendable {
    /// Its number, in the daemon's namespace.
    package let id: Int32
    let pidfd: FileDescriptor
    private let ended = Atomic(false)
    private let name = Mutex<NameFile?>(nil)
    private let above = Mutex<Remembered?>(nil)

    private final class NameFile: Sendable {
        let file: FileDescriptor
        init(_ file: consuming FileDescriptor) { self.file = file }
    }

    /// The processes above a process. They stay the same until the parent ends: nothing else changes the parent.
    enum Above: Sendable {
        case parent(HeldProcess)
        /// Nothing that has a number here: of the first process, and of one that was put into the daemon's namespace from outside. Such
        /// a one stays without: whoever takes its parent's place is of the parent's namespace.
        case nothing
    }

    /// A held process holds none of those above it.
    private enum Remembered: Sendable {
        case parent(Weak)
        case nothing

        struct Weak: Sendable {
            weak let process: HeldProcess?
        }
    }

    private init(id: Int32, _ pidfd: consuming FileDescriptor) {
        self.id = id
        self.pidfd = pidfd
    }

    /// Holds the process that has the number now. Throws `noSuchProcess` where none has it, `noSystemCall` before Linux 5.3, and
    /// EMFILE where there are too many descriptors.
    package static func open(_ id: Int32) throws(Errno) -> HeldProcess {
        guard id > 0 else { throw .noSuchProcess }
        return HeldProcess(id: id, FileDescriptor(owning: try retrying { tacit_pidfd_open(id, 0) }))
    }

    /// Holds the process that connected a unix socket; it may have ended. Throws `noSuchProcess` for a foreign one, and what
    /// getsockopt(2) says.
    ///
    /// Before Linux 6.5 the kernel does not tell but the number: then it is who has that now, if that is the same user's.
    package static func peer(of socket: Int32) throws(Errno) -> HeldProcess {
        let credentials = try PeerCredentials(of: socket)
        guard credentials.pid > 0 else { throw .noSuchProcess }
        do throws(Errno) {
            return HeldProcess(id: credentials.pid, FileDescriptor(owning: try retrying { tacit_peer_pidfd(socket) }))
        } catch .noProtocolOption {
            return try peer(byNumber: credentials)
        }
    }

    /// Between connecting and now the number may have passed to another process: of the same user it is taken for the one that connected,
    /// who could have had it connect. Throws `noSuchProcess` for one of somebody else.
    static func peer(byNumber credentials: PeerCredentials) throws(Errno) -> HeldProcess {
        let process = try open(credentials.pid)
        let now = try ThreadCredentials.fromProc(of: credentials.pid)
        try process.checkPresence()
        guard now.fsuid == credentials.uid, now.fsgid == credentials.gid, !now.isKernelThread else { throw .noSuchProcess }
        return process
    }

    /// Whether all its threads have ended, waited for by the parent or not. Once true, it stays so.
    package var hasEnded: Bool {
        if isKnownEnded { return true }
        // Twice: while a thread that is not the first executes a program (execve(2)), the kernel may look at the thread that it
        // replaces, once.
        guard isReadable, isReadable else { return false }
        ended.store(true, ordering: .relaxed)
        return true
    }

    /// Whether somebody has seen it ended.
    var isKnownEnded: Bool { ended.load(ordering: .relaxed) }

    private var isReadable: Bool {
        var waiting = pollfd(fd: pidfd.rawValue, events: Int16(POLLIN), revents: 0)
        // Fails for want of memory, if at all: then it counts as ended.
        return (try? retrying { unsafe poll(&waiting, 1, 0) }) != 0
    }

    /// The first of these processes that has ended, of all in one call; nil if none had when it was made. Throws what poll(2) does.
    static func firstEnded(of processes: [HeldProcess]) throws(Errno) -> Int? {
        var waiting = processes.map { pollfd(fd: $0.pidfd.rawValue, events: Int16(POLLIN), revents: 0) }
        guard try retrying({ unsafe poll(&waiting, nfds_t(waiting.count), 0) }) > 0 else { return nil }
        return waiting.indices.first { waiting[$0].revents != 0 && processes[$0].hasEnded }
    }

    /// Number of its parent now; 0 where that has none here. Of a process that has ended too, until it is waited for: from then on
    /// `noSuchProcess` is thrown. Throws EACCES where /proc hides the process from the daemon, before Linux 6.13.
    func parent() throws(Errno) -> Int32 {
        if let told = PidfdInfo.parent(pidfd) { told } else { try parentFromProc() }
    }

    func parentFromProc() throws(Errno) -> Int32 {
        let status: ThreadStatus
        do throws(Errno) { status = try ThreadStatus.read(of: id) } catch {
            try checkPresence()
            throw error == .noSuchProcess ? .accessDenied : error
        }
        try checkPresence()
        return Int32(bitPattern: status.ppid)
    }

    /// Its name now, as `ps` shows it: bytes of any kind, of its own choice. Throws `noSuchProcess` if it is gone.
    package func comm() throws(Errno) -> [UInt8] {
        try ThreadName.read(from: nameFile().file)
    }

    private func nameFile() throws(Errno) -> NameFile {
        if let kept = name.withLock({ $0 }) { return kept }
        let file: FileDescriptor
        do throws(Errno) { file = try FileDescriptor.open("/proc/\(id)/comm", .readOnly) } catch {
            throw error == .noEntry ? .noSuchProcess : error
        }
        // The file is this process's for ever if the number still was when it was opened.
        try checkPresence()
        let opened = NameFile(file)
        name.withLock { $0 = opened }
        return opened
    }

    /// Checks that facts learned by the number, after `self` was held, are of this process: they are while nobody has waited for it.
    /// Throws `noSuchProcess` if it has been waited for.
    func checkPresence() throws(Errno) {
        do throws(Errno) { _ = try retrying { tacit_pidfd_signal(pidfd.rawValue, 0) } } catch {
            // EPERM: there, and somebody else's.
            guard error == .notPermitted else { throw error }
        }
    }

    /// The process seen above it, true as long as that has not ended; nil also if that is held no more.
    var remembered: Above? {
        switch above.withLock({ $0 }) {
        case .parent(let parent)?: parent.process.map { .parent($0) }
        case .nothing?: .nothing
        case nil: nil
        }
    }

    func remember(_ seen: Above) {
        let remembered: Remembered =
            switch seen {
            case .parent(let parent): .parent(Remembered.Weak(process: parent))
            case .nothing: .nothing
            }
        above.withLock { $0 = remembered }
    }
}
