// SPDX-License-Identifier: MIT

import Bytes
import Vault

/// A number of bytes, alone or with K or M for the multiples of 1024.
enum Size {
    /// Throws a usage error unless it is from 1 to the largest value that a vault can hold.
    static func parse(_ text: String) throws(StartError) -> Int {
        let largest = VaultConfiguration.greatestValue
        guard let number = bytes(text), (1...largest).contains(number) else {
            throw .usage("'\(text)' is no size from 1 to \(largest >> 20)M")
        }
        return number
    }

    /// Nil for what is no such number.
    static func bytes(_ text: String) -> Int? {
        let factor =
            switch text.last {
            case "K", "k": 1 << 10
            case "M", "m": 1 << 20
            default: 1
            }
        guard let number = Int(decimal: (factor == 1 ? text[...] : text.dropLast()).utf8) else { return nil }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: factor)
        return overflows ? nil : bytes
    }
}
