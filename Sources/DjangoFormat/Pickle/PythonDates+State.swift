// The bytes in which Python's pickles hold dates and times (`date._getstate()` and so on): big-endian, and from
// protocol 4 on the fold is the highest bit of the month or of the hour.

extension PythonDate {
    var state: [UInt8] { [byte(year >> 8), byte(year), byte(month), byte(day)] }

    init?(state: ArraySlice<UInt8>) {
        guard state.count == 4 else { return nil }
        let parts = state.map { Int($0) }
        self.init(year: parts[0] << 8 | parts[1], month: parts[2], day: parts[3])
    }
}

extension PythonTime {
    var state: [UInt8] {
        [byte(hour) | (isFolded ? 0x80 : 0), byte(minute), byte(second)] + microsecondState
    }

    fileprivate var microsecondState: [UInt8] {
        [byte(microsecond >> 16), byte(microsecond >> 8), byte(microsecond)]
    }

    /// - Parameter isFolded: nil where the state says so itself.
    init?(state: ArraySlice<UInt8>, isFolded: Bool? = nil, zone: PythonTimeZone?) {
        guard state.count == 6 else { return nil }
        let parts = state.map { Int($0) }
        let mark = isFolded == nil ? 0x80 : 0
        self.init(
            hour: parts[0] & ~mark, minute: parts[1], second: parts[2],
            microsecond: parts[3] << 16 | parts[4] << 8 | parts[5], isFolded: isFolded ?? (parts[0] & mark != 0),
            zone: zone)
    }
}

extension PythonDateTime {
    var state: [UInt8] {
        var day = date.state
        if time.isFolded { day[2] |= 0x80 }
        return day + [byte(time.hour), byte(time.minute), byte(time.second)] + time.microsecondState
    }

    init?(state: ArraySlice<UInt8>, zone: PythonTimeZone?) {
        guard state.count == 10 else { return nil }
        var day = Array(state.prefix(4))
        let isFolded = day[2] & 0x80 != 0
        day[2] &= 0x7F
        guard let date = PythonDate(state: day[...]),
            let time = PythonTime(state: state.dropFirst(4), isFolded: isFolded, zone: zone)
        else { return nil }
        self.init(date: date, time: time)
    }
}

private func byte(_ value: Int) -> UInt8 { UInt8(truncatingIfNeeded: value) }
