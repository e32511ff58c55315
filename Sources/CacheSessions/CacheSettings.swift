/// Which cache sessions are kept in: the entry of Django's `CACHES` that `SESSION_CACHE_ALIAS` names.
public struct CacheSettings: Sendable {
    /// Its `LOCATION`.
    public var redis: RedisOptions
    /// Its `KEY_PREFIX`.
    public var keyPrefix = ""
    /// Its `VERSION`.
    public var version = 1

    public init(redis: RedisOptions) {
        self.redis = redis
    }

    /// The key in the cache: Django's `default_key_func`.
    func key(_ name: String) -> String { "\(keyPrefix):\(version):\(name)" }
}
