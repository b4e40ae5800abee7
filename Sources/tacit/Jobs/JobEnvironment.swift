// SPDX-License-Identifier: MIT

import Bytes
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
        var room = id.count + 1
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
                    let isSame = Self.areEqual(assignment.extracting(droppingFirst: name.count + 1), bytes.extracting(value))
                    if !isSame, !replaced.contains(name) { replaced.append(name) }
                } else if name.elementsEqual(Self.backtraces.utf8), let former {
                    if !former.isEmpty { Self.add(name + [Self.equals] + former, to: &buffer) }
                } else if name != Self.idName, !name.elementsEqual(Hardening.formerBacktraces.utf8) {
                    Self.add(assignment, to: &buffer)
                }
            }
            for (name, value) in variables.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                for byte in name + [Self.equals] { _ = buffer.append(byte) }
                Self.add(bytes.extracting(value), to: &buffer)
            }
        }
        Self.add(id, to: &buffer)
        assignments = buffer
        self.replaced = replaced
    }

    /// The hint for a value that can't be in an environment.
    private static let ways = "run -s names the secrets to use; a job reads any value as a file in job/vars"
    private static let equals = UInt8(ascii: "=")
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

    private static func areEqual(_ left: RawSpan, _ right: RawSpan) -> Bool {
        left.byteCount == right.byteCount && (0..<left.byteCount).allSatisfy { left.byte(at: $0) == right.byte(at: $0) }
    }
}
