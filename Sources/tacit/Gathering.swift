// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

/// The items of one secret that a command line names, with their values: what one transaction stores.
struct Gathering {
    /// The options of commands that gather.
    static let options = [
        DeclaredOption(
            "env", letter: "e", argument: "VAR[=VALUE]", kind: .assignment, "store a variable; may be given more than once"),
        DeclaredOption(
            "file", letter: "f", argument: "LOCAL:PLACEMENT", kind: .file, "store the file LOCAL, - for standard input"),
    ]

    private(set) var items: [ApplyRequest.Item] = []
    private(set) var values: [Value] = []
    private var names: Set<[UInt8]> = []
    private var reader: ValueReader

    /// Whether white space around values is worth no warning.
    var isVerbatim: Bool { reader.isVerbatim }

    init(_ reader: ValueReader) {
        self.reader = reader
    }

    /// Adds what the options `-e` and `-f` name, in their order.
    mutating func add(optionsOf invocation: Invocation) throws(Failure) {
        for option in invocation.arguments.options {
            switch option.name {
            case "env":
                guard let assignment = try reader.assignment(option.argument) else {
                    throw Failure(
                        .usage, "-e takes VAR or VAR=VALUE", hint: "a variable's name has \(NameRule.variable.text)")
                }
                try add(assignment)
            case "file": try add(file: option.argument)
            default: break
            }
        }
    }

    /// Adds a variable.
    mutating func add(_ assignment: Assignment) throws(Failure) {
        try add(TreeName.inVars + assignment.name, try reader.value(of: assignment))
    }

    /// Adds an item whose value is a word of the command line, or is asked for.
    mutating func add(_ item: [UInt8], word: [UInt8]?) throws(Failure) {
        try add(item, try reader.value(text(item.split(separator: UInt8(ascii: "/")).last ?? []), word))
    }

    /// `VAR` or `VAR=VALUE`, nil if the word is neither.
    func assignment(_ word: [UInt8]) throws(Failure) -> Assignment? { try reader.assignment(word) }

    /// Adds `LOCAL:PLACEMENT`.
    private mutating func add(file word: [UInt8]) throws(Failure) {
        let parts = word.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let local = parts.first, let placement = parts.last, !local.isEmpty, !placement.isEmpty else {
            throw Failure(.usage, "-f takes LOCAL:PLACEMENT", hint: "such as -f id_rsa:.ssh/id_rsa")
        }
        let stored: [[UInt8]]
        do { stored = try Placement.parse(Array(placement)).stored } catch { throw Failure(.usage, "\(error)") }
        let item = TreeName.inFiles + Reference(components: stored).bytes
        try add(item, try reader.contents(of: Array(local), for: text(placement)))
    }

    private mutating func add(_ item: [UInt8], _ value: Value) throws(Failure) {
        guard names.insert(item).inserted else { throw Failure(.usage, "\(text(item)) is given twice") }
        items.append(ApplyRequest.Item(name: item, length: value.count))
        values.append(value)
    }
}
