// SPDX-License-Identifier: MIT

import ControlAPI

extension Command {
    static let lock = Command(
        "lock", summary: "make the daemon forget the root key",
        details: """
            Until the store is unlocked again no value can be read. Writes go on: they need
            no key that can read. Only the owner of the store may do it.
            """
    ) { invocation throws(Failure) in
        let answer = try Daemon.ask(DaemonRequest("POST", Endpoint.lock))
        if invocation.wantsJSON { try answer.print() }
    }
}
