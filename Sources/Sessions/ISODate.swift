import DjangoFormat

/// Dates as Python's `datetime.isoformat()` writes them: `2026-01-02T03:04:05+00:00`, with six digits of fraction only
/// where there is one. Without `USE_TZ` they are local and have no offset.
public enum ISODate {
    /// - Parameter date: microseconds since 1970-01-01 UTC.
    public static func format(_ date: Int64, useTZ: Bool = true) -> String {
        let (seconds, fraction) = date.flooredDivision(by: 1_000_000)
        let offset = useTZ ? 0 : LocalTime.offset(at: seconds)
        let (days, second) = (seconds + offset).flooredDivision(by: 86400)
        let civil = CivilDate(daysSince1970: days)
        var text = padded(civil.year, 4) + "-" + padded(civil.month, 2) + "-" + padded(civil.day, 2)
        text += "T" + padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2)
        if fraction != 0 { text += "." + padded(fraction, 6) }
        return useTZ ? text + "+00:00" : text
    }

    /// Reads `YYYY-MM-DD[(T| )HH:MM[:SS[.fraction]][Z|±HH:MM[:SS]]]`; a date without an offset counts as UTC, or as local
    /// without `USE_TZ`.
    /// - Returns: microseconds since 1970-01-01 UTC, nil where the text is no date.
    public static func parse(_ text: String, useTZ: Bool = true) -> Int64? {
        var reader = Reader(rest: Array(text.utf8)[...])
        guard let year = reader.number(4), year > 0, reader.take("-"), let month = reader.number(2),
            (1...12).contains(month), reader.take("-"), let day = reader.number(2),
            case let date = CivilDate(year: year, month: month, day: day), (1...date.daysInMonth).contains(day)
        else { return nil }
        var seconds = date.daysSince1970 * 86400
        var fraction: Int64 = 0
        var hasOffset = false
        if reader.take("T") || reader.take(" ") {
            guard let time = reader.clock() else { return nil }
            (seconds, fraction) = (seconds + time.seconds, time.microseconds)
            hasOffset = reader.take("Z")
            if !hasOffset, let sign: Int64 = reader.take("+") ? 1 : reader.take("-") ? -1 : nil {
                guard let offset = reader.clock() else { return nil }
                seconds -= sign * offset.seconds
                fraction -= sign * offset.microseconds
                hasOffset = true
            }
        }
        if !useTZ, !hasOffset { seconds = LocalTime.unixTime(local: seconds) }
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

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
