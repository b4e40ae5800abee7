// SPDX-License-Identifier: MIT

import Linux
import Vault

/// The options on the command line.
struct Options: Equatable {
    var foreground = false
    var json = false
    var passphrase = false
    var nonempty = false
    /// As they were written: `Plan` makes paths whole.
    var mountpoint: String?
    var store: String?
    var keyFile: String?
    var keyCommand: String?
    var nodeKey: String?
    var socket: String?
    var audit: String?
    /// Bytes.
    var maxValue: Int?
    /// Milliseconds.
    var keepPages: Int?
    /// Whether the kernel may read values by itself.
    var passthrough = true
    var shares = Shares()
    /// Bytes; nil for none.
    var reserve: Int? = Options.usualReserve

    static let usualReserve = 16 << 20

    enum Request: Equatable {
        case help, version
        case initialize(Options)
        case mount(Options)
    }

    /// The options with an argument, which `-o NAME=VALUE` sets as well, so that /etc/fstab can.
    private static let settings: [(option: CommandOption, set: @Sendable (inout Options, String) throws(StartError) -> Void)] = [
        (CommandOption("store", argument: "FILE", "keep secrets in FILE"), { $0.store = $1 }),
        (CommandOption("key-file", argument: "FILE", "read the root key, or its passphrase, from FILE"), { $0.keyFile = $1 }),
        (CommandOption("key-command", argument: "COMMAND", "run COMMAND, which prints it"), { $0.keyCommand = $1 }),
        (CommandOption("node-key", argument: "FILE", "read this machine's key from FILE"), { $0.nodeKey = $1 }),
        (CommandOption("socket", argument: "PATH", "answer tacit(1) at PATH"), { $0.socket = $1 }),
        (CommandOption("audit", argument: "FILE", "write the audit log to FILE"), { $0.audit = $1 }),
        (
            CommandOption("max-value", argument: "SIZE", "take values of at most SIZE bytes; 64K and 16M are sizes"),
            { options, size throws(StartError) in options.maxValue = try Size.parse(size) }
        ),
        (
            CommandOption("keep-pages", argument: "MS", "let the kernel keep values for MS ms after the last close (100)"),
            { options, time throws(StartError) in options.keepPages = try Milliseconds.parse(time) }
        ),
        (
            CommandOption("passthrough", argument: "yes|no", "let the kernel read values by itself, where it can (yes)"),
            { options, answer throws(StartError) in
                guard ["yes", "no"].contains(answer) else { throw .usage("'\(answer)' is neither yes nor no") }
                options.passthrough = answer == "yes"
            }
        ),
    ]

    private static let foregroundOption = CommandOption(
        "foreground", letter: "f", "stay in the foreground, and tell systemd when ready")
    private static let nonemptyOption = CommandOption("nonempty", "mount also on a folder with files in it, which the mount hides")
    private static let mountOption = CommandOption(
        "options", letter: "o", argument: "OPTIONS", "options of mount(8), those above as NAME=VALUE, and shares: tacitd(8)")
    private static let initOption = CommandOption("init", "make a store and its keys instead of mounting one")
    private static let passphraseOption = CommandOption("passphrase", "with --init: derive the root key from a passphrase")
    private static let jsonOption = CommandOption("json", "with --init: say as JSON what was made")
    private static let helpOption = CommandOption("help", letter: "h", "print this help")
    private static let versionOption = CommandOption("version", letter: "V", "print the version")

    static let table =
        [foregroundOption] + settings.map(\.option)
        + [nonemptyOption, mountOption, initOption, passphraseOption, jsonOption, helpOption, versionOption]

    static func parse(_ words: [[UInt8]]) throws(StartError) -> Request {
        let arguments: ParsedArguments
        do { arguments = try ParsedArguments(words, options: table) } catch { throw .usage("\(error)") }
        if arguments.has(helpOption.name) { return .help }
        if arguments.has(versionOption.name) { return .version }

        var options = Options()
        for given in arguments.options {
            switch given.name {
            case foregroundOption.name: options.foreground = true
            case passphraseOption.name: options.passphrase = true
            case nonemptyOption.name: options.nonempty = true
            case jsonOption.name: options.json = true
            case mountOption.name: try options.take(mountOptions: try text(given.argument))
            default: try options.set(given.name, try text(given.argument))
            }
        }
        guard options.keyFile == nil || options.keyCommand == nil else { throw .usage("there is a key file and a key command") }
        let operands = try arguments.operands.map { word throws(StartError) in try text(word) }
        if arguments.has(initOption.name) { return try options.initializing(operands) }
        return try options.mounting(operands)
    }

    /// Sets what an option, or NAME=VALUE of a mount option, says. False if there is no such setting.
    @discardableResult
    private mutating func set(_ name: String, _ value: String) throws(StartError) -> Bool {
        guard let setting = Self.settings.first(where: { $0.option.name == name }) else { return false }
        guard !value.isEmpty else { throw .usage("\(name) needs a value") }
        try setting.set(&self, value)
        return true
    }

    private mutating func take(mountOptions: String) throws(StartError) {
        for option in MountOptions.split(mountOptions) where !MountOptions.isIgnored(option) {
            if option == Self.nonemptyOption.name {
                nonempty = true
                continue
            }
            guard let (name, value) = MountOptions.setting(option) else { throw .usage("mount option '\(option)' is not known") }
            if try set(name, value) { continue }
            guard !value.isEmpty else { throw .usage("\(name) needs a value") }
            if name == "reserve" {
                reserve = try Size.limit(value)
                continue
            }
            guard try shares.set(name, value) else { throw .usage("mount option '\(option)' is not known") }
        }
    }

    private func initializing(_ operands: [String]) throws(StartError) -> Request {
        guard operands.isEmpty, !nonempty else { throw .usage("--init takes no mountpoint and no --nonempty") }
        guard !passphrase || keyFile == nil else { throw .usage("there is a key file and a passphrase") }
        guard keyCommand == nil else { throw .usage("--init makes a key: it takes no --key-command") }
        return .initialize(self)
    }

    /// `tacitd MOUNTPOINT`, or `tacitd SOURCE MOUNTPOINT` as mount(8) runs it for an entry of /etc/fstab, where a SOURCE that is
    /// a path is the store, and any other word stands for the usual one.
    private func mounting(_ operands: [String]) throws(StartError) -> Request {
        guard !passphrase, !json else { throw .usage("--passphrase and --json go with --init") }
        guard let mountpoint = operands.last else { throw .usage("a mountpoint is missing") }
        guard operands.count <= 2 else { throw .usage("there is more than a source and a mountpoint") }
        var options = self
        options.mountpoint = mountpoint
        if operands.count == 2, let source = operands.first, source.hasPrefix("/") {
            guard store == nil || store == source else { throw .usage("there are two stores: \(source) and \(store ?? "")") }
            options.store = source
        }
        return .mount(options)
    }

    private static func text(_ bytes: [UInt8]) throws(StartError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .usage("an argument is not UTF-8") }
        return text
    }

    static var help: String {
        let rows = table.map { option in
            let form = (option.letter.map { "-\($0), " } ?? "    ") + "--\(option.name)" + (option.argument.map { " \($0)" } ?? "")
            return "  " + form + String(repeating: " ", count: max(2, 27 - form.count)) + option.summary
        }
        return """
            usage: tacitd [OPTION]… MOUNTPOINT
                   tacitd --init [--store FILE] [--key-file FILE | --passphrase]

            Mount a tree of secrets, and go to the background once it answers.

            \(rows.joined(separator: "\n"))

            """
    }
}
