/// Dates as HTTP writes them: `Mon, 07 Dec 2026 02:07:28 GMT` (Django's `http_date`).
public enum HTTPDate {
    /// - Parameter unixSeconds: seconds since 1970-01-01 UTC; held within the years 1 to 9999, which is what the four
    ///   digits can say.
    public static func format(_ unixSeconds: Int64) -> String {
        let seconds = min(max(unixSeconds, -62_135_596_800), 253_402_300_799)
        let (days, time) = seconds.flooredDivision(by: 86_400)
        let (year, month, day) = civilDate(daysSince1970: days)
        // 1970-01-01 was a Thursday.
        let weekday = weekdays[Int((days + 3).flooredDivision(by: 7).remainder)]
        let clock = "\(pad(time / 3600)):\(pad(time / 60 % 60)):\(pad(time % 60))"
        return "\(weekday), \(pad(day)) \(months[Int(month - 1)]) \(pad(year / 100))\(pad(year % 100)) \(clock) GMT"
    }

    /// The Gregorian date, counted in eras of 400 years that begin on 1 March, so that leap days come last.
    private static func civilDate(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func pad(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
