// SPDX-License-Identifier: MIT

/// What is done about files in the folder that is mounted on, which nobody sees as long as it is.
package enum Covering: Sendable {
    /// Nothing is mounted on it.
    case refused
    /// They are covered, and what this is called with, the path of the folder and names in it, is passed on to the user.
    case told(@Sendable (String, CoveredNames) -> Void)

    var isAllowed: Bool {
        if case .told = self { true } else { false }
    }
}

/// Names of files in the folder that is mounted on: some, if there are many.
package struct CoveredNames: Equatable, Sendable, CustomStringConvertible {
    /// How many are told.
    static let most = 5

    private let names: [[UInt8]]

    /// - Parameter names: of more than `most` the others are only said to be there.
    init(_ names: [[UInt8]]) {
        self.names = names
    }

    /// For a line of text, which no name may end or hide: what can't be seen in one is shown as U+FFFD.
    package var description: String {
        let shown = names.prefix(Self.most).map { name in
            String(String.UnicodeScalarView(String(decoding: name, as: UTF8.self).unicodeScalars.map { Self.isSeen($0) ? $0 : "\u{FFFD}" }))
        }
        return shown.joined(separator: ", ") + (names.count > Self.most ? " and more" : "")
    }

    private static func isSeen(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }
}
