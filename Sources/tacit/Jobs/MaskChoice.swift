// SPDX-License-Identifier: MIT

import Glibc
import Linux

/// The choice of a job's outputs that are masked.
enum MaskChoice: Equatable {
    case nothing
    /// Streams that are no terminals.
    case pipes
    case all

    static let options = [
        DeclaredOption("mask", "put *** in place of values in all output, on terminals too"),
        DeclaredOption("no-mask", "leave the output as it is, where it goes to no terminal too"),
    ]

    /// Without an option: where an output is no terminal, those that are none.
    init(_ invocation: Invocation) throws(Failure) {
        let masks = invocation.arguments.has("mask")
        let doesNot = invocation.arguments.has("no-mask")
        if masks, doesNot { throw .usage("--mask and --no-mask exclude each other", of: invocation.command) }
        self = masks ? .all : doesNot || ![STDOUT_FILENO, STDERR_FILENO].contains(where: Self.isPipe) ? .nothing : .pipes
    }

    /// Whether it is open and no terminal.
    private static func isPipe(_ output: Int32) -> Bool {
        isatty(output) == 0 && Errno.current != .badDescriptor
    }
}
