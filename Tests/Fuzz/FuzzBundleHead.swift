// fuzz: Sources/ControlAPI/JSONText.swift Sources/ControlAPI/JSONFields.swift Sources/ControlAPI/RequestParsing.swift Sources/ControlAPI/ValueBundle.swift Sources/ControlAPI/PolicyTypes.swift Sources/ControlAPI/OctetText.swift Sources/ControlAPI/Notation.swift Sources/ControlAPI/Replies.swift Sources/ControlAPI/JobRequest.swift Sources/ControlAPI/JobReplies.swift
// SPDX-License-Identifier: MIT
// fuzz with: Bytes Secrets

import FoundationEssentials

/// Any bytes as the head of a bundle and as the other bodies: what is taken says the same when it is written and read again, and its
/// lengths can be added up.
@c(LLVMFuzzerTestOneInput)
public func fuzzBundleHead(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do {
        let request = try ApplyRequest(head: bytes)
        precondition(request.valuesLength >= 0 && request.valuesLength <= ValueBundle.longest)
        precondition(request.secrets.reduce(0) { $0 + $1.items.count } <= ValueBundle.mostItems)
        let items = request.secrets.flatMap(\.items)
        precondition(items.allSatisfy { ($0.length == nil) == ($0.remove == true) })
        precondition(items.allSatisfy { OctetText.name($0.name, encoded: $0.encoded) != nil })
        let written = try! JSONEncoder().encode(request)
        precondition(written.count > ValueBundle.longestHead || (try? ApplyRequest(head: Array(written))) == request)
    } catch {
        precondition(error.offset >= 0 && error.offset <= count)
        precondition(!error.description.isEmpty)
    }
    guard let json = try? JSONNode.parse(bytes) else { return 0 }
    // What is taken here, others take too.
    precondition((try? JSONSerializationProbe.decode(bytes)) != nil)
    if let request = try? PolicyRequest(json) {
        precondition((try? PolicyRequest(JSONNode.parse(Array(JSONEncoder().encode(request))))) == request)
    }
    if let request = try? GrantRequest(json) {
        precondition((try? GrantRequest(JSONNode.parse(Array(JSONEncoder().encode(request))))) == request)
    }
    if let request = try? JobRequest(json) {
        precondition((try? JobRequest(JSONNode.parse(Array(JSONEncoder().encode(request))))) == request)
    }
    return 0
}

/// Foundation's reading of a text as JSON, whatever it says.
private enum JSONSerializationProbe {
    struct Anything: Decodable {
        init(from decoder: any Decoder) throws { _ = try decoder.singleValueContainer() }
    }

    static func decode(_ bytes: [UInt8]) throws -> Anything { try JSONDecoder().decode(Anything.self, from: Data(bytes)) }
}
