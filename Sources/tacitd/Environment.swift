// SPDX-License-Identifier: MIT

import CLinux
import Glibc
import Linux

/// The environment as far as this program looks at it.
struct Environment: Sendable {
    var uid: UInt32
    var workingFolder: String
    var variables: [String: String]

    static func ofThisProcess() -> Environment {
        var variables: [String: String] = [:]
        for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "CREDENTIALS_DIRECTORY"] {
            variables[name] = unsafe getenv(name).map { unsafe String(cString: $0) }
        }
        return Environment(uid: geteuid(), workingFolder: String(decoding: ThisProcess.workingFolder, as: UTF8.self), variables: variables)
    }
}
