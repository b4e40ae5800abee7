// SPDX-License-Identifier: MIT

internal import Linux
internal import Sodium

/// One file of the audit log while it is written: which file it is, where it ends, how much of it the disk has, and the last of its lines,
/// which can be written again if the disk or somebody at the file's path loses them.
struct AuditFile: ~Copyable {
    /// Open with O_APPEND. Shared, so that it can be synced while lines are written to it.
    let open: OpenFile
    /// Device and inode: whether another file lies at the path.
    let identity: Identity
    /// The end of the log.
    private(set) var head: AuditAnchor
    /// The end of what fdatasync(2) said it wrote.
    private(set) var synced: AuditAnchor
    /// A line was written in part and could not be taken back: nothing may follow it.
    private(set) var isTorn = false
    /// The last lines, complete, each behind the chain that it continues. Those after `synced` are always among them.
    private var lines: [[UInt8]] = []
    private var bytes = 0
    /// Up to where room on the disk was taken up.
    private var roomEnd: Int64 = 0
    /// How many of `lines`, from the first, were synced and in their place at `confirmedAt`.
    private var confirmed = 0
    private var confirmedAt: Int64 = 0

    final class OpenFile: Sendable {
        let file: FileDescriptor
        init(_ file: consuming FileDescriptor) { self.file = file }
    }

    struct Identity: Equatable {
        let device: UInt64
        let inode: UInt64

        init(_ status: FileDescriptor.Status) {
            device = status.device
            inode = status.inode
        }
    }

    /// Goes on behind `head` in a file that was opened or made at the log's path.
    init(_ file: consuming FileDescriptor, head: AuditAnchor) throws(Errno) {
        identity = Identity(try file.status())
        open = OpenFile(file)
        self.head = head
        synced = head
    }

    /// Whether so many lines wait for the disk that the next must wait for it too.
    var isCrowded: Bool { bytes > Self.mostKept }
    private static let mostKept = 16 << 20

    /// Makes drafts the next lines (one write(2)). When this throws, nothing of them is in the file, unless `isTorn` says so.
    mutating func append(_ drafts: consuming [[UInt8]], key: SecretBox) throws(AuditError) {
        var finished = consume drafts
        var next = head
        for index in finished.indices {
            let before = next.chain
            do { next.chain = try AuditLine.finish(&finished[index], after: before, key: key.bytes) } catch { throw AuditError("\(error)") }
            next.count += 1
            next.offset += Int64(finished[index].count - before.count)
        }
        do throws(Errno) {
            try write(finished)
        } catch {
            let cause = error
            roomEnd = 0
            do { try open.file.truncate(to: head.offset) } catch { isTorn = true }
            throw AuditError(cause)
        }
        bytes += Int(next.offset - head.offset)
        head = next
        lines += finished
    }

    /// Takes up room on the disk for lines of so many bytes in all.
    mutating func makeRoom(for bytes: Int) throws(AuditError) {
        let end = (head.offset + Int64(bytes)) / Self.block * Self.block + Self.block
        guard end > roomEnd else { return }
        do { try open.file.makeRoom(from: head.offset, to: end) } catch { throw AuditError(error) }
        roomEnd = end
    }

    private static let block: Int64 = 4096

    /// Each line lies behind the chain before it, which is not written.
    private func write(_ lines: [[UInt8]]) throws(Errno) {
        // One line, as that of an open, is written from where it lies.
        if let line = lines.first, lines.count == 1 { return try write(line, from: AuditLine.firstChain.count) }
        try write(lines.reduce(into: []) { $0 += $1[AuditLine.firstChain.count...] }, from: 0)
    }

    private func write(_ text: [UInt8], from start: Int) throws(Errno) {
        let written = try unsafe open.file.write(text.span.bytes.extracting(droppingFirst: start))
        guard written == text.count - start else { throw .noSpace }
    }

    /// Notes that the disk has the file up to `anchor`, which `head` was before the sync.
    mutating func noteSynced(_ anchor: AuditAnchor) {
        if anchor.count > synced.count { synced = anchor }
    }

    /// Notes that the file lay at its path after the last sync. Lines are forgotten a while after that: whoever moves a log to another
    /// disk or copies and truncates it reads its end a moment before they take it away, and what comes in that moment is in no copy.
    mutating func noteInPlace(now: Int64) {
        guard now - confirmedAt >= Self.while || isCrowded else { return }
        bytes -= lines.prefix(confirmed).reduce(0) { $0 + $1.count - AuditLine.firstChain.count }
        lines.removeFirst(confirmed)
        confirmed = lines.count - unsyncedCount
        confirmedAt = now
    }

    /// Microseconds.
    private static let `while`: Int64 = 100_000

    private var unsyncedCount: Int { min(lines.count, Int(clamping: head.count - synced.count)) }

    /// The lines that the disk may not have.
    var unsynced: [[UInt8]] { lines.suffix(unsyncedCount) }
    /// Those, and others of the last moment that may have been lost with the file.
    var recent: [[UInt8]] { lines }

    /// Whether another descriptor is of this file, and shows it up to `synced` as it was written, so that the unsynced lines, of so many
    /// bytes in all, belong right behind that.
    func isIntact(in file: borrowing FileDescriptor, behindWhichBelong count: Int) throws(Errno) -> Bool {
        let status = try file.status()
        guard Identity(status) == identity, status.size >= synced.offset, synced.offset + Int64(count) == head.offset else { return false }
        guard synced.offset > 0 else { return true }
        return try Self.chain(of: file, endingAt: synced.offset) == synced.chain
    }

    /// Takes over what another descriptor of this file has brought to the disk.
    mutating func noteRewritten(with file: consuming FileDescriptor) throws(Errno) {
        var next = try AuditFile(file, head: head)
        next.lines = lines
        next.bytes = bytes
        self = next
    }

    /// Notes that somebody else has written to the file up to `size`.
    mutating func noteForeignBytes(upTo size: Int64) {
        head.offset = size
    }

    /// How long the file is without those of the last lines that it still ends with: what was left when it was cut short, before lines
    /// were written behind that.
    func lengthWhenCut(_ size: Int64) throws(Errno) -> Int64 {
        var end = size
        for line in lines.reversed() {
            let text = line.dropFirst(AuditLine.firstChain.count)
            guard end >= Int64(text.count), try open.file.readBackwards(from: end, longest: text.count).elementsEqual(text) else { break }
            end -= Int64(text.count)
        }
        return end
    }
}

/// The ends of files of the log.
extension AuditFile {
    /// Opens what lies at the path, or makes it; throws if that is no regular file.
    static func open(_ path: String, appending: Bool = true) throws(AuditError) -> FileDescriptor {
        let isRegularFile: Bool
        do throws(Errno) {
            let flags: FileDescriptor.OpenFlags = [.readWrite, .create, .noFollow, .nonBlocking]
            let file = try FileDescriptor.open(path, appending ? flags.union(.append) : flags, permissions: 0o600)
            isRegularFile = try file.status().isRegularFile
            if isRegularFile { return file }
        } catch { throw AuditError(error) }
        throw AuditError("not a regular file")
    }

    /// Cuts half a line off the end. Returns the length of the file, and the chain of its last line: nil if it has none that can be read.
    static func recover(_ file: borrowing FileDescriptor) throws(Errno) -> (end: Int64, chain: [UInt8]?) {
        var end = try file.status().size
        let tail = try file.readBackwards(from: end, longest: AuditLine.limit)
        let newline = tail.lastIndex(of: UInt8(ascii: "\n"))
        let torn = tail.count - (newline.map { $0 + 1 } ?? 0)
        if torn > 0 {
            end -= Int64(torn)
            try file.truncate(to: end)
        }
        return (end, end == 0 ? nil : try chain(of: file, endingAt: end))
    }

    /// The chain of the line that ends with the newline in front of `end`.
    static func chain(of file: borrowing FileDescriptor, endingAt end: Int64) throws(Errno) -> [UInt8]? {
        let tail = try file.readBackwards(from: end, longest: AuditLine.limit)
        guard tail.last == UInt8(ascii: "\n") else { return nil }
        let text = tail.dropLast()
        let start = text.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return unsafe AuditLine.parse(Array(text[start...]).span.bytes)?.chain
    }
}
