// fuzz: Sources/Formats/JSONObject.swift Sources/Formats/UTF8Scan.swift
// SPDX-License-Identifier: MIT
// fuzz with: Bytes

/// Any bytes as an object of strings: the parser must not trap, names an offset in the text, and what it took must stand for as many
/// bytes of UTF-8 as it says, within the text and one after the other.
@c(LLVMFuzzerTestOneInput)
public func fuzzJSONObject(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: start, count: count))
    let members: [JSONObject.Member]
    do {
        members = try JSONObject.parse(text.span.bytes)
    } catch {
        precondition((0...count).contains(error.offset) && error.line >= 1)
        return 0
    }
    precondition(Set(members.map(\.name)).count == members.count)
    var end = 0
    for member in members {
        precondition(member.value.lowerBound > end && member.value.upperBound < count)
        end = member.value.upperBound
        precondition(String(validating: decoded(member, text), as: UTF8.self) != nil)
        precondition(String(validating: member.name, as: UTF8.self) != nil)
    }
    return 0
}

private func decoded(_ member: JSONObject.Member, _ text: [UInt8]) -> [UInt8] {
    var value = [UInt8](repeating: 0, count: member.length + 1)
    var span = value.mutableSpan
    var raw = span.mutableBytes
    precondition(JSONObject.decode(member, from: text.span.bytes, into: &raw) == member.length)
    return value.dropLast()
}
