// fuzz: Sources/Templates/TemplateText.swift
// SPDX-License-Identifier: MIT
// fuzz with: Bytes Secrets

/// Any bytes as a template: the parser must not trap, names a place in the text, and its parts are all of the text but the references
/// what stands around the `$` of an escape.
@c(LLVMFuzzerTestOneInput)
public func fuzzTemplateText(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: start, count: count))
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let template: TemplateText
    do {
        template = try TemplateText.parse(text.span.bytes)
    } catch {
        precondition((1...lines.count).contains(error.line) && (1...lines[error.line - 1].count + 1).contains(error.column))
        return 0
    }
    let dollar = Array("${secrets.$}".utf8)
    var end = 0
    for part in template.parts {
        switch part {
        case .text(let range):
            if text[end...].starts(with: dollar), range == end + dollar.count - 2..<end + dollar.count - 1 {
                end += dollar.count
                continue
            }
            if range.lowerBound == end + 1 {
                precondition(text[end..<end + 3].elementsEqual(Array("$${".utf8)))
            } else {
                precondition(range.lowerBound == end)
            }
            precondition(!range.isEmpty)
            end = range.upperBound
        case .reference(let reference):
            let written = Array("${secrets.".utf8) + reference.name + [UInt8(ascii: "}")]
            precondition(text[end...].starts(with: written))
            precondition(lines[reference.line - 1].dropFirst(reference.column - 1).starts(with: written))
            precondition((1...2).contains(reference.meanings.count) && Set(reference.meanings).count == reference.meanings.count)
            for meaning in reference.meanings {
                precondition(meaning.variable.map { meaning.secret + [UInt8(ascii: ".")] + $0 } ?? meaning.secret == reference.name)
            }
            end += written.count
        }
    }
    precondition(end == count)
    return 0
}
