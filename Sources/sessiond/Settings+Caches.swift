import CacheSessions
import DjangoFormat

/// Django's `CACHES`, as a JSON object of the same shape; it may hold a password, so it is a secret as a whole.
extension Settings {
    mutating func readCaches(_ reader: inout SettingsReader) {
        let text = reader.secret("CACHES")
        if let text {
            guard case .object(let all)? = try? JSON.decode(Array(text.utf8)) else {
                return reader.fail(
                    "CACHES",
                    "it is no JSON object; set one such as {\"default\": {\"BACKEND\": \"\(CacheBackendName.redis)\", "
                        + "\"LOCATION\": \"redis://127.0.0.1:6379\"}}")
            }
            caches = all
        }
        guard engine == .cache || engine == .cachedDB else { return }
        guard let entry = caches[JSONString(cacheAlias)]?.object else {
            return reader.fail("CACHES", "it has no '\(cacheAlias)', which SESSION_CACHE_ALIAS names; add it")
        }
        do throws(Failure) {
            cache = try CacheSettings.redis(entry)
        } catch {
            reader.fail("CACHES", "'\(cacheAlias)': \(error)")
        }
    }
}

private enum CacheBackendName {
    static let redis = "django.core.cache.backends.redis.RedisCache"
    static let localMemory = "django.core.cache.backends.locmem.LocMemCache"
}

extension CacheSettings {
    /// The cache in Redis; nil for one in memory.
    fileprivate static func redis(_ entry: JSONObject) throws(Failure) -> CacheSettings? {
        var settings: CacheSettings
        switch entry["BACKEND"]?.string {
        case CacheBackendName.redis: settings = CacheSettings(redis: try location(entry["LOCATION"]))
        case CacheBackendName.localMemory: return nil
        default:
            throw Failure(
                "its BACKEND is not supported; set \(CacheBackendName.redis), or for one process alone "
                    + CacheBackendName.localMemory)
        }
        if let prefix = entry["KEY_PREFIX"] {
            guard let text = prefix.string else { throw Failure("its KEY_PREFIX is no text") }
            settings.keyPrefix = text
        }
        if let version = entry["VERSION"] {
            guard let number = version.int else { throw Failure("its VERSION is no whole number") }
            settings.version = number
        }
        // Both would change where sessions lie.
        if let options = entry["OPTIONS"], options.object?.isEmpty != true {
            throw Failure("its OPTIONS are not supported; write the database and the password into LOCATION")
        }
        if entry["KEY_FUNCTION"] != nil { throw Failure("its KEY_FUNCTION is not supported; use Django's own") }
        return settings
    }

    /// Of several the first counts, as Django writes to it.
    private static func location(_ value: JSONValue?) throws(Failure) -> RedisOptions {
        guard let text = value?.string ?? value?.array?.first?.string else {
            throw Failure("its LOCATION is no text; set a URL such as redis://127.0.0.1:6379")
        }
        do throws(InvalidCacheLocation) {
            return try RedisOptions(text)
        } catch {
            throw Failure("its LOCATION cannot be used: \(error)")
        }
    }
}
