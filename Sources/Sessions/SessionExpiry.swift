import DjangoFormat

/// When a session ends (what Django's `set_expiry` takes).
public enum SessionExpiry: Sendable {
    /// After so many seconds without a save; 0 when the browser closes.
    case seconds(Int)
    /// At a moment, in microseconds since 1970-01-01 UTC.
    case date(Int64)
    /// As `SESSION_COOKIE_AGE` says.
    case `default`
}

/// The reserved name that Django keeps the expiry under.
private let expiryName: JSONString = "_session_expiry"

/// The years 1 to 9999: what Python's `datetime` can hold.
private let firstDate: Int64 = -62_135_596_800_000_000
private let lastDate: Int64 = 253_402_300_799_999_999

extension Session {
    /// Django's `set_expiry`.
    public func setExpiry(_ expiry: SessionExpiry) async throws(SessionStoreError) {
        switch expiry {
        case .seconds(let seconds): try await set(expiryName, to: .number(JSONNumber(seconds)))
        case .date(let date): try await set(expiryName, to: .string(JSONString(ISODate.format(date))))
        case .default: try await pop(expiryName)
        }
    }

    /// Seconds from now to the end (Django's `get_expiry_age`); whole ones unless a fraction was stored.
    public func getExpiryAge() async throws(SessionStoreError) -> Double { expiryAge(of: try await data()) }

    /// The moment of the end, in microseconds since 1970-01-01 UTC (Django's `get_expiry_date`).
    public func getExpiryDate() async throws(SessionStoreError) -> Int64 {
        expiryDate(of: try await data(), modification: now)
    }

    /// How long the browser is to keep the cookie, in seconds: ``getExpiryAge()``, or nil until it is closed.
    public func cookieAge() async throws(SessionStoreError) -> Double? {
        let data = try await data()
        return expiresAtBrowserClose(data) ? nil : expiryAge(of: data)
    }

    private func expiryAge(of data: JSONObject) -> Double {
        switch StoredExpiry(data) {
        case .age(let seconds): seconds
        case .date(let date): Double((date - now).flooredDivision(by: 1_000_000).quotient)
        case .none: Double(settings.cookieAge)
        }
    }

    func expiryDate(of data: JSONObject, modification: Int64) -> Int64 {
        let date =
            switch StoredExpiry(data) {
            case .date(let date): date
            case .age(let seconds): modification + microseconds(seconds)
            case .none: modification + microseconds(Double(settings.cookieAge))
            }
        return min(max(date, firstDate), lastDate)
    }

    /// No age reaches further than from one end of the calendar to the other, so that sums stay within 64 bits.
    private func microseconds(_ seconds: Double) -> Int64 {
        Int64((min(max(seconds, -4e11), 4e11) * 1_000_000).rounded(.toNearestOrEven))
    }

    /// Whether the session ends with the browser (Django's `get_expire_at_browser_close`).
    public func getExpireAtBrowserClose() async throws(SessionStoreError) -> Bool {
        expiresAtBrowserClose(try await data())
    }

    private func expiresAtBrowserClose(_ data: JSONObject) -> Bool {
        guard let stored = data[expiryName], stored != .null else { return settings.expireAtBrowserClose }
        if case .number(let number) = stored { return number.doubleValue == 0 }
        return false
    }

}

private enum StoredExpiry {
    case none
    case age(Double)
    case date(Int64)

    /// A falsy value, or one that Django never writes, stands for the default.
    init(_ data: JSONObject) {
        switch data[expiryName] {
        case .number(let number) where number.doubleValue != 0 && !number.doubleValue.isNaN:
            self = .age(number.doubleValue)
        case .string(let text): self = text.string.flatMap(ISODate.parse).map { .date($0) } ?? .none
        default: self = .none
        }
    }
}
