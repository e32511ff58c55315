import EventLoop
import Logging

/// Which cache sessions are kept in: the entry of Django's `CACHES` that `SESSION_CACHE_ALIAS` names.
public struct CacheSettings: Sendable {
    /// Its `LOCATION`.
    public var location: CacheLocation
    /// Its `KEY_PREFIX`.
    public var keyPrefix = ""
    /// Its `VERSION`.
    public var version = 1

    public init(location: CacheLocation) {
        self.location = location
    }

    /// The key in the cache: Django's `default_key_func`.
    func key(_ name: String) -> String { "\(keyPrefix):\(version):\(name)" }

    @EventLoop
    func backend(limit: Duration, isPatient: Bool, logger: Logger) -> any CacheBackend {
        switch location {
        case .redis(let options): RedisCache(options, limit: limit, isPatient: isPatient, logger: logger)
        case .localMemory: LocalMemoryCache()
        }
    }
}
