// SPDX-License-Identifier: MIT

/// Times as RFC 3339 writes them, in UTC: "2026-01-02T03:04:05.678901Z". As numbers they are microseconds since the start of 1970.
package enum RFC3339 {
    /// 0000-01-01T00:00:00Z: the earliest time that can be written.
    package static let earliest: Int64 = -62_167_219_200_000_000
    /// 9999-12-31T23:59:59.999999Z: the latest.
    package static let latest: Int64 = 253_402_300_799_999_999

    /// Appends a time: 27 bytes. One that can't be written is shown as the nearest that can.
    package static func append(_ microseconds: Int64, to bytes: inout [UInt8]) {
        let time = min(max(microseconds, earliest), latest)
        let (day, inDay) = dividing(time, by: 86_400_000_000)
        let (year, month, dayOfMonth) = date(ofDay: day)
        append(year, digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(dayOfMonth, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        append(inDay / 3_600_000_000, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(inDay / 60_000_000 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(inDay / 1_000_000 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        append(inDay % 1_000_000, digits: 6, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// The microseconds of a time: a date-time of RFC 3339, section 5.6, in UTC, or a date alone, which is its start. Nil for any other
    /// text, for a date that there is not, and for a second of 60.
    package static func microseconds(_ text: some Collection<UInt8>) -> Int64? {
        let bytes = Array(text)
        func isForm(_ form: String, _ range: Range<Int>) -> Bool {
            zip(bytes[range], form.utf8).allSatisfy { $1 == zero ? (zero...nine).contains($0) : $0 == $1 }
        }
        func number(_ range: Range<Int>) -> Int64 { bytes[range].reduce(0) { $0 * 10 + Int64($1 - zero) } }
        guard bytes.count >= 10, isForm("0000-00-00", 0..<10) else { return nil }
        let date = (year: number(0..<4), month: number(5..<7), day: number(8..<10))
        guard (1...12).contains(date.month), (1...31).contains(date.day) else { return nil }
        let day = day(date.year, date.month, date.day)
        guard self.date(ofDay: day) == date else { return nil }
        if bytes.count == 10 { return day * 86_400_000_000 }
        guard bytes.count >= 20, isForm("T00:00:00", 10..<19), bytes.last == UInt8(ascii: "Z") else { return nil }
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        guard hour < 24, minute < 60, second < 60 else { return nil }
        let fraction = bytes[19..<bytes.count - 1]
        if !fraction.isEmpty {
            guard fraction.count >= 2, fraction.first == UInt8(ascii: "."), fraction.dropFirst().allSatisfy((zero...nine).contains) else {
                return nil
            }
        }
        let digits = fraction.dropFirst().prefix(6).map { Int64($0 - zero) }
        let microseconds = (digits + Array(repeating: 0, count: 6 - digits.count)).reduce(0) { $0 * 10 + $1 }
        return (day * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000_000 + microseconds
    }

    private static let zero = UInt8(ascii: "0")
    private static let nine = UInt8(ascii: "9")

    /// Year, month and day of the month in the Gregorian calendar. `day` counts from the start of 1970.
    ///
    /// Years are counted from March, so that the leap day is the last of its year; 400 of them, an era, have 146,097 days, and 719,468 are
    /// those from March of the year 0 to 1970.
    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = dividing(day + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    /// The days from the start of 1970 to a date, as in `date(ofDay:)`. Of a day that its month does not have, those to the day so many
    /// later.
    private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let years = (month > 2 ? year : year - 1) + 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return years * 365 + years / 4 - years / 100 + years / 400 + dayOfYear - 719_468 - 146_097
    }

    /// Quotient rounded down and the remainder, which is never negative.
    private static func dividing(_ number: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func append(_ number: Int64, digits: Int, to bytes: inout [UInt8]) {
        var power: Int64 = 1
        for _ in 1..<digits { power *= 10 }
        while power > 0 {
            bytes.append(zero + UInt8(truncatingIfNeeded: number / power % 10))
            power /= 10
        }
    }
}
