// SPDX-License-Identifier: MIT

import ControlAPI
import Linux

extension Command {
    static let help = Command(
        "help", operands: [Operand("[COMMAND]…", .text)], summary: "explain a command, or list all of them", options: []
    ) { invocation throws(Failure) in
        try Tacit.explain(invocation.arguments.operands)
    }

    static let version = Command("version", summary: "print the version", options: []) { _ throws(Failure) in
        try put("tacit \(release)\n")
    }
}
