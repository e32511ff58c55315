/// Python's `datetime.date`: a day of the years 1 to 9999.
public struct PythonDate: Hashable, Sendable {
    public let year: Int
    public let month: Int
    public let day: Int

    /// - Returns: nil where there is no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= CivilDate(year: Int64(year), month: Int64(month), day: 1).daysInMonth
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }
}

/// Python's `datetime.time`.
public struct PythonTime: Hashable, Sendable {
    public let hour: Int
    public let minute: Int
    public let second: Int
    public let microsecond: Int
    /// Whether it is the second of two equal times, when clocks go back (Python's `fold=1`).
    public let isFolded: Bool
    public let zone: PythonTimeZone?

    /// - Returns: nil where there is no such time.
    public init?(
        hour: Int, minute: Int, second: Int = 0, microsecond: Int = 0, isFolded: Bool = false,
        zone: PythonTimeZone? = nil
    ) {
        guard (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second),
            (0..<1_000_000).contains(microsecond)
        else { return nil }
        (self.hour, self.minute, self.second, self.microsecond) = (hour, minute, second, microsecond)
        (self.isFolded, self.zone) = (isFolded, zone)
    }
}

/// Python's `datetime.datetime`: a day and a time of it.
public struct PythonDateTime: Hashable, Sendable {
    public let date: PythonDate
    public let time: PythonTime

    public init(date: PythonDate, time: PythonTime) {
        (self.date, self.time) = (date, time)
    }
}

/// Python's `datetime.timedelta` in its normal form: only the days may be negative.
public struct PythonTimeDelta: Hashable, Sendable {
    public let days: Int
    public let seconds: Int
    public let microseconds: Int

    /// - Returns: nil where the parts are not in their normal form, or past Python's 999999999 days.
    public init?(days: Int, seconds: Int = 0, microseconds: Int = 0) {
        guard (-999_999_999...999_999_999).contains(days), (0..<86400).contains(seconds),
            (0..<1_000_000).contains(microseconds)
        else { return nil }
        (self.days, self.seconds, self.microseconds) = (days, seconds, microseconds)
    }
}

/// Python's `datetime.timezone`: a fixed offset from UTC, under a day.
public struct PythonTimeZone: Hashable, Sendable {
    public let offset: PythonTimeDelta
    public let name: JSONString?

    /// - Returns: nil where the offset is a day or more.
    public init?(offset: PythonTimeDelta, name: JSONString? = nil) {
        guard offset.days == 0 || offset.days == -1 && (offset.seconds, offset.microseconds) > (0, 0) else {
            return nil
        }
        (self.offset, self.name) = (offset, name)
    }
}
