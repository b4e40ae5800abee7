// SPDX-License-Identifier: MIT

import Linux

/// A peer that sends something and hangs up when it is let go of, whatever the answer.
final class UnixStreamPeer {
    private let connection: FileDescriptor

    init(_ path: String, _ request: String) throws {
        connection = try UnixStream.connect(path)
        try connection.writeAll(Array(request.utf8))
    }
}
