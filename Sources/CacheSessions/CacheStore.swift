import DjangoFormat
import EventLoop
import Logging
import Sessions

/// Django's cache engine (`django.contrib.sessions.backends.cache`): the cache alone holds the sessions.
@EventLoop
public final class CacheStore: SessionStore {
    private static let prefix = "django.contrib.sessions.cache"

    private let settings: CacheSettings
    private let cache: RedisCache
    private let ended: Invalidations

    /// - Parameter limit: how long a request waits for the cache at most; 503 then.
    public init(_ settings: CacheSettings, limit: Duration = .seconds(5), logger: Logger) {
        self.settings = settings
        let cache = RedisCache(settings.redis, limit: limit, isPatient: true, logger: logger)
        self.cache = cache
        ended = Invalidations(cache, logger: logger)
    }

    /// Makes the connection ahead of the first request.
    public func connect() { cache.connect() }

    public func close() {
        ended.close()
        cache.close()
    }

    // MARK: SessionStore

    @EventLoop
    public func exists(_ key: String) async throws(SessionStoreError) -> Bool {
        try await value(key) != nil
    }

    @EventLoop
    public func load(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionLookup {
        guard let value = try await value(key) else { return .unknown }
        switch CachedData(value) {
        case .data(let data): return .found(LoadedSession(data: data, expireDate: .max))
        case .nothing, .corrupt: return .unknown
        case .unreadable(let reason): throw .unstorable("a cached session was not read: \(reason)")
        }
    }

    @EventLoop
    public func create(
        _ key: String, _ record: SessionRecord, replacing oldKey: String?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        if let oldKey, ended.contains(self.place(oldKey)) { throw .keyGone }
        let (place, value, seconds) = (place(key), CachedData.encode(record.data), record.seconds(from: now))
        let move: CacheMove
        do throws(CacheError) {
            if let old = oldKey.map(self.place) {
                move = try await cache.move(old, to: place, value, seconds: seconds)
                if move == .done { ended.addLater(old) }
            } else {
                move = try await cache.set(place, value, seconds: seconds, if: .absent) ? .done : .taken
            }
        } catch {
            throw .unavailable(error.description)
        }
        switch move {
        case .done: return SavedSession()
        case .taken: throw .keyExists
        case .gone: throw .keyGone
        }
    }

    @EventLoop
    public func update(
        _ key: String, _ record: SessionRecord, revision: [UInt8]?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        guard SessionKey.fitsColumn(key), !ended.contains(place(key)) else { throw .keyGone }
        let isThere: Bool
        do throws(CacheError) {
            isThere = try await cache.set(
                place(key), CachedData.encode(record.data), seconds: record.seconds(from: now), if: .present)
        } catch {
            throw .unavailable(error.description)
        }
        guard isThere else { throw .keyGone }
        return SavedSession()
    }

    /// Returns when the session has ended, or throws: then it is tried again until it is done.
    @EventLoop
    public func delete(_ key: String) async throws(SessionStoreError) {
        guard SessionKey.fitsColumn(key) else { return }
        try ended.requireRoom(for: place(key))
        do throws(CacheError) {
            try await cache.delete(place(key))
            ended.addLater(place(key))
        } catch {
            ended.add(place(key))
            throw .unavailable(error.description)
        }
    }

    /// The cache sees to it itself.
    @EventLoop
    public func clearExpired(now: Int64) async throws(SessionStoreError) -> Int { 0 }

    private func place(_ key: String) -> String { settings.key(Self.prefix + key) }

    private func value(_ key: String) async throws(SessionStoreError) -> [UInt8]? {
        guard SessionKey.fitsColumn(key), !ended.contains(place(key)) else { return nil }
        do throws(CacheError) {
            return try await cache.get(place(key))
        } catch {
            throw .unavailable(error.description)
        }
    }
}

extension SessionRecord {
    /// How long it is to be kept, in whole seconds as Django's `int(timeout)`; not negative.
    func seconds(from now: Int64) -> Int {
        let (left, overflow) = expireDate.subtractingReportingOverflow(now)
        return overflow ? 0 : Int(max(left, 0) / 1_000_000)
    }
}
