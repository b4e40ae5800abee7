// SPDX-License-Identifier: MIT

import Secrets

/// A path into the values of a secret, written as a template: `{.NAME}`.
///
///     {.NAME}                 the variable NAME; also {.vars.NAME}
///     {.files.tls.crt}        the file tls.crt: all up to the brace is its name
///     {.files['.ssh/id']}     the same for any name; it ends at the last quote
///
/// A variable named `files` or `vars` is {.vars.files}, {.vars.vars}.
enum JSONPath {
    /// The names below the secret: `vars` and `NAME`. Throws a usage failure for what is no such path.
    static func parse(_ word: [UInt8]) throws(Failure) -> [[UInt8]] {
        guard word.starts(with: "{.".utf8), word.last == UInt8(ascii: "}") else { throw wrong }
        let path = Array(word.dropFirst(2).dropLast())
        if let name = path.dropping("files['"), name.suffix(2).elementsEqual("']".utf8) { return try file(name.dropLast(2)) }
        if let name = path.dropping("files.") { return try file(name) }
        let name = Array(path.dropping("vars.") ?? path[...])
        guard (try? Name.check(name, as: .variable)) != nil, path != TreeName.files, path != TreeName.vars else { throw wrong }
        return [TreeName.vars, name]
    }

    /// Whether a word is meant as one: no reference begins so.
    static func isOne(_ word: [UInt8]) -> Bool { word.first == UInt8(ascii: "{") }

    private static func file(_ name: ArraySlice<UInt8>) throws(Failure) -> [[UInt8]] {
        let names = name.split(separator: UInt8(ascii: "/")).map(Array.init)
        guard !names.isEmpty, names.allSatisfy({ (try? Name.check($0, as: .fileComponent)) != nil }) else { throw wrong }
        return [TreeName.files] + names
    }

    private static let wrong = Failure(
        .usage, "--path takes a path such as {.NAME}", hint: "{.NAME} is a variable, {.files.NAME} or {.files['.ssh/id']} a file")
}

extension [UInt8] {
    /// The bytes behind `prefix`, nil unless it begins with that.
    fileprivate func dropping(_ prefix: String) -> ArraySlice<UInt8>? {
        starts(with: prefix.utf8) ? dropFirst(prefix.utf8.count) : nil
    }
}
