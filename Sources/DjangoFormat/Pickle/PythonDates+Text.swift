// The texts of Python's `str`.

extension PythonDate: CustomStringConvertible {
    public var description: String { "\(padded(year, 4))-\(padded(month))-\(padded(day))" }
}

extension PythonTime: CustomStringConvertible {
    public var description: String {
        "\(padded(hour)):\(padded(minute)):\(padded(second))" + fraction(microsecond)
            + (zone.map { $0.offset.offsetText } ?? "")
    }
}

extension PythonDateTime: CustomStringConvertible {
    public var description: String { "\(date) \(time)" }
}

extension PythonTimeDelta: CustomStringConvertible {
    public var description: String {
        let time = "\(seconds / 3600):\(padded(seconds / 60 % 60)):\(padded(seconds % 60))" + fraction(microseconds)
        return days == 0 ? time : "\(days) day\(abs(days) == 1 ? "" : "s"), \(time)"
    }

    /// `+HH:MM[:SS[.ffffff]]`, for an offset under a day.
    fileprivate var offsetText: String {
        let isNegative = days < 0
        // The negative of −1 day and so many seconds.
        let total = isNegative ? (86400 - seconds) * 1_000_000 - microseconds : seconds * 1_000_000 + microseconds
        let (second, microsecond) = (total / 1_000_000, total % 1_000_000)
        var text = "\(isNegative ? "-" : "+")\(padded(second / 3600)):\(padded(second / 60 % 60))"
        if second % 60 != 0 || microsecond != 0 { text += ":\(padded(second % 60))" + fraction(microsecond) }
        return text
    }
}

extension PythonTimeZone: CustomStringConvertible {
    public var description: String {
        if let name { return name.description }
        let text = offset.offsetText
        return text == "+00:00" ? "UTC" : "UTC\(text)"
    }
}

private func padded(_ value: Int, _ width: Int = 2) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

private func fraction(_ microseconds: Int) -> String { microseconds == 0 ? "" : "." + padded(microseconds, 6) }
