// Open this file first, then Errno.swift and CallingThread.swift.
//
// What tacit needs of Linux beyond files in the usual sense: who is calling (`CallingThread`, `PeerCredentials`), how the
// daemon protects itself (`Hardening`), its sockets, and the few calls on file descriptors, typed. Words:
// - *foreign*: of a process namespace in which the daemon has no number for the caller; shown as thread 0.
// - *rawValue*: the number that C knows a thing by.
//
// What the module promises: every descriptor has one move-only owner and is close-on-exec; a call that a signal interrupted
// is made again; errors are `Errno` and carry nothing else.
