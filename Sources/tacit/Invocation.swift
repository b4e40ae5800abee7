// SPDX-License-Identifier: MIT

import Linux

/// A command as it was called.
struct Invocation: Sendable {
    let command: Command
    let arguments: ParsedArguments
    /// The values that stood among the words; `words` has their numbers in their places.
    let concealed: ConcealedValues?

    /// Throws a usage failure for options that the command doesn't have and for too few or too many operands.
    init(_ command: Command, _ words: [[UInt8]], concealed: ConcealedValues? = nil) throws(Failure) {
        self.command = command
        self.concealed = concealed
        do {
            arguments = try ParsedArguments(words, options: command.optionTable, untilOperand: command.programOperand)
        } catch {
            throw .option(error, of: command)
        }
        guard !asksForHelp else { return }
        let count = arguments.operands.count
        if count < command.operandCount.lowerBound { throw .usage("\(command.name) needs \(command.usage)", of: command) }
        if count > command.operandCount.upperBound {
            // The word is not told: it may be a value that was given where none belongs.
            throw .usage("\(command.name) takes \(command.usage.isEmpty ? "no operand" : "no more than \(command.usage)")", of: command)
        }
    }

    var asksForHelp: Bool { arguments.has(DeclaredOption.help.name) }
    var wantsJSON: Bool { arguments.has(DeclaredOption.json.name) }

    /// The operand at `index`, nil if there are not that many.
    func operand(_ index: Int) -> [UInt8]? {
        arguments.operands.indices.contains(index) ? arguments.operands[index] : nil
    }

    /// The operand at `index` as a reference; that of nothing if there are not that many.
    func reference(_ index: Int = 0) throws(Failure) -> [UInt8] {
        try ReferenceArgument.parse(operand(index) ?? [])
    }
}
