// SPDX-License-Identifier: MIT

import ControlAPI
import CLinux
import Linux

/// Where things are when nobody says otherwise (tacitd(8), FILES).
struct Locations: Equatable {
    let store: String
    let nodeKey: String
    let audit: String
    /// Where `--init` writes the root key, and where it is looked for.
    let rootKey: String
    /// The root key that systemd hands over; looked for first.
    let credential: String?
    let socket: String?

    /// Throws if a user's home is not known.
    init(_ environment: Environment) throws(StartError) {
        let uid = environment.uid
        let data: String
        if uid == 0 {
            data = "/var/lib/tacit"
            rootKey = "/etc/tacit/root.key"
        } else {
            guard
                let folder = DefaultStore.folder(
                    dataHome: environment.variables["XDG_DATA_HOME"], home: environment.variables["HOME"])
            else { throw Self.noHome }
            data = folder
            rootKey = try Self.folder("XDG_CONFIG_HOME", below: ".config", environment) + "/tacit/root.key"
        }
        store = data + "/" + DefaultStore.name
        nodeKey = data + "/node.key"
        audit = data + "/audit.log"
        credential = environment.variables["CREDENTIALS_DIRECTORY"].map { $0 + "/tacit.root-key" }
        socket = DefaultSocket.own(uid: uid, runtimeFolder: environment.variables["XDG_RUNTIME_DIR"], dataFolder: data)
    }

    /// "All paths set in these environment variables must be absolute. If an implementation encounters a relative path in any of
    /// these variables it should consider the path invalid and ignore it." (XDG Base Directory Specification)
    private static func folder(_ variable: String, below: String, _ environment: Environment) throws(StartError) -> String {
        if let folder = environment.variables[variable], folder.hasPrefix("/") { return folder }
        guard let home = environment.variables["HOME"], home.hasPrefix("/") else { throw noHome }
        return home + "/" + below
    }

    private static var noHome: StartError {
        StartError("there is no home folder to keep things in", hint: "set HOME, or give --store and the other files")
    }
}
