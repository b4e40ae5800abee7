// SPDX-License-Identifier: MIT

// tacitd: mounts the tree and answers on the control socket, until it is told to stop.
//
// Start here: from the words of the command line to the exit status. `Options` is what was asked for, `Locations` where things
// are when nobody says, `Background` the way off the terminal, `Running` all that runs, in the order in which it starts and stops.
// `Initialization` is the other thing this program does: a new store and its keys, on behalf of `tacit init`.

import ControlAPI
import Linux
import Sodium

enum Tacitd {
    /// The exit status.
    enum ExitCode: Int32 {
        case done = 0
        case failed = 1
        case usage = 2
        case lost = 3
        /// As that of tacit, which runs `tacitd --init`.
        case exists = 8
        case interrupted = 130
    }

    static func run(_ words: [[UInt8]], _ environment: Environment) -> ExitCode {
        do {
            switch try Options.parse(words) {
            case .help: Console.print(Options.help)
            case .version: Console.print("tacitd \(release)\n")
            case .initialize(let options): try Initialization.run(options, environment)
            case .mount(let options): try mount(options, environment)
            }
            return .done
        } catch {
            Console.complain(error)
            return error.exitCode
        }
    }

    /// Before there is any secret, and before there are threads: it may start the program anew.
    static func harden() throws(StartError) {
        do { try Hardening.apply() } catch { throw StartError("\(error)") }
        DescriptorLimit.raise()
        ThisProcess.setName("tacitd")
        do { try Sodium.start() } catch { throw StartError("\(error)") }
    }

    private static func mount(_ options: Options, _ environment: Environment) throws(StartError) {
        guard ThisProcess.procIsMounted else {
            throw StartError("/proc is not mounted, and without it nobody's groups and jobs can be told", hint: "mount -t proc proc /proc")
        }
        let plan = try Plan(options, environment)
        try harden()
        Signals.block()
        let readiness = try options.foreground ? ReadyListener.systemd : Background.enter()
        let running = try Running.start(plan)
        do {
            try readiness.announce()
        } catch {
            try running.stop()
            throw error
        }
        Signals.wait { running.reopenAudit() }
        readiness.announceStopping()
        try running.stop()
    }
}
