// SPDX-License-Identifier: MIT

// Runs a job's command, as if nothing stood between it and who started `tacit run`. Open this file first, then AttendedCommand.swift and
// Attendance.swift.
//
// Words
//   command    what is run; this process is its parent, or the parent of its session's leader
//   relay      a stream of output on its way through a masker (`Relay`)
//   outlet     where a relay's stream goes: what this process has as its own output
//   screen     a pseudo-terminal that the command has in the place of the terminal, and the keyboard that types there (`Screen`)
//   leader     of the session on that pseudo-terminal: a process between, without which nobody could continue what ^Z stops
//
// How the streams go
//   - Standard input, and what is not masked, is handed on as it is.
//   - An output that is masked and no terminal is a pipe of its own. Two outputs that are one file are one pipe: their order is kept.
//   - Where standard output is a terminal and masked, the command has a screen, as all its terminals and as that of its session.
//   - Where only standard error is, it is a pseudo-terminal of its own, which nobody types at.
//
// What it is like
//   - Signals sent to this process reach the command; those of the terminal reach it by the terminal. What is sent to a process group by
//     kill(2) reaches it twice, since nothing tells that it was; from inside of the job nothing is passed on.
//   - Signals that are ignored or held at the start are so for the command.
//   - The command is in this process's group, but for one on a screen. When it stops, this process stops.
//   - When the command has ended, its outputs are read to their end, or until nothing has come for a tenth of a second, at most for two
//     seconds, in case processes of the job are left that have them open. What those write later is lost, with SIGPIPE. Time in which a
//     slow reader is waited for does not count: of what the command has written nothing is lost.
//   - Orphans that become this process's children are waited for while the command runs.
//   - A command whose inputs change (`ChangingInputs`) is sent a signal, or is ended with all that it has started (`Restart`) and started
//     anew. Then standard input and output stay open here until the last end. Of what it prints later all inputs are masked that it had.
//
// What it guarantees
//   - The environment, what is read of outputs before it is masked, and what is typed are in locked memory only, and wiped. On their way
//     they are in pipes, whose memory is the kernel's.
//   - The terminal is as it was when this process stops or ends, also where it is killed.
//   - One thread, one poll(2): nothing happens unless something has come.
