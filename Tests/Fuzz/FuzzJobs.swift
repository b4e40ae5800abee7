// fuzz: Sources/Secrets
// SPDX-License-Identifier: MIT
// fuzz with: Bytes

/// Any bytes as the id of a job, as the place of a file, and as what a job is of: what is taken keeps its meaning when it is
/// written and read again.
@c(LLVMFuzzerTestOneInput)
public func fuzzJobs(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    if let id = JobID(bytes) { precondition(id.bytes == bytes) }
    do {
        let placement = try Placement.parse(bytes)
        precondition(Placement(stored: placement.stored) == placement)
        precondition((try? Placement.parse(placement.bytes)) == placement)
        precondition(placement.path(home: [UInt8(ascii: "/")])?.first == UInt8(ascii: "/"))
    } catch {
        precondition(error.offset <= count && !error.description.isEmpty)
    }
    let names = bytes.split(separator: 0, omittingEmptySubsequences: false).map { Array($0) }
    if let placement = Placement(stored: names) { precondition(placement.stored == names) }
    if let first = names.first, let reference = try? Reference.parse(first) {
        let target = names.dropFirst().first
        do {
            let scope = try JobScope(reference, target: target)
            precondition((try? JobScope(scope.reference)) == scope && (target == nil || target == scope.target))
        } catch { precondition(!error.description.isEmpty) }
    }
    return 0
}
