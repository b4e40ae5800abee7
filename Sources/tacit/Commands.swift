// SPDX-License-Identifier: MIT

// tacit: the command beside the mount. It talks to tacitd over the control socket and holds no key: what needs one (init), the
// daemon's program does on its behalf, and what carries one (unlock) passes it on in locked memory.
//
// Start here. `commands` is the one description of all commands: dispatch, `--help`, the completions and the manual's check read
// it. A command is a file in this folder's Commands/ that declares a `Command`, and a name below. `Daemon` is the way to the
// socket, `Failure` the way out, `ExitCode` the table of exit statuses. Values among the words of the command line are taken out of
// them before anything else is done: `CommandWords`.

/// All commands, in the order of the help.
let commands: [Command] = storing + scopes + running + guarding

private let storing: [Command] = [
    .initialize,
    .create, .set, .add, .generate, .get, .list, .finding, .show, .edit, .apply, .move, .copy, .remove, .restore, .history, .rollback,
    .policy, .migrate, .import, .export,
]
private let scopes: [Command] = [Scope.organization, .project, .target].flatMap(\.commands)
private let running: [Command] = [.use, .check, .run, .watch, .due, .jobs, .attach, .render]
private let guarding: [Command] = [.grant, .revoke, .acl, .why, .status, .lock, .unlock, .audit, .doctor, .completion, .help, .version]
