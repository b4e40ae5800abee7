// SPDX-License-Identifier: MIT

import Foundation
import Glibc

/// systemd's own reader of `EnvironmentFile=`: `load_env_file` in the library that its programs share.
package enum Systemd {
    package struct Failure: Error, Equatable {
        package let code: Int32

        package init(code: Int32) { self.code = code }
    }

    private typealias LoadEnvFile =
        @convention(c) (
            OpaquePointer?, UnsafePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
        ) -> Int32

    private static let function: LoadEnvFile? = {
        let manager = FileManager.default
        let folders =
            ["/usr/lib/systemd", "/usr/lib64/systemd"]
            + ((try? manager.contentsOfDirectory(atPath: "/usr/lib")) ?? []).map { "/usr/lib/\($0)/systemd" }
        for folder in folders {
            for name in (try? manager.contentsOfDirectory(atPath: folder)) ?? []
            where name.hasPrefix("libsystemd-shared-") && name.hasSuffix(".so") {
                guard let library = unsafe dlopen("\(folder)/\(name)", RTLD_NOW),
                    let symbol = unsafe dlsym(library, "load_env_file")
                else { continue }
                return unsafe unsafeBitCast(symbol, to: LoadEnvFile.self)
            }
        }
        return nil
    }()

    /// The assignments `NAME=value` as systemd reads them.
    package static func load(_ text: [UInt8]) throws -> [[UInt8]] {
        guard let load = unsafe function else {
            throw Trouble("systemd is not installed, and this test needs it")
        }
        let scratch = try Scratch()
        let file = try scratch.file("env", Data(text))
        var strings: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let result = unsafe load(nil, file, &strings)
        if result < 0 { throw Failure(code: -result) }
        var read: [[UInt8]] = []
        if let strings = unsafe strings {
            var index = 0
            while let string = unsafe strings[index] {
                read.append(unsafe Array(UnsafeRawBufferPointer(start: string, count: strlen(string))))
                unsafe free(string)
                index += 1
            }
            unsafe free(strings)
        }
        return read
    }
}
