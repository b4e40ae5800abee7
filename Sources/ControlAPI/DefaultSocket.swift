// SPDX-License-Identifier: MIT

/// Where the control socket is when nobody says otherwise.
package enum DefaultSocket {
    /// The daemon of the whole machine.
    package static let system = "/run/tacit/tacit.sock"

    /// The socket of the daemon that `uid` runs; nil for a user without `XDG_RUNTIME_DIR`. A relative path there is none: "All
    /// paths set in these environment variables must be absolute" (XDG Base Directory Specification).
    package static func own(uid: UInt32, runtimeFolder: String?) -> String? {
        if uid == 0 { return system }
        guard let runtimeFolder, runtimeFolder.hasPrefix("/") else { return nil }
        return runtimeFolder + "/tacit/tacit.sock"
    }
}
