// SPDX-License-Identifier: MIT

import FUSE
import Glibc
import Linux

@testable import SecretFS

/// Writing through the mount.
extension Operation {
    /// The calls between open(2) and close(2). An offset below 0 counts from the end that stat(2) tells.
    enum Step {
        case write(String, at: Int)
        case truncate(Int)
    }

    /// Opens a file, does the steps until one fails, and closes it.
    static func writing(_ path: String, _ flags: Int32, _ steps: [Step], _ what: String) -> Operation {
        .change("\(what) \(path)") { caller in
            let size = steps.contains(where: \.isFromEnd) ? caller.size(path) ?? 0 : 0
            guard let file = caller.open(path, flags) else { return }
            for step in steps {
                let isDone =
                    switch step {
                    case .write(let text, let offset): caller.write(file, Array(text.utf8), at: offset < 0 ? size + offset : offset)
                    case .truncate(let length): caller.truncate(file, to: length < 0 ? size + length : length)
                    }
                guard isDone else { break }
            }
            caller.close(file)
        }
    }

    /// Overwrites some bytes, at each offset in turn, and takes it back before the close.
    private static func probing(_ path: String, by text: String) -> Operation {
        .change("overwrite bytes of \(path) with \(text.utf8.count), each by itself, and take it back") { caller in
            for offset in 2..<14 {
                guard let file = caller.open(path, O_WRONLY) else { return }
                caller.write(file, Array(text.utf8), at: offset)
                caller.truncate(file, to: 0)
                caller.close(file)
            }
        }
    }

    private static let whole = O_WRONLY | O_CREAT | O_TRUNC

    static var writing: [Operation] {
        [
            writing("acme/web/priv/vars/A", whole, [.write("new\n", at: 0)], "write"),
            writing("acme/web/mix/files/in/key", whole, [.write("new", at: 0)], "write"),
            writing("acme/web/mix/files/pub/new", whole, [.write("new", at: 0)], "write"),
            writing("acme/web/open/vars/P", whole, [.write("p2", at: 0)], "write"),
            writing("acme/web/priv/vars/A", O_WRONLY, [.write("a", at: 0)], "overwrite the first byte of"),
            writing("acme/web/priv/vars/LAST", O_WRONLY, [.write("a", at: 0)], "overwrite the first byte of"),
            writing("acme/web/mix/files/in/key", O_WRONLY, [.write("a", at: 1)], "overwrite a byte of"),
            writing("acme/web/priv/vars/A", O_WRONLY, [.truncate(-1)], "truncate by one"),
            writing("acme/web/mix/files/in/key", O_WRONLY, [.truncate(1)], "truncate to one"),
            writing("acme/web/priv/env", O_WRONLY | O_APPEND, [.write("NEW=1\n", at: 0)], "append to"),
            writing("acme/web/priv/env", O_WRONLY | O_TRUNC, [.write("A=1\nB='2 3'\n", at: 0)], "write"),
            writing("acme/web/mix/env", O_WRONLY | O_TRUNC | O_APPEND, [.write("X=1\n", at: 0)], "empty, then append to"),
            writing("acme/web/word/env", O_WRONLY, [.write("=", at: -1), .write("A=\n", at: 0)], "make a name of a value in"),
            probing("acme/web/priv/env", by: "\n"),
            probing("acme/web/word/env", by: "=1\n#"),
            .change("truncate(2) acme/web/priv/vars/A") { $0.truncate("acme/web/priv/vars/A", to: 2) },
            .change("truncate(2) acme/web/priv/env") { $0.truncate("acme/web/priv/env", to: 9) },
        ]
            + [("acme/web/priv/vars/A", O_RDWR), ("acme/web/priv/env", O_RDWR | O_TRUNC), ("acme/web/open/vars/P", O_RDWR)].map {
                path, flags in
                .change("open for reading and writing \(path)") { caller in
                    guard let file = caller.open(path, flags) else { return }
                    caller.read(file)
                    caller.write(file, Array("b".utf8), at: 0)
                    caller.read(file)
                    caller.close(file)
                }
            }
    }

    /// Like others, in other words.
    static var moreWriting: [Operation] {
        [
            writing("acme/web/priv/vars/NEW", whole, [.write("new", at: 0)], "write"),
            writing("acme/web/mix/files/in/new", whole, [], "touch"),
            writing("acme/web/priv/vars/A", O_WRONLY, [.write("'", at: -1)], "overwrite the last byte of"),
            writing("acme/web/priv/vars/A", O_WRONLY | O_APPEND, [.write("a", at: 0)], "append to"),
            writing("acme/web/mix/files/in/key", O_WRONLY | O_APPEND, [.write("a", at: 0)], "append to"),
            writing("acme/web/mix/files/in/key", O_WRONLY, [.truncate(40)], "truncate to more"),
            writing("acme/web/mix/env", O_WRONLY, [.truncate(0), .write("Y=1\n", at: 0)], "empty by ftruncate, then write"),
            writing("acme/web/priv/env", O_WRONLY, [.write("\nA=", at: 9)], "overwrite a middle of"),
            writing("acme/web/priv/env", O_WRONLY, [.truncate(-3)], "truncate by three"),
            .change("open priv/env and keep it open") { caller in
                caller.held["env"].map(caller.close)
                caller.held["env"] = caller.open("acme/web/priv/env", O_WRONLY)
            },
            .change("write to what is kept open") { caller in caller.held["env"].map { _ = caller.write($0, Array("B=".utf8), at: 4) } },
            .change("close what is kept open") { caller in caller.held.removeValue(forKey: "env").map(caller.close) },
        ]
    }
}

extension Operation.Step {
    fileprivate var isFromEnd: Bool {
        switch self {
        case .write(_, let offset): offset < 0
        case .truncate(let size): size < 0
        }
    }
}

extension WorldUser {
    /// truncate(2)
    fileprivate func truncate(_ path: String, to size: UInt64) {
        guard let inode = find(path) else { return }
        call("truncate") { files, request throws(Errno) in
            _ = try files.setattr(inode, .init(size: size), handle: nil, request)
        }
    }
}
