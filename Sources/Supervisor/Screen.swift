// SPDX-License-Identifier: MIT

internal import Glibc
internal import Linux

/// A pseudo-terminal in the place of this process's own, the settings of that one, and what is typed there.
///
/// Typed bytes are handed on one by one, and mean to the pseudo-terminal what they would have meant to the terminal: ^C, ^D, ^Z.
/// While the terminal is not for this process, nothing is read there, and its settings are left alone.
final class Screen {
    /// Its relay owns it, and closes it when there is nothing to show any more.
    private weak var master: SharedDescriptor?
    /// For the command; nil when that has it.
    private(set) var terminal: SharedDescriptor?
    /// The terminal that is typed at; nil if there is none.
    let keyboard: SharedDescriptor?
    /// The terminal's settings, as they were at first.
    let settings: TerminalSettings
    /// Those of others, while the terminal has those for this process.
    private var before: TerminalSettings?
    private var typed: LockedBuffer
    private var written = 0

    private static let typedLength = 4096

    /// `hasInput`: standard input is a terminal. One of another kind is handed on, and what is typed is for a command that asks at
    /// the terminal of its session.
    init(_ master: SharedDescriptor, _ terminal: SharedDescriptor, _ settings: TerminalSettings, hasInput: Bool) throws(Errno) {
        typed = try LockedBuffer(capacity: Self.typedLength)
        self.master = master
        self.terminal = terminal
        self.settings = settings
        keyboard =
            hasInput ? Self.input() : try? SharedDescriptor(FileDescriptor.open("/dev/tty", [.readOnly, .nonBlocking]).aboveStandard())
    }

    private static func input() -> SharedDescriptor? {
        guard let input = try? SharedDescriptor(FileDescriptor.standard(0)) else { return nil }
        guard let own = input.descriptor.reopenedWithoutWaiting(.readOnly) else { return input }
        return SharedDescriptor(own)
    }

    /// The command has its terminal.
    func started() { terminal = nil }

    /// Whether the terminal has the settings for this process.
    var isTaken: Bool { before != nil }

    /// Whether what is typed is for this process.
    var isForMe: Bool { keyboard?.descriptor.isForMe ?? false }

    /// Takes the terminal.
    func take() {
        guard let keyboard, let now = try? keyboard.descriptor.terminalSettings() else { return }
        let others = before ?? now
        // Fails for a terminal that has hung up.
        guard (try? keyboard.descriptor.set(others.raw)) != nil else { return }
        before = others
    }

    /// Gives it back as it was, unless others have it already.
    func giveBack() {
        guard let keyboard, let others = before else { return }
        before = nil
        if keyboard.descriptor.isForMe { try? keyboard.descriptor.set(others) }
    }

    /// The descriptor to read from, if something can be taken.
    var input: Int32? { isTaken && master != nil && typed.count == 0 ? keyboard?.descriptor.rawValue : nil }

    /// The descriptor to write to, if there is something to write.
    var output: Int32? { typed.count > 0 ? master?.descriptor.rawValue : nil }

    /// Reads what was typed, and types it.
    func read() {
        guard let keyboard else { return }
        do {
            // The end of what is typed is that of the terminal.
            if try typed.append(readingFrom: keyboard.descriptor) == 0 { before = nil }
        } catch {
            // Somebody else has the terminal, or it has hung up: EIO.
            if error != .again { before = nil }
        }
        write()
    }

    /// Types as much as goes without waiting.
    func write() {
        guard let master else { return typed.removeAll() }
        do throws(Errno) {
            while written < typed.count {
                written += try typed.withBytes { bytes throws(Errno) in
                    try master.descriptor.write(bytes.extracting(droppingFirst: written))
                }
            }
        } catch {
            if error == .again { return }
        }
        typed.removeAll()
        written = 0
    }
}
