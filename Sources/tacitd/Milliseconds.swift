// SPDX-License-Identifier: MIT

import Bytes

/// A time as options give it: digits only.
enum Milliseconds {
    private static let longest = 60_000

    /// Throws a usage error unless it is from 0 to 60000.
    static func parse(_ text: String) throws(StartError) -> Int {
        guard let number = Int(decimal: text.utf8), number <= longest else {
            throw .usage("'\(text)' is no time from 0 to \(longest) milliseconds")
        }
        return number
    }
}
