// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux
internal import Secrets

/// Writes a Secret of Kubernetes, version v1, with its values in `data`.
///
/// All strings stand in double quotes: names and base64 need no escapes there, and no reader takes them for numbers.
enum KubernetesText {
    /// The most bytes that the values of a Secret may have together.
    private static let longestData = 1 << 20
    /// The most bytes of a key of `data`, and of the name of an object.
    private static let longestName = 253
    /// The most bytes of a type: a qualified name has a prefix of 253, `/`, and 63.
    static let longestType = 317

    static func write(
        _ items: [Item], _ values: RawSpan, named name: [UInt8], type: [UInt8]?, to text: inout LockedBuffer
    ) throws(FormatError) {
        guard isObjectName(name) else {
            throw .unfit("'\(String(decoding: name, as: UTF8.self))' can't be the name of a Kubernetes Secret")
        }
        try text.add("apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"")
        try text.add(name)
        try text.add("\"\ntype: ")
        // As JSON writes a string, which YAML reads alike.
        if let type {
            try JSONText.write(string: unsafe type.span.bytes, to: &text)
        } else {
            try text.add("Opaque")
        }
        try text.add("\n")
        try text.add(items.isEmpty ? "data: {}\n" : "data:\n")
        var seen: Set<[UInt8]> = []
        var length = 0
        for item in items {
            guard isKey(item.name) else {
                throw .cannotHold(
                    item: item.path, format: .k8s,
                    reason: "a key of a Kubernetes Secret has letters, digits, '-', '_' and '.', at most \(longestName)",
                    instead: "cp takes single files out of the mount")
            }
            guard seen.insert(item.name).inserted else { throw .sameName(item: item.path, format: .k8s) }
            length += item.value.count
            guard length <= longestData else {
                throw .cannotHold(
                    item: item.path, format: .k8s, reason: "the values of a Kubernetes Secret have at most 1 MiB together",
                    instead: "split the secret")
            }
            try text.add("  \"")
            try text.add(item.name)
            try text.add("\": \"")
            try Base64.encode(values.extracting(item.value)) { byte throws(FormatError) in try text.add(byte) }
            try text.add("\"\n")
        }
    }

    /// A DNS subdomain, as RFC 1123 has it.
    private static func isObjectName(_ name: [UInt8]) -> Bool {
        func isAlphanumeric(_ byte: UInt8?) -> Bool {
            byte.map { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) } ?? false
        }
        guard (1...longestName).contains(name.count) else { return false }
        return name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            isAlphanumeric(label.first) && isAlphanumeric(label.last)
                && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isKey(_ name: [UInt8]) -> Bool {
        guard (1...longestName).contains(name.count), !name.starts(with: "..".utf8), !name.elementsEqual(".".utf8) else { return false }
        return name.allSatisfy { byte in
            byte.isLetterOrDigit || "-_.".utf8.contains(byte)
        }
    }
}
