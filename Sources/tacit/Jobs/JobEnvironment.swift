// SPDX-License-Identifier: MIT

import Bytes
import ControlAPI
import Linux
import Secrets

/// The environment of a job's command: this process's own, with the job's variables in their places.
struct JobEnvironment: ~Copyable {
    /// Assignments `NAME=value`, each ended by a NUL, in locked memory.
    let assignments: LockedBuffer
    /// The variables that the environment had with another value, in its order.
    let replaced: [[UInt8]]

    /// The variable with the id of the job. It is not a secret's to say.
    static let idName = Array("TACIT_JOB".utf8)

    /// `parent` lends each assignment of the environment that this process has. Throws a failure for values that no environment can
    /// hold.
    init(
        _ values: borrowing JobValues, job: String, parent: ((RawSpan) -> Void) -> Void = ThisProcess.forEachVariable
    ) throws(Failure) {
        let variables = Self.variables(values)
        let id = Self.idName + [Self.equals] + Array(job.utf8)
        try self.init(values, variables, [id], parent)
    }

    /// The same with no value in it: `NAME_FILE` says in which file of the job's view each is, and `CREDENTIALS_DIRECTORY` in which folder
    /// all are, as in systemd.exec(5). A variable of that name which the job itself has is left out, with its value.
    init(
        filesOf values: borrowing JobValues, job: JobReply, parent: ((RawSpan) -> Void) -> Void = ThisProcess.forEachVariable
    ) throws(Failure) {
        guard let mountpoint = job.mountpoint else { throw .strangeAnswer }
        let folder = Array(mountpoint.utf8) + [Self.slash] + TreeName.job + [Self.slash] + TreeName.vars
        let names = Self.variables(values).keys.sorted { $0.lexicographicallyPrecedes($1) }
        let files = names.map { $0 + Array("_FILE=".utf8) + folder + [Self.slash] + $0 }
        let own = [Self.idName + [Self.equals] + Array(job.id.utf8), Array("CREDENTIALS_DIRECTORY=".utf8) + folder] + files
        try self.init(values, [:], own, leavingOut: Set(names), parent)
    }

    /// `own` are assignments that are no secrets. They win over the parent's, of which those of the names `leavingOut` are left out.
    private init(
        _ values: borrowing JobValues, _ variables: [[UInt8]: Range<Int>], _ own: [[UInt8]], leavingOut names: Set<[UInt8]> = [],
        _ parent: ((RawSpan) -> Void) -> Void
    ) throws(Failure) {
        let without = names.union(own.map { Array($0.prefix { $0 != Self.equals }) })
        var room = own.reduce(0) { $0 + $1.count + 1 }
        for (name, value) in variables {
            guard name.count + 1 + value.count <= Execution.longestString else {
                throw Failure(
                    .failed,
                    "the value of \(text(name)) is too long for an environment: with its name, more than \(Execution.longestString) bytes",
                    hint: Self.ways)
            }
            room += name.count + 1 + value.count + 1
        }
        let former = Self.formerBacktraces(parent)
        parent { room += $0.byteCount + 1 }
        room += former?.count ?? 0
        var buffer: LockedBuffer
        do { buffer = try LockedBuffer(capacity: room) } catch { throw .noLockedMemory(error) }
        var replaced: [[UInt8]] = []
        try values.withBytes { bytes throws(Failure) in
            for (name, value) in variables where Self.holdsNUL(bytes.extracting(value)) {
                throw Failure(.failed, "the value of \(text(name)) has a NUL byte, which no environment can hold", hint: Self.ways)
            }
            parent { assignment in
                guard let name = Self.name(assignment) else { return Self.add(assignment, to: &buffer) }
                if let value = variables[name] {
                    let isSame = assignment.extracting(droppingFirst: name.count + 1).holds(bytes.extracting(value))
                    if !isSame, !replaced.contains(name) { replaced.append(name) }
                } else if name.elementsEqual(Self.backtraces.utf8), let former {
                    if !former.isEmpty { Self.add(name + [Self.equals] + former, to: &buffer) }
                } else if !without.contains(name), !name.elementsEqual(Hardening.formerBacktraces.utf8) {
                    Self.add(assignment, to: &buffer)
                }
            }
            for (name, value) in variables.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                for byte in name + [Self.equals] { _ = buffer.append(byte) }
                Self.add(bytes.extracting(value), to: &buffer)
            }
        }
        for assignment in own { Self.add(assignment, to: &buffer) }
        assignments = buffer
        self.replaced = replaced
    }

    /// The assignments alone.
    consuming func intoAssignments() -> LockedBuffer { assignments }

    /// The hint for a value that can't be in an environment.
    private static let ways = "run -s names the secrets to use; a job reads any value as a file in job/vars"
    private static let equals = UInt8(ascii: "=")
    private static let slash = UInt8(ascii: "/")
    private static let backtraces = "SWIFT_BACKTRACE"

    /// The variables of the view, and where their values are.
    private static func variables(_ values: borrowing JobValues) -> [[UInt8]: Range<Int>] {
        var variables: [[UInt8]: Range<Int>] = [:]
        for item in values.items where item.isInView {
            if case .variable(let name) = item.path, name != idName { variables[name] = item.value }
        }
        return variables
    }

    /// The former value of the variable that sets Swift's backtraces, before this program started itself again; nil if it did not.
    private static func formerBacktraces(_ parent: ((RawSpan) -> Void) -> Void) -> [UInt8]? {
        var former: [UInt8]?
        parent { assignment in
            guard let name = name(assignment), name.elementsEqual(Hardening.formerBacktraces.utf8) else { return }
            former = assignment.publicBytes(name.count + 1..<assignment.byteCount)
        }
        return former
    }

    /// The name in an assignment; nil if it is none.
    private static func name(_ assignment: RawSpan) -> [UInt8]? {
        guard let end = (0..<assignment.byteCount).first(where: { assignment.byte(at: $0) == equals }) else { return nil }
        return assignment.publicBytes(0..<end)
    }

    /// There is room for all that is added: it was counted.
    private static func add(_ bytes: RawSpan, to buffer: inout LockedBuffer) {
        _ = buffer.append(copying: bytes)
        _ = buffer.append(0)
    }

    /// The same for what is no secret.
    private static func add(_ bytes: [UInt8], to buffer: inout LockedBuffer) {
        unsafe add(bytes.span.bytes, to: &buffer)
    }

    private static func holdsNUL(_ bytes: RawSpan) -> Bool {
        (0..<bytes.byteCount).contains { bytes.byte(at: $0) == 0 }
    }
}
