// SPDX-License-Identifier: MIT

internal import Linux
internal import Masking

/// An open file that several hold; closed when the last lets go.
final class SharedDescriptor: Sendable {
    let descriptor: FileDescriptor

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
}

/// A file that a command gets as some of its standard streams.
struct HandedStream {
    let file: SharedDescriptor
    let numbers: [Int32]
}

/// The streams between a command and the outputs of this process.
struct Streams {
    /// For those that are not handed on as they are.
    var handed: [HandedStream] = []
    private(set) var relays: [Relay] = []
    /// The command's terminal, if it is not this process's own.
    private(set) var screen: Screen?
    /// Pseudo-terminals of one output, whose size follows that of the terminal.
    private(set) var sized: [Sized] = []

    /// A pseudo-terminal's master, which its relay owns, and the terminal that it stands for.
    struct Sized {
        private(set) weak var master: SharedDescriptor?
        let terminal: SharedDescriptor

        func adapt() {
            // Fails for a terminal that has hung up: there is no size any more.
            guard let size = try? terminal.descriptor.terminalSize() else { return }
            try? master?.descriptor.set(size)
        }
    }

    init(_ masking: ChildMasking) throws(ChildError) {
        guard case .some(let values, let includesTerminals) = masking else { return }
        do throws(Errno) {
            for output in try Self.outputs() {
                if !output.file.descriptor.isTerminal {
                    try addPipe(output, values)
                } else if includesTerminals {
                    try addTerminal(output, values)
                }
            }
        } catch { throw .system("can't mask the output", error) }
        if let failure { throw failure }
    }

    /// Of making a masker, which is no error of the system.
    private var failure: ChildError?

    /// The outputs that are open, two that are one file together.
    private static func outputs() throws(Errno) -> [HandedStream] {
        let output = try? SharedDescriptor(FileDescriptor.standard(1))
        let errors = try? SharedDescriptor(FileDescriptor.standard(2))
        if let output, let errors {
            let one = try output.descriptor.status()
            let other = try errors.descriptor.status()
            if one.device == other.device, one.inode == other.inode { return [HandedStream(file: output, numbers: [1, 2])] }
        }
        return [output.map { HandedStream(file: $0, numbers: [1]) }, errors.map { HandedStream(file: $0, numbers: [2]) }].compactMap { $0 }
    }

    private mutating func addPipe(_ output: HandedStream, _ values: MaskedValues) throws(Errno) {
        let pipe = try PipeEnds()
        let writer = try pipe.writer.duplicate()
        let reader = pipe.intoReader()
        try reader.setNonBlocking(true)
        handed.append(HandedStream(file: SharedDescriptor(try writer.aboveStandard()), numbers: output.numbers))
        try addRelay(SharedDescriptor(reader), output, values)
    }

    private mutating func addTerminal(_ output: HandedStream, _ values: MaskedValues) throws(Errno) {
        let master = try SharedDescriptor(FileDescriptor.terminalMaster())
        let terminal = try SharedDescriptor(master.descriptor.terminal())
        let settings = try output.file.descriptor.terminalSettings()
        if output.numbers.contains(1) {
            try terminal.descriptor.set(settings)
            let isTyped = (try? FileDescriptor.standard(0))?.isTerminal ?? false
            screen = try Screen(master, terminal, settings, hasInput: isTyped)
            handed.append(HandedStream(file: terminal, numbers: (isTyped ? [0] : []) + output.numbers))
        } else {
            // Lines end as the terminal behind it ends them.
            try terminal.descriptor.set(settings.plainOutput)
            handed.append(HandedStream(file: terminal, numbers: output.numbers))
        }
        let pair = Sized(master: master, terminal: output.file)
        pair.adapt()
        sized.append(pair)
        try addRelay(master, output, values)
    }

    private mutating func addRelay(_ source: SharedDescriptor, _ output: HandedStream, _ values: MaskedValues) throws(Errno) {
        let outlet = Outlet(try output.file.descriptor.duplicate().aboveStandard())
        do { relays.append(try Relay(from: source, to: outlet, values)) } catch { failure = failure ?? .masking(error) }
    }
}
