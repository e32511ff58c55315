import DjangoFormat

/// When a session ends (what Django's `set_expiry` takes and `_session_expiry` holds).
public struct SessionExpiry: Sendable, Equatable {
    enum Kind: Equatable {
        case `default`
        case seconds(JSONNumber)
        case date(Int64)
        case duration(Duration)
    }

    let kind: Kind

    /// As `SESSION_COOKIE_AGE` says (Django's `None`).
    public static let `default` = SessionExpiry(kind: .default)

    /// After so many seconds without a save; 0 when the browser closes.
    public static func seconds(_ seconds: Int) -> SessionExpiry { SessionExpiry(kind: .seconds(JSONNumber(seconds))) }

    /// After so many seconds without a save, with a fraction; what is no number stands for the default.
    public static func seconds(_ seconds: Double) -> SessionExpiry {
        seconds.isNaN ? .default : SessionExpiry(kind: .seconds(JSONNumber(seconds)))
    }

    /// So long from now, whatever is saved meanwhile (Django's `timedelta`).
    public static func duration(_ duration: Duration) -> SessionExpiry { SessionExpiry(kind: .duration(duration)) }

    /// At a moment, in microseconds since 1970-01-01 UTC (Django's `datetime`).
    public static func date(_ microseconds: Int64) -> SessionExpiry { SessionExpiry(kind: .date(microseconds)) }
}

extension SessionExpiry {
    /// The reserved name that Django keeps the expiry under.
    static let name: JSONString = "_session_expiry"

    /// The years 1 to 9999: what Python's `datetime` can hold.
    private static let firstDate: Int64 = -62_135_596_800_000_000
    private static let lastDate: Int64 = 253_402_300_799_999_999

    /// What is stored; a value that Django never writes stands for the default.
    init(of data: JSONObject, _ settings: SessionSettings) {
        switch data[Self.name] {
        case .number(let number) where !number.doubleValue.isNaN: kind = .seconds(number)
        // Python's True is 1.
        case .bool(let bool): kind = .seconds(JSONNumber(bool ? 1 : 0))
        case .string(let text):
            let date = text.string.flatMap { ISODate.parse($0, useTZ: settings.useTZ) }
            kind = date.map { .date($0) } ?? .default
        default: kind = .default
        }
    }

    /// Seconds from `modification` to the end; whole ones unless a fraction was stored.
    func age(modification: Int64, _ settings: SessionSettings) -> Double {
        switch kind {
        case .seconds(let number) where number.doubleValue != 0: number.doubleValue
        case .default, .seconds: Double(settings.cookieAge)
        case .date, .duration:
            Double((date(modification: modification, settings) - modification).flooredDivision(by: 1_000_000).quotient)
        }
    }

    /// The moment of the end, in microseconds since 1970-01-01 UTC.
    func date(modification: Int64, _ settings: SessionSettings) -> Int64 {
        let date: Int64 =
            switch kind {
            case .date(let date): date
            case .duration(let duration): modification + Self.microseconds(duration)
            case .seconds(let number) where number.doubleValue != 0:
                modification + Self.microseconds(number.doubleValue)
            case .default, .seconds: modification + Self.microseconds(Double(settings.cookieAge))
            }
        return min(max(date, Self.firstDate), Self.lastDate)
    }

    /// Whether it is a number of seconds of its own.
    var hasOwnAge: Bool {
        if case .seconds(let number) = kind { number.doubleValue != 0 } else { false }
    }

    /// Whether the session ends with the browser.
    func isBrowserClose(_ settings: SessionSettings) -> Bool {
        switch kind {
        case .default: settings.expireAtBrowserClose
        case .seconds(let number): number.doubleValue == 0
        case .date, .duration: false
        }
    }

    /// No age reaches further than from one end of the calendar to the other, so that sums stay within 64 bits.
    private static let longest: Int64 = 400_000_000_000

    private static func microseconds(_ seconds: Double) -> Int64 {
        Int64((min(max(seconds, Double(-longest)), Double(longest)) * 1_000_000).rounded(.toNearestOrEven))
    }

    private static func microseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return min(max(seconds, -longest), longest) * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}

extension Session {
    /// Django's `set_expiry`.
    public func setExpiry(_ expiry: SessionExpiry) async throws(SessionStoreError) {
        switch expiry.kind {
        case .default: try await pop(SessionExpiry.name)
        case .seconds(let number): try await set(SessionExpiry.name, to: .number(number))
        case .date, .duration:
            let date = expiry.date(modification: now, settings)
            let text = ISODate.format(date, useTZ: settings.useTZ)
            try await set(SessionExpiry.name, to: .string(JSONString(text)))
        }
    }

    /// `SESSION_COOKIE_AGE` (Django's `get_session_cookie_age`).
    public func getSessionCookieAge() -> Int { settings.cookieAge }

    /// Seconds from the modification to the end (Django's `get_expiry_age`); whole ones unless a fraction was stored.
    /// - Parameter modification: microseconds since 1970-01-01 UTC, now where it is nil.
    public func getExpiryAge(modification: Int64? = nil) async throws(SessionStoreError) -> Double {
        getExpiryAge(modification: modification, expiry: SessionExpiry(of: try await data(), settings))
    }

    /// The same for another expiry than the session's, which is not loaded.
    public func getExpiryAge(modification: Int64? = nil, expiry: SessionExpiry) -> Double {
        expiry.age(modification: modification ?? now, settings)
    }

    /// The moment of the end, in microseconds since 1970-01-01 UTC (Django's `get_expiry_date`).
    /// - Parameter modification: microseconds since 1970-01-01 UTC, now where it is nil.
    public func getExpiryDate(modification: Int64? = nil) async throws(SessionStoreError) -> Int64 {
        getExpiryDate(modification: modification, expiry: SessionExpiry(of: try await data(), settings))
    }

    /// The same for another expiry than the session's, which is not loaded.
    public func getExpiryDate(modification: Int64? = nil, expiry: SessionExpiry) -> Int64 {
        expiry.date(modification: modification ?? now, settings)
    }

    /// Whether the session ends with the browser (Django's `get_expire_at_browser_close`).
    public func getExpireAtBrowserClose() async throws(SessionStoreError) -> Bool {
        SessionExpiry(of: try await data(), settings).isBrowserClose(settings)
    }

    /// How long the browser is to keep the cookie, in seconds: ``getExpiryAge(modification:)``, or nil until it is
    /// closed.
    public func cookieAge() async throws(SessionStoreError) -> Double? {
        let expiry = SessionExpiry(of: try await data(), settings)
        return expiry.isBrowserClose(settings) ? nil : getExpiryAge(expiry: expiry)
    }
}
