// SPDX-License-Identifier: MIT

internal import Glibc
internal import Linux
internal import Masking

/// One stream of output on its way: read where the command writes it, masked, and written where it was to go.
///
/// No more is read before all that was is written, so that a command waits for a slow reader as it would without.
final class Relay {
    /// Nil when it has ended, or is not read any more.
    private var source: SharedDescriptor?
    /// Nil when all is written, or its reader is gone.
    private var outlet: Outlet?
    private var masker: Masker
    private var chunk: LockedBuffer
    /// The bytes that are masked and not written yet, from `written` on.
    private var masked: LockedBuffer
    private var written = 0
    /// When to give out what the masker holds, as `SystemClock.monotonic` counts.
    private(set) var releaseTime: Int64?
    /// When something was read last.
    private(set) var readTime: Int64 = 0
    /// When the outlet last took what had waited for it. Nothing can be read while something waits.
    private(set) var freeTime: Int64 = 0
    private var isWaiting = false
    /// How many bytes are read yet; nil: all that come.
    private var rest: Int?
    /// Why what the command wrote could not be written.
    private(set) var trouble: Errno?

    private static let chunkLength = 16384
    /// The kernel keeps 64 KiB of a pipe and less of a terminal.
    private static let mostChunks = 8
    /// How long a stream is quiet when what may be the beginning of a value is shown: a prompt, most likely.
    private static let quietTime: Int64 = 50_000

    init(from source: SharedDescriptor, to outlet: Outlet, _ values: MaskedValues) throws(MaskError) {
        masker = try Masker(values)
        do {
            chunk = try LockedBuffer(capacity: Self.chunkLength)
            masked = try LockedBuffer(capacity: 2 * Self.chunkLength)
        } catch { throw .memory(error) }
        self.source = source
        self.outlet = outlet
    }

    /// The descriptor to read from, if something can be taken.
    var input: Int32? { masked.count == 0 ? source?.descriptor.rawValue : nil }

    /// The descriptor to write to, if there is something to write.
    var output: Int32? { masked.count > 0 ? outlet?.descriptor : nil }

    /// Whether nothing more will be read.
    var hasEnded: Bool { source == nil }

    /// Whether nothing more will be written.
    var isDone: Bool { outlet == nil }

    /// Reads once, and writes what can be.
    func read() {
        guard let source else { return }
        let count: Int
        do { count = try chunk.append(readingFrom: source.descriptor) } catch {
            if error == .again { return }
            // Of a pseudo-terminal that nobody has open any more: EIO.
            return end()
        }
        guard count > 0 else { return end() }
        readTime = SystemClock.monotonic()
        chunk.withBytes { bytes in masker.take(bytes) { keep($0) } }
        chunk.removeAll()
        releaseTime = masker.isHolding ? readTime + Self.quietTime : nil
        write()
        guard let rest else { return }
        self.rest = rest - count
        if rest <= count { end() }
    }

    /// Reads and gives out what there is, no more than what a command that is stopped can have left.
    func readAll() {
        for _ in 0..<Self.mostChunks where input != nil && isReadable { read() }
        if let due = releaseTime { release(at: due) }
    }

    /// From now on reads no more than there can be by now.
    func readRest() {
        guard rest == nil, let source else { return }
        rest = max(source.descriptor.pipeCapacity ?? 0, Self.mostChunks * Self.chunkLength)
    }

    /// Whether there is something to be read, or its end.
    var isReadable: Bool {
        var ready = Readiness()
        let place = input.map { ready.add(reading: $0) }
        return (try? ready.wait(microseconds: 0)) != nil && ready.isReady(place)
    }

    /// From now on masks these values. What was read and is not given out yet goes through that.
    func mask(_ values: MaskedValues) throws(MaskError) {
        guard source != nil else { return }
        var next = try Masker(values)
        masker.handOver(to: &next) { keep($0) }
        masker = next
        write()
    }

    /// Gives out what the masker holds, if it is time.
    func release(at time: Int64) {
        guard let due = releaseTime, due <= time else { return }
        releaseTime = nil
        masker.release { keep($0) }
        write()
    }

    /// Reads no more: what the command would write is refused to it.
    func end() {
        guard source != nil else { return }
        source = nil
        releaseTime = nil
        masker.finish { keep($0) }
        write()
    }

    /// Writes as much as goes without waiting.
    func write() {
        guard let outlet else { return }
        do throws(Errno) {
            while written < masked.count {
                written += try masked.withBytes { bytes throws(Errno) in try outlet.write(bytes.extracting(droppingFirst: written)) }
            }
        } catch {
            guard error == .again else { return cut(error) }
            isWaiting = true
            return
        }
        if isWaiting { freeTime = SystemClock.monotonic() }
        isWaiting = false
        masked.removeAll()
        written = 0
        if source == nil { self.outlet = nil }
    }

    private func keep(_ bytes: RawSpan) {
        if masked.append(copying: bytes) { return }
        do {
            try masked.grow(to: masked.count + bytes.byteCount + Self.chunkLength)
            _ = masked.append(copying: bytes)
        } catch { trouble = error }
    }

    /// The bytes to write have nowhere to go.
    private func cut(_ error: Errno) {
        // No reader, and a terminal that has hung up, are the command's to know, which gets SIGPIPE or SIGHUP.
        if error != .brokenPipe, outlet?.isTerminal == false { trouble = error }
        source = nil
        outlet = nil
        releaseTime = nil
        masked.removeAll()
        written = 0
    }
}
