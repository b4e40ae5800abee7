// SPDX-License-Identifier: MIT

internal import Linux

/// Tells user and group numbers that stand for somebody from those that stand for "nobody that this namespace knows".
///
/// The kernel gives credentials in the daemon's own user namespace. A process that is root only in a namespace of its own has an ordinary
/// number here; one that has no number here at all, because the daemon itself runs in a namespace that doesn't map it, is given the
/// overflow number, 65534. That may also be somebody's own number, such as `nobody`'s: where the two can't be told apart, nobody
/// is let in by it.
struct ForeignIDs: Sendable {
    /// The numbers that stand for nobody known; nil where every number has its meaning.
    private let user: UInt32?
    private let group: UInt32?

    init(userMap: String?, groupMap: String?, overflowUser: UInt32?, overflowGroup: UInt32?) {
        user = Self.isWhole(userMap) ? nil : overflowUser ?? 65534
        group = Self.isWhole(groupMap) ? nil : overflowGroup ?? 65534
    }

    /// user_namespaces(7): what this process's namespace maps, and `/proc/sys/kernel/overflow…`.
    static func ofThisNamespace() -> ForeignIDs {
        ForeignIDs(
            userMap: read("/proc/self/uid_map"), groupMap: read("/proc/self/gid_map"),
            overflowUser: read("/proc/sys/kernel/overflowuid").flatMap(number),
            overflowGroup: read("/proc/sys/kernel/overflowgid").flatMap(number))
    }

    func hasUser(_ uid: UInt32) -> Bool { uid == user }
    func hasGroup(_ gid: UInt32) -> Bool { gid == group }

    /// Whether a map is that of the first namespace: one line, all numbers to themselves. A map that can't be read is not.
    private static func isWhole(_ map: String?) -> Bool {
        map?.split(whereSeparator: \.isWhitespace).elementsEqual(["0", "0", "4294967295"]) ?? false
    }

    private static func number(_ text: String) -> UInt32? {
        text.split(whereSeparator: \.isWhitespace).first.flatMap { UInt32($0) }
    }

    private static func read(_ path: String) -> String? {
        guard let bytes = try? FileDescriptor.open(path, .readOnly).readToEnd(limit: 65536) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
