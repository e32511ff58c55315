import Glibc

/// The time zone of the process: the environment's `TZ`, read once, or the machine's.
enum LocalTime {
    /// Seconds by which local time is ahead of UTC.
    /// - Parameter unixTime: seconds since 1970-01-01 UTC.
    static func offset(at unixTime: Int64) -> Int64 {
        var time = time_t(unixTime)
        var local = tm()
        return localtime_r(&time, &local) == nil ? 0 : Int64(local.tm_gmtoff)
    }

    /// The moment of a local time. One that a clock shows twice, or never, is taken in standard time, as PostgreSQL does.
    /// - Parameter local: seconds since 1970-01-01 on the local clock.
    static func unixTime(local: Int64) -> Int64 {
        let offsets = [offset(at: local - 86400), offset(at: local + 86400)].sorted()
        let real = offsets.first { offset(at: local - $0) == $0 }
        return local - (real ?? offsets[0])
    }
}
