import DjangoFormat

/// Django's engine of signed cookies (`django.contrib.sessions.backends.signed_cookies`): the cookie's value, which is the
/// key, is the data. The visitor can read it, and nothing can be taken back from somebody who has kept an old one.
public final class CookieStore: SessionStore {
    /// What a browser keeps of a cookie at least: name, value and attributes.
    private static let cookieLimit = 4096

    private let codec: SessionCodec
    private let settings: SessionSettings

    public init(secretKey: String, fallbacks: [String] = [], settings: SessionSettings) {
        codec = SessionCodec(
            signer: TimestampSigner(
                secretKey: secretKey, fallbacks: fallbacks, salt: TimestampSigner.signedCookiesSalt))
        self.settings = settings
    }

    public var keyIsData: Bool { true }

    /// Nobody but the visitor knows.
    public func exists(_ key: String) async throws(SessionStoreError) -> Bool { false }

    /// The data that was signed no longer than `SESSION_COOKIE_AGE` ago and has not ended by an expiry of its own, which
    /// Django does not look at.
    public func load(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionLookup {
        if let (data, signedAt) = codec.decode(Array(key.utf8), maxAge: settings.cookieAge, now: now) {
            let expiry = SessionExpiry(of: data, settings)
            let expireDate = expiry.date(modification: signedAt, settings)
            if settings.djangoCompatible || expireDate > now {
                return .found(LoadedSession(data: data, expireDate: expireDate))
            }
            return .expired
        }
        guard settings.djangoCompatible else { return .unknown }
        // Django gives the visitor a new, empty session in the end.
        return .found(
            LoadedSession(
                data: [:], expireDate: SessionExpiry.default.date(modification: now, settings), newKey: key))
    }

    public func create(
        _ key: String, _ record: SessionRecord, replacing oldKey: String?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        try save(record, now: now)
    }

    public func update(
        _ key: String, _ record: SessionRecord, revision: [UInt8]?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        try save(record, now: now)
    }

    public func delete(_ key: String) async throws(SessionStoreError) {}

    public func clearExpired(now: Int64) async throws(SessionStoreError) -> Int { 0 }

    private func save(_ record: SessionRecord, now: Int64) throws(SessionStoreError) -> SavedSession {
        let text = try codec.text(of: record.data, now: now)
        let length = text.count + settings.cookieName.utf8.count + 1 + attributesLength
        guard length <= Self.cookieLimit else {
            throw .unstorable(
                "the session does not fit a cookie: it takes \(length) of \(Self.cookieLimit) bytes; "
                    + "store less, or choose another SESSION_ENGINE")
        }
        return SavedSession(newKey: String(decoding: text, as: UTF8.self))
    }

    private var attributesLength: Int {
        var text = "; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=\(settings.cookieAge); Path=\(settings.cookiePath)"
        if let domain = settings.cookieDomain { text += "; Domain=\(domain)" }
        if settings.cookieHTTPOnly { text += "; HttpOnly" }
        if settings.cookiePartitioned { text += "; Partitioned" }
        if settings.cookieSecure { text += "; Secure" }
        if let sameSite = settings.cookieSameSite { text += "; SameSite=\(sameSite.rawValue)" }
        return text.utf8.count
    }
}
