// SPDX-License-Identifier: MIT

internal import Linux

/// Room that is given up for what must succeed on a full disk: changes that only take away, and their lines in the audit log.
///
/// Two files: one beside the store, and one beside the audit log if that is on another volume. They are taken up again when such a change
/// is made, as far as there is room, and from then on with the next changes.
final class Reserves: Sendable {
    /// How much of the store's a log on another volume has.
    private static let logShare = 16
    /// Microseconds between two looks whether there is room again.
    private static let pause: Int64 = 1_000_000

    private let all: [Reserve]
    /// When it is to be looked for room again; nil while nothing is missing.
    private let due = Guarded<Int64?>(nil)

    init(_ configuration: VaultConfiguration) {
        let size = configuration.reserve ?? 0
        logLimit = configuration.reserve.map { $0 / 2 }
        let folders = [configuration.storePath, configuration.auditPath].map { FileDescriptor.folder(of: $0) }
        let devices = folders.map { try? FileDescriptor.open($0, .readOnly).status().device }
        var all = [Reserve(path: configuration.storePath + "-reserve", size: size)]
        if devices[0] != devices[1] { all.append(Reserve(path: configuration.auditPath + "-reserve", size: size / Self.logShare)) }
        self.all = all
    }

    /// How long the store's log may be before it is written back, in bytes: what it is then, and what comes to it on a disk that fills up
    /// before that is done, fits into the room that is kept.
    let logLimit: Int?

    /// Takes up what is missing and there is room for.
    func grow() {
        let isWhole = all.reduce(true) { $1.grow() && $0 }
        due.withLock { $0 = isWhole ? nil : SystemClock.monotonic() + Self.pause }
    }

    /// The same, if something is missing and it was not just tried.
    func growIfDue() {
        let isDue = due.withLock { due in
            guard let time = due, time <= SystemClock.monotonic() else { return false }
            due = SystemClock.monotonic() + Self.pause
            return true
        }
        if isDue { grow() }
    }

    /// Gives all of it up; `sparing`, of each only if there is more than half of it. False if there was nothing to give.
    func giveUp(sparing: Bool = false) -> Bool {
        due.withLock { $0 = SystemClock.monotonic() + Self.pause }
        return all.reduce(false) { $1.giveUp(sparing: sparing) || $0 }
    }
}

extension Reserves {
    /// Runs `body`; if a disk is full, once more with all given up for it. `sparing` is as for `giveUp`.
    func lending<Result>(sparing: Bool = false, _ body: () throws(VaultError) -> Result) throws(VaultError) -> Result {
        do throws(VaultError) { return try body() } catch {
            guard case .noSpace = error.cause, giveUp(sparing: sparing) else { throw error }
        }
        defer { grow() }
        return try body()
    }
}

extension Vault {
    /// Runs what only takes away, on a full disk with the reserve given up for it.
    ///
    /// - Parameter remover: who removes something that can be restored, of which rows stay. One half of the reserve is not for users who
    ///   have shares, so that they leave room for revoking and locking.
    func fromReserve<Result>(
        restorableBy remover: Caller? = nil, _ body: () throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        try reserves.lending(sparing: remover.map { isLimited($0.uid) } ?? false, body)
    }

    /// Opens the store; where there is no room to, with the reserve given up.
    static func openStore(
        _ configuration: VaultConfiguration, _ reserves: Reserves, _ open: () throws(VaultError) -> Store
    ) throws(VaultError) -> Store {
        do throws(VaultError) { return try open() } catch {
            let volume = try? VolumeStatistics.of(FileDescriptor.folder(of: configuration.storePath))
            guard let volume, volume.availableBlocks < 1 << 20 / UInt64(max(volume.blockSize, 1)), reserves.giveUp() else { throw error }
        }
        return try open()
    }
}
