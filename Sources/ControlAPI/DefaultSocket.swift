// SPDX-License-Identifier: MIT

/// The places where daemon and command meet when nobody says otherwise (tacitd(8), FILES).
package enum DefaultSocket {
    /// The socket of the daemon of the whole machine.
    package static let system = "/run/tacit/tacit.sock"

    /// The socket that the daemon of `uid` makes; nil for a user with neither of the folders.
    ///
    /// - Parameters:
    ///   - runtimeFolder: `XDG_RUNTIME_DIR`, which there is in a login session. A relative path is none: "All paths set in these
    ///     environment variables must be absolute" (XDG Base Directory Specification).
    ///   - dataFolder: as `DefaultStore` says.
    package static func own(uid: UInt32, runtimeFolder: String?, dataFolder: String?) -> String? {
        places(uid: uid, runtimeFolder: runtimeFolder, dataFolder: dataFolder).first
    }

    /// The sockets at which the daemon of `uid` may be: it may have been started in a login session, and be asked by a job of cron(8), or
    /// the other way round.
    package static func places(uid: UInt32, runtimeFolder: String?, dataFolder: String?) -> [String] {
        if uid == 0 { return [system] }
        var folders = dataFolder.map { [$0] } ?? []
        if let runtimeFolder, runtimeFolder.hasPrefix("/") {
            folders.insert(runtimeFolder + "/tacit", at: 0)
        } else {
            folders.append("/run/user/\(uid)/tacit")
        }
        return folders.map { $0 + "/tacit.sock" }
    }
}

/// The place of a user's own store when nobody says otherwise.
package enum DefaultStore {
    /// The store's name in its folder.
    package static let name = "tacit.db"

    /// The folder: `$XDG_DATA_HOME/tacit`, or `~/.local/share/tacit`. Relative paths are none, as above.
    package static func folder(dataHome: String?, home: String?) -> String? {
        if let dataHome, dataHome.hasPrefix("/") { return dataHome + "/tacit" }
        return home.flatMap { $0.hasPrefix("/") ? $0 + "/.local/share/tacit" : nil }
    }
}
