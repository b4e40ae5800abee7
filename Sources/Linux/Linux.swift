// SPDX-License-Identifier: MIT

// Open this file first, then Errno.swift and CallingThread.swift.
//
// The parts of Linux that tacit needs beyond files in the usual sense: who is calling (`CallingThread`, `PeerCredentials`), how the
// daemon protects itself (`Hardening`), its sockets, and the few calls on file descriptors, typed. What a caller is inside of
// is decided in Enclosures.swift. Words:
// - *foreign*: of a process namespace in which the daemon has no number for the caller; shown as thread 0.
// - *held*: of a process that a descriptor stands for, so that its number can't come to mean another unnoticed.
// - *enclosure*: a process with all below it, or a control group with all below it. The process is the enclosure's *root*.
// - *line*: a process, its parent, that one's parent, and so on.
// - *rawValue*: the number that C knows a thing by.
//
// What the module promises: every descriptor has one move-only owner and is close-on-exec; a call that a signal interrupted
// is made again; errors are `Errno` and carry nothing else.
