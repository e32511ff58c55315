import DjangoFormat

/// Dates as HTTP writes them: `Mon, 07 Dec 2026 02:07:28 GMT` (Django's `http_date`).
public enum HTTPDate {
    /// - Parameter unixSeconds: seconds since 1970-01-01 UTC; held within the years 1 to 9999, which is what the four
    ///   digits can say.
    public static func format(_ unixSeconds: Int64) -> String {
        let seconds = min(max(unixSeconds, -62_135_596_800), 253_402_300_799)
        let (days, time) = seconds.flooredDivision(by: 86_400)
        let date = CivilDate(daysSince1970: days)
        return String(unsafeUninitializedCapacity: 29) { text in
            var end = 0
            func put(_ part: StaticString) {
                for index in 0..<part.utf8CodeUnitCount { text[end + index] = part.utf8Start[index] }
                end += part.utf8CodeUnitCount
            }
            func put(twoDigits number: Int64) {
                text[end] = UInt8(ascii: "0") + UInt8(number / 10 % 10)
                text[end + 1] = UInt8(ascii: "0") + UInt8(number % 10)
                end += 2
            }
            // 1970-01-01 was a Thursday.
            put(weekdays[Int((days + 3).flooredDivision(by: 7).remainder)])
            put(twoDigits: date.day)
            put(months[Int(date.month - 1)])
            put(twoDigits: date.year / 100)
            put(twoDigits: date.year % 100)
            put(" ")
            put(twoDigits: time / 3600)
            put(":")
            put(twoDigits: time / 60 % 60)
            put(":")
            put(twoDigits: time % 60)
            put(" GMT")
            return end
        }
    }

    private static let weekdays: [StaticString] = ["Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, ", "Sun, "]
    private static let months: [StaticString] = [
        " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec ",
    ]
}
