import Vault

/// A number of bytes, alone or with K or M for the multiples of 1024.
enum Size {
    /// Throws a usage error unless it is from 1 to the largest value that a vault can hold.
    static func parse(_ text: String) throws(StartError) -> Int {
        let largest = VaultConfiguration.greatestValue
        let factor =
            switch text.last {
            case "K", "k": 1 << 10
            case "M", "m": 1 << 20
            default: 1
            }
        let digits = factor == 1 ? text[...] : text.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let number = Int(digits),
            (1...largest / factor).contains(number)
        else { throw .usage("'\(text)' is no size from 1 to \(largest >> 20)M") }
        return number * factor
    }
}
