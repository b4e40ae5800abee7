// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// How a terminal treats what is typed and shown: termios(3).
package struct TerminalSettings {
    fileprivate var termios: termios

    /// The same, but all that is typed is handed on as it comes, without echo, and all that is written is shown as it is.
    package var raw: TerminalSettings {
        var settings = self
        unsafe cfmakeraw(&settings.termios)
        return settings
    }

    /// The same, but all that is written is shown as it is.
    package var plainOutput: TerminalSettings {
        var settings = self
        settings.termios.c_oflag &= ~tcflag_t(OPOST)
        return settings
    }
}

/// How large a terminal's window is.
package struct TerminalSize: Equatable {
    /// In characters.
    package let rows: UInt16
    /// In characters.
    package let columns: UInt16
    private let width: UInt16
    private let height: UInt16

    fileprivate init(_ size: winsize) {
        rows = size.ws_row
        columns = size.ws_col
        width = size.ws_xpixel
        height = size.ws_ypixel
    }

    fileprivate var winsize: winsize {
        Glibc.winsize(ws_row: rows, ws_col: columns, ws_xpixel: width, ws_ypixel: height)
    }
}

extension FileDescriptor {
    /// isatty(3).
    package var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Throws ENOTTY for what is no terminal, as all of these do.
    package borrowing func terminalSettings() throws(Errno) -> TerminalSettings {
        var result = termios()
        _ = try retrying { unsafe tcgetattr(rawValue, &result) }
        return TerminalSettings(termios: result)
    }

    /// At once. Of a terminal in whose background this process is, SIGTTOU is sent, unless that is held.
    package borrowing func set(_ settings: TerminalSettings) throws(Errno) {
        var settings = settings
        _ = try retrying { unsafe tcsetattr(rawValue, TCSANOW, &settings.termios) }
    }

    /// The size of its window; 0 and 0 where nobody has said.
    package borrowing func terminalSize() throws(Errno) -> TerminalSize {
        var size = winsize()
        _ = try retrying { unsafe tacit_terminal_size(rawValue, &size) }
        return TerminalSize(size)
    }

    /// Its foreground is told by SIGWINCH if that is another size.
    package borrowing func set(_ size: TerminalSize) throws(Errno) {
        var size = size.winsize
        _ = try retrying { unsafe tacit_set_terminal_size(rawValue, &size) }
    }

    /// Whether what is typed there is for this process: it is in the foreground, or the terminal is not the one of its session.
    package var isForMe: Bool {
        let group = tcgetpgrp(rawValue)
        return group < 0 ? Errno.current == .notTerminal : group == getpgrp()
    }

    /// Begins a session, led by this process, on this terminal. Throws EPERM for the leader of a process group.
    package borrowing func leadSession() throws(Errno) {
        _ = try retrying { setsid() }
        _ = try retrying { tacit_lead_terminal(rawValue) }
    }

    /// Makes a process group of the session the terminal's foreground.
    package borrowing func setForeground(group: Int32) throws(Errno) {
        _ = try retrying { tcsetpgrp(rawValue, group) }
    }

    /// The process group in the terminal's foreground; nil of a terminal that is not the session's.
    package var foregroundGroup: Int32? {
        let group = tcgetpgrp(rawValue)
        return group < 0 ? nil : group
    }
}

/// pty(7): a master shows what is written to its terminal, and types what is read there.
extension FileDescriptor {
    /// A new master. Calls on it don't wait. Throws what open(2) of `/dev/ptmx` does, ENOSPC where there are too many.
    package static func terminalMaster() throws(Errno) -> FileDescriptor {
        try open("/dev/ptmx", [.readWrite, .nonBlocking, .noControl]).aboveStandard()
    }

    /// Of a master: its terminal. Linux 4.13 and later.
    package borrowing func terminal() throws(Errno) -> FileDescriptor {
        try FileDescriptor(owning: retrying { tacit_terminal_of(rawValue) }).aboveStandard()
    }
}
