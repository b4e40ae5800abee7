// SPDX-License-Identifier: MIT

internal import Glibc
internal import Linux
internal import Masking

/// The attendance of this process while the command runs: signals in, outputs through, and stopping with it.
struct Attendance {
    private var command: RunningCommand
    private let streams: Streams
    /// What tells that its inputs change, and what becomes of it then.
    private let changing: (inputs: any ChangingInputs, renewal: Renewal)?
    /// The children that this process had before it had the command: none of that's.
    private let strangers: Set<Int32>
    /// When its inputs are looked at again: a change has come.
    private var renewalTime: Int64?
    /// When the first of the changes came that are looked at then.
    private var burstBegin: Int64?
    /// How long to wait before inputs that could not be had are asked for again.
    private var retryTime = Self.shortestRetry
    /// It is being ended, to be started anew.
    private var restart: Restart?
    /// What it is started with then.
    private var nextInputs: NextInputs?
    /// Whether this process was stopped, and has not heard yet that it goes on.
    private var wasStopped = false
    /// The terminal, if the command had put itself in its foreground when it stopped, as a shell does; and its process group.
    private var lent: (SharedDescriptor, Int32)?
    /// When the command was seen to have ended.
    private var endTime: Int64 = 0
    /// A signal that would have ended a command came when that had ended already.
    private var isAbandoned = false

    /// How long outputs that others have open are read when the command has ended, in microseconds: while they are not quiet for so
    /// long, and in all. The time in which what was read waits for its reader does not count.
    private static let quietTime: Int64 = 100_000
    private static let longestTime: Int64 = 2_000_000

    /// Changes that come within so many microseconds of one another are one, but for as long as changes don't stop.
    private static let burstTime: Int64 = 200_000
    private static let longestBurst: Int64 = 2_000_000

    /// The shortest and the longest time, in microseconds, after which inputs that could not be had are asked for again.
    private static let shortestRetry: Int64 = 1_000_000
    private static let longestRetry: Int64 = 60_000_000

    private final class NextInputs {
        var inputs: CommandInputs?
        init(_ inputs: consuming CommandInputs) { self.inputs = consume inputs }
    }

    init(
        _ command: RunningCommand, _ streams: Streams, _ changing: (any ChangingInputs, Renewal)? = nil, strangers: Set<Int32> = []
    ) {
        self.strangers = strangers
        self.command = command
        self.streams = streams
        self.changing = changing
    }

    /// What the command is to be started with again, when it has ended for that.
    mutating func takeNextInputs() -> CommandInputs? {
        guard let next = nextInputs else { return nil }
        // Changes that have come while it ended are not to be waited for.
        if renewalTime != nil, let inputs = changing?.inputs, case .inputs(let newer) = inputs.renewed() {
            inputs.wereTaken()
            return newer
        }
        return next.inputs.take()
    }

    /// Returns when the command has ended and all of its output is written.
    mutating func attend(_ signals: borrowing SignalQueue) throws(ChildError) -> ChildEnd {
        takeScreen()
        defer { giveScreenBack() }
        do throws(Errno) {
            while true {
                if restart?.goOn(command) == true { restart = nil }
                if let end = command.end, isAbandoned || restart == nil && streams.relays.allSatisfy(\.isDone) { return end }
                try turn(signals)
            }
        } catch { throw .system("can't wait for the command", error) }
    }

    /// Waits for something, and does what follows from it.
    private mutating func turn(_ signals: borrowing SignalQueue) throws(Errno) {
        var ready = Readiness()
        let signal = ready.add(reading: signals.descriptor)
        let report = command.reports.map { ready.add(reading: $0) }
        let changes = changing?.inputs.descriptor.map { ready.add(reading: $0) }
        let inputs = streams.relays.map { relay in relay.input.map { ready.add(reading: $0) } }
        let outputs = streams.relays.map { relay in relay.output.map { ready.add(writing: $0) } }
        let typed = command.end == nil ? streams.screen?.input.map { ready.add(reading: $0) } : nil
        let typing = streams.screen?.output.map { ready.add(writing: $0) }
        try ready.wait(microseconds: timeout)

        // Output that came before the command's end is written before its end is told.
        if ready.isReady(signal) {
            while let signal = try signals.next() { take(signal, signals) }
        }
        if ready.isReady(report) { command.takeReports() }
        for (index, relay) in streams.relays.enumerated() {
            if ready.isReady(inputs[index]) { relay.read() }
            if ready.isReady(outputs[index]) { relay.write() }
        }
        if ready.isReady(typed) { streams.screen?.read() }
        if ready.isReady(typing) { streams.screen?.write() }
        finishQuiet()
        if ready.isReady(changes), changing?.inputs.take() == true {
            let now = SystemClock.monotonic()
            // The command may read the new value by itself before the burst is over.
            if burstBegin == nil, command.end == nil, let masking = changing?.inputs.maskingNow() { _ = mask(masking) }
            let begin = burstBegin ?? now
            burstBegin = begin
            renewalTime = min(now + Self.burstTime, begin + Self.longestBurst)
        }
        renew()
        if let number = command.newStop() { follow(number, signals) }
    }

    /// How long nothing has to be done unless something comes.
    private var timeout: Int64? {
        let now = SystemClock.monotonic()
        var times = streams.relays.compactMap(\.releaseTime)
        if let restart {
            if let time = restart.nextTime(command) { times.append(time) }
        } else if command.end == nil, let renewalTime {
            times.append(renewalTime)
        }
        if command.end != nil, restart == nil { times += streams.relays.filter { !$0.hasEnded && $0.input != nil }.map(endOfReading) }
        return times.min().map { max(0, $0 - now) }
    }

    /// When a relay is not read any more, now that the command has ended.
    private func endOfReading(_ relay: Relay) -> Int64 {
        let start = max(endTime, relay.freeTime)
        return min(max(relay.readTime, start) + Self.quietTime, start + Self.longestTime)
    }

    private mutating func finishQuiet() {
        let now = SystemClock.monotonic()
        for relay in streams.relays { relay.release(at: now) }
        guard command.end != nil, restart == nil else { return }
        if endTime == 0 { endTime = now }
        // Else one that is written to without end would be read as long as its reader is slow.
        if endTime + Self.longestTime <= now { streams.relays.forEach { $0.readRest() } }
        // It may have been this process that had no time: what is there already is read.
        for relay in streams.relays where relay.input != nil && endOfReading(relay) <= now && !relay.isReadable { relay.end() }
    }

    // Changing inputs

    /// Has the command know of inputs that have changed, if it is time.
    private mutating func renew() {
        guard let (inputs, renewal) = changing, let time = renewalTime, time <= SystemClock.monotonic(), command.end == nil, restart == nil
        else { return }
        (renewalTime, burstBegin) = (nil, nil)
        let renewed: CommandInputs
        switch inputs.renewed() {
        case .same: return
        case .failed: return retry()
        case .inputs(let inputs): renewed = inputs
        }
        // What it prints from now on may have either, also while it is ended. Values that can't be masked are not for it.
        guard mask(renewed.masking) else { return retry() }
        inputs.wereTaken()
        retryTime = Self.shortestRetry
        switch renewal {
        case .signal(let number): command.signal(number)
        case .restart(let timeout):
            nextInputs = NextInputs(renewed)
            restart = Restart(of: command, timeout: timeout, helpers: inputs.helpers.union(strangers)) { inputs.tell($0) }
            // What is typed meanwhile means what it means to this process: ^C is for both.
            giveScreenBack()
        }
    }

    /// Looks at the inputs again later: nothing else may tell of this change any more.
    private mutating func retry() {
        renewalTime = SystemClock.monotonic() + retryTime
        retryTime = min(2 * retryTime, Self.longestRetry)
    }

    /// Masks these values in what the command prints. False, and a person is told, where that can't be.
    private func mask(_ masking: ChildMasking) -> Bool {
        guard case .some(let values, _) = masking else { return true }
        do throws(MaskError) { for relay in streams.relays { try relay.mask(values) } } catch {
            changing?.inputs.tell("\(error)")
            return false
        }
        return true
    }

    // Signals

    private mutating func take(_ signal: ArrivedSignal, _ signals: borrowing SignalQueue) {
        if signal.number == SIGCHLD { return command.reap() }
        guard command.end == nil else { return takeLate(signal, signals) }
        switch signal.number {
        case SIGCONT: goOn(signal)
        case SIGWINCH: adapt(signal)
        case SIGINT where isOfTerminal(signal), SIGQUIT where isOfTerminal(signal), SIGTSTP where isOfTerminal(signal):
            giveUpRestart(signal.number)
            // Only the foreground gets these: it may be that since this process was told last.
            takeScreen()
            command.pressKey(signal.number)
        default:
            // The terminal's end is told to others by the kernel itself.
            let isPassedOn = isToBePassedOn(signal)
            if isPassedOn || signal.origin == .kernel { giveUpRestart(signal.number) }
            if isPassedOn { command.send(signal) }
        }
    }

    /// A signal that asks the command to end, and this process with it, counts also where that is being ended to be started anew.
    private mutating func giveUpRestart(_ number: Int32) {
        if [SIGHUP, SIGINT, SIGQUIT, SIGTERM].contains(number) { nextInputs = nil }
    }

    /// The command has ended, and this process has but output to write.
    private mutating func takeLate(_ signal: ArrivedSignal, _ signals: borrowing SignalQueue) {
        switch signal.number {
        case SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM:
            giveUpRestart(signal.number)
            isAbandoned = true
        case SIGTSTP: follow(SIGTSTP, signals)
        default: break
        }
    }

    private func isOfTerminal(_ signal: ArrivedSignal) -> Bool { signal.origin == .kernel }

    private func isToBePassedOn(_ signal: ArrivedSignal) -> Bool {
        switch signal.origin {
        case .process(let sender):
            // SIGPIPE and SIGXFSZ are what writing did here. Who is inside reaches the command itself, as by kill(0, …).
            sender != ThisProcess.id && !ThisProcess.descends(sender, from: ThisProcess.id)
        case .kernel:
            switch signal.number {
            // A timer from before this program, as others would have it run out on the command.
            case SIGALRM: true
            // A terminal's end is told to the leader of its session only.
            case SIGHUP, SIGCONT: command.hasSession || ThisProcess.leadsSession
            // The terminal tells the whole process group; the rest is about this process.
            default: false
            }
        }
    }

    private func adapt(_ signal: ArrivedSignal) {
        for pair in streams.sized { pair.adapt() }
        if isOfTerminal(signal) { takeScreen() }
        if isToBePassedOn(signal) { command.send(signal) }
    }

    // Job control

    /// Stops this process as the command was stopped, and goes on when it is continued.
    private mutating func follow(_ number: Int32, _ signals: borrowing SignalQueue) {
        let isJobControl = [SIGTSTP, SIGTTIN, SIGTTOU].contains(number)
        // SIGSTOP comes from somebody who may continue the command alone. A shell sees it only of those that it has started.
        guard isJobControl || ThisProcess.leadsGroup else { return }
        // It wants the terminal, and this process has come to the foreground without being told.
        if [SIGTTIN, SIGTTOU].contains(number), let screen = streams.screen, !screen.isTaken {
            takeScreen()
            if screen.isTaken { return command.resume() }
        }
        // Its last output is shown before others show theirs.
        for relay in streams.relays { relay.readAll() }
        giveScreenBack()
        lent = (try? SharedDescriptor(FileDescriptor.open("/dev/tty", [.readOnly, .nonBlocking]))).flatMap { terminal in
            command.foreground(of: terminal.descriptor).map { (terminal, $0) }
        }
        if signals.stop(by: isJobControl ? number : SIGTSTP) {
            wasStopped = true
        } else if isJobControl, command.hasSession {
            // Nobody could continue this process: nor is the command stopped.
            takeScreen()
            command.resume()
        }
    }

    /// This process is continued: to go on, to be in the foreground, or because somebody wants to tell the command.
    private mutating func goOn(_ signal: ArrivedSignal) {
        let wasStopped = wasStopped
        self.wasStopped = false
        command.reap()
        takeScreen()
        if let (terminal, group) = lent, terminal.descriptor.isForMe { try? terminal.descriptor.setForeground(group: group) }
        lent = nil
        if !wasStopped {
            if isToBePassedOn(signal) { command.send(signal) }
        } else if command.hasSession || command.stop != nil {
            command.resume()
        }
    }

    private func takeScreen() {
        guard let screen = streams.screen, screen.isForMe else { return }
        for pair in streams.sized { pair.adapt() }
        // Told first: should this process be killed between, a terminal that is as it was is set so again.
        command.tell(terminalIsTaken: true)
        screen.take()
        if !screen.isTaken { command.tell(terminalIsTaken: false) }
    }

    private func giveScreenBack() {
        guard let screen = streams.screen, screen.isTaken else { return }
        screen.giveBack()
        command.tell(terminalIsTaken: false)
    }
}
