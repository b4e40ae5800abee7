// SPDX-License-Identifier: MIT

package import Linux

/// The answer for one meaning of a reference.
package enum TemplateAnswer: Hashable, Sendable {
    /// A value, which was lent.
    case value
    case noSecret
    /// The secret has no such variable.
    case noVariable
    /// The secret has so many items, not one, and no variable was named.
    case items(Int)
}

/// Puts values in the places of the references in a text.
package enum Template {
    /// The most bytes of a template.
    package static let longestText = 1 << 20
    /// The most bytes of a template with its values.
    package static let longestResult = 16 << 20

    /// Renders `text`. `lookUp` is asked for each meaning that a reference may have; where there is a value, it lends it to the
    /// closure that it is given, once, and answers `value`.
    package static func render(
        _ text: RawSpan,
        lookUp: (TemplateReference.Meaning, _ lend: (RawSpan) -> Void) -> TemplateAnswer
    ) throws(TemplateError) -> LockedBuffer {
        guard text.byteCount <= longestText else { throw .textTooLong }
        let template: TemplateText
        do { template = try TemplateText.parse(text) } catch { throw .malformed(error) }
        var result: LockedBuffer
        do { result = try LockedBuffer(capacity: text.byteCount + 4096) } catch { throw .memory(error) }
        var unresolved: [TemplateError.Unresolved] = []
        for part in template.parts {
            switch part {
            case .text(let range): try add(text.extracting(range), to: &result)
            case .reference(let reference):
                if let reason = try add(reference, to: &result, lookUp) {
                    unresolved.append(TemplateError.Unresolved(reference: reference, reason: reason))
                }
            }
        }
        guard unresolved.isEmpty else { throw .unresolved(unresolved) }
        return result
    }

    /// Adds what a reference stands for; if nothing, tells why.
    private static func add(
        _ reference: TemplateReference, to result: inout LockedBuffer,
        _ lookUp: (TemplateReference.Meaning, _ lend: (RawSpan) -> Void) -> TemplateAnswer
    ) throws(TemplateError) -> TemplateError.Unresolved.Reason? {
        var found = 0
        var reason = TemplateError.Unresolved.Reason.noSecret
        for meaning in reference.meanings {
            var failure: TemplateError?
            let answer = lookUp(meaning) { value in
                do throws(TemplateError) { try add(value, to: &result) } catch { failure = error }
            }
            if let failure { throw failure }
            switch answer {
            case .value: found += 1
            case .noSecret: break
            case .noVariable: reason = .noVariable
            case .items(let count): reason = .items(count)
            }
        }
        // Bytes that were added for two are thrown away with all the rest.
        return found == 1 ? nil : found > 1 ? .ambiguous : reason
    }

    private static func add(_ bytes: RawSpan, to result: inout LockedBuffer) throws(TemplateError) {
        guard bytes.byteCount <= longestResult - result.count else { throw .resultTooLong }
        let needed = result.count + bytes.byteCount
        if needed > result.capacity {
            do { try result.grow(to: min(max(needed, 2 * result.capacity), longestResult)) } catch { throw .memory(error) }
        }
        _ = result.append(copying: bytes)
    }
}
