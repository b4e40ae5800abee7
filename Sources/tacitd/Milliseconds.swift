/// A time as options give it: digits only.
enum Milliseconds {
    private static let longest = 60_000

    /// Throws a usage error unless it is from 0 to 60000.
    static func parse(_ text: String) throws(StartError) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let number = Int(text),
            (0...longest).contains(number)
        else { throw .usage("'\(text)' is no time from 0 to \(longest) milliseconds") }
        return number
    }
}
