/// Dates as Python's `datetime.isoformat()` writes them: `2026-01-02T03:04:05+00:00`, with six digits of fraction only
/// where there is one.
public enum ISODate {
    /// - Parameter date: microseconds since 1970-01-01 UTC.
    public static func format(_ date: Int64) -> String {
        let (seconds, fraction) = floorDivide(date, 1_000_000)
        let (days, second) = floorDivide(seconds, 86400)
        let (year, month, day) = civil(days)
        var text = padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
        text += "T" + padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2)
        if fraction != 0 { text += "." + padded(fraction, 6) }
        return text + "+00:00"
    }

    /// Reads `YYYY-MM-DD[(T| )HH:MM[:SS[.fraction]][Z|±HH:MM[:SS]]]`; a date without an offset counts as UTC.
    /// - Returns: microseconds since 1970-01-01 UTC, nil where the text is no date.
    public static func parse(_ text: String) -> Int64? {
        var reader = Reader(rest: Array(text.utf8)[...])
        guard let year = reader.number(4), year > 0, reader.take("-"), let month = reader.number(2),
            (1...12).contains(month), reader.take("-"), let day = reader.number(2),
            (1...daysInMonth(year, month)).contains(day)
        else { return nil }
        var seconds = daysSince1970(year, month, day) * 86400
        var fraction: Int64 = 0
        if reader.take("T") || reader.take(" ") {
            guard let time = reader.clock() else { return nil }
            (seconds, fraction) = (seconds + time.seconds, time.microseconds)
            if !reader.take("Z"), let sign: Int64 = reader.take("+") ? 1 : reader.take("-") ? -1 : nil {
                guard let offset = reader.clock() else { return nil }
                seconds -= sign * offset.seconds
                fraction -= sign * offset.microseconds
            }
        }
        return reader.rest.isEmpty ? seconds * 1_000_000 + fraction : nil
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func take(_ character: Character) -> Bool {
            guard let first = rest.first, first == character.asciiValue else { return false }
            rest.removeFirst()
            return true
        }

        mutating func number(_ digits: Int) -> Int64? {
            guard rest.count >= digits else { return nil }
            var value: Int64 = 0
            for byte in rest.prefix(digits) {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            rest.removeFirst(digits)
            return value
        }

        mutating func clock() -> (seconds: Int64, microseconds: Int64)? {
            guard let hour = number(2), hour < 24, take(":"), let minute = number(2), minute < 60 else { return nil }
            guard take(":") else { return (hour * 3600 + minute * 60, 0) }
            guard let second = number(2), second < 60 else { return nil }
            var fraction: Int64 = 0
            if take(".") {
                let digits = rest.prefix { (0x30...0x39).contains($0) }.count
                // Python keeps six digits and drops the rest.
                guard digits > 0, let value = number(min(digits, 6)) else { return nil }
                if digits > 6 { rest.removeFirst(digits - 6) }
                fraction = (digits..<6).reduce(value) { value, _ in value * 10 }
            }
            return (hour * 3600 + minute * 60 + second, fraction)
        }
    }

    // MARK: The calendar

    static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
        let next = month == 12 ? (year + 1, 1) : (year, month + 1)
        return daysSince1970(next.0, next.1, 1) - daysSince1970(year, month, 1)
    }

    /// Howard Hinnant's `days_from_civil`: years begin in March, so that the leap day is the last.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivide(year, 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Its inverse, `civil_from_days`.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
