import CacheSessions
import DatabaseSessions
import DjangoFormat
import EventLoop
import Logging
import Sessions
import Synchronization

/// The engines on the servers that the harness has started, and the clock that it sets.
@EventLoop
final class Engines {
    static let secretKey = "test-secret-key"

    let clock = FrozenClock()
    private let directory: String
    private let database: DatabaseStore
    private let cache: CacheStore
    private let cachedDatabase: CachedDatabaseStore

    init(database url: String, redis: String, directory: String) throws {
        let logger = Logger(label: "parity")
        let options = try RedisOptions(redis)
        self.directory = directory
        database = try DatabaseStore(database: url, codec: SessionCodec(secretKey: Self.secretKey), logger: logger)
        cache = CacheStore(CacheSettings(redis: options), logger: logger)
        cachedDatabase = CachedDatabaseStore(database: database, CacheSettings(redis: options), logger: logger)
    }

    /// - Parameter name: the last part of Django's `SESSION_ENGINE`.
    func engine(_ name: String, _ settings: SessionSettings) throws -> SessionEngine {
        let codec = SessionCodec(secretKey: Self.secretKey)
        let store: any SessionStore =
            switch name {
            case "db": database
            case "cache": cache
            case "cached_db": cachedDatabase
            case "file": try FileStore(directory: directory, codec: codec, settings: settings)
            case "signed_cookies": CookieStore(secretKey: Self.secretKey, settings: settings)
            default: throw BadOrder("there is no engine \(name)")
            }
        return SessionEngine(store: store, codec: codec, settings: settings, clock: { [clock] in clock.now })
    }
}

/// A clock that stands still until it is set, in microseconds since 1970-01-01 UTC.
final class FrozenClock: Sendable {
    private let time = Atomic<Int64>(0)

    var now: Int64 { time.load(ordering: .relaxed) }

    func set(_ now: Int64) { time.store(now, ordering: .relaxed) }
}

extension SessionSettings {
    /// - Parameter values: by Django's names; those that are not there have Django's defaults.
    init(_ values: JSONObject, djangoCompatible: Bool) {
        self.init()
        self.djangoCompatible = djangoCompatible
        if let name = values["SESSION_COOKIE_NAME"]?.string { cookieName = name }
        if let age = values["SESSION_COOKIE_AGE"]?.int { cookieAge = age }
        if let domain = values["SESSION_COOKIE_DOMAIN"]?.string { cookieDomain = domain }
        if let path = values["SESSION_COOKIE_PATH"]?.string { cookiePath = path }
        if let sameSite = values["SESSION_COOKIE_SAMESITE"] { cookieSameSite = sameSite.string.flatMap(SameSite.init) }
        if let secure = values["SESSION_COOKIE_SECURE"]?.bool { cookieSecure = secure }
        if let httpOnly = values["SESSION_COOKIE_HTTPONLY"]?.bool { cookieHTTPOnly = httpOnly }
        if let every = values["SESSION_SAVE_EVERY_REQUEST"]?.bool { saveEveryRequest = every }
        if let close = values["SESSION_EXPIRE_AT_BROWSER_CLOSE"]?.bool { expireAtBrowserClose = close }
        if let useTZ = values["USE_TZ"]?.bool { self.useTZ = useTZ }
    }
}
