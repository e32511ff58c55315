import DjangoFormat
import EventLoop
import Logging
import Sessions

/// Django's engine of a cache before the database (`django.contrib.sessions.backends.cached_db`).
///
/// The database decides. A cached session is believed, as Django believes it, so none may be left that the database has
/// no longer: each write first puts an `Absence` in its place, then writes the database, then the cache, and that only
/// where its own absence still stands there. A load does the same before it reads the database. What a session left that
/// has ended, or over which two were at odds, is deleted, and the next load stores what the database holds. Redis deletes
/// also where it has no memory left for an absence.
///
/// When the cache is away, sessions are read from and saved to the database, and what the cache may still hold of them
/// is taken out as soon as it is back. A session that ends, by logout or a new key, is an error then: whether the cache
/// still shows it to others cannot be known.
@EventLoop
public final class CachedDatabaseStore: SessionStore {
    private static let prefix = "django.contrib.sessions.cached_db"
    /// How long an absence stands, in seconds: longer than a write or a load takes.
    private static let absenceSeconds = 15

    private let database: any SessionStore
    private let settings: CacheSettings
    private let cache: RedisCache
    private let stale: Invalidations
    private let logger: Logger
    private var hasLoggedUnreadable = false

    /// - Parameters:
    ///   - database: Django's database engine.
    ///   - limit: how long a request waits for the cache at most, before it goes on without.
    public init(
        database: any SessionStore, _ settings: CacheSettings, limit: Duration = .seconds(1), logger: Logger
    ) {
        self.database = database
        self.settings = settings
        self.logger = logger
        let cache = RedisCache(settings.redis, limit: limit, isPatient: false, logger: logger)
        self.cache = cache
        stale = Invalidations(cache, logger: logger)
    }

    /// Makes the cache's connection ahead of the first request.
    public func connect() { cache.connect() }

    /// Ends the cache's connection.
    public func close() {
        stale.close()
        cache.close()
    }

    // MARK: SessionStore

    @EventLoop
    public func exists(_ key: String) async throws(SessionStoreError) -> Bool {
        try await database.exists(key)
    }

    @EventLoop
    public func load(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionLookup {
        guard SessionKey.fitsColumn(key) else { return .unknown }
        let place = place(key)
        guard !stale.contains(place) else { return try await database.load(key, now: now) }
        let value: [UInt8]?
        do throws(CacheError) {
            value = try await cache.get(place)
        } catch {
            return try await database.load(key, now: now)
        }
        switch value.map({ CachedData($0) }) {
        case .data(let data): return .found(LoadedSession(data: data, expireDate: .max))
        case .nothing, .corrupt: return try await database.load(key, now: now)
        case .unreadable(let reason):
            if !hasLoggedUnreadable {
                logger.warning("a cached session was not read", metadata: ["reason": "\(reason)"])
            }
            hasLoggedUnreadable = true
            return try await database.load(key, now: now)
        case nil: return try await loadAndFill(key, now: now)
        }
    }

    private func loadAndFill(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionLookup {
        let place = place(key)
        let absence = Absence()
        // Django deletes what was cached of a session that ends: then the absence is gone, and nothing is stored.
        let isFirst = try? await cache.set(place, absence.bytes, seconds: Self.absenceSeconds, if: .absent)
        let loaded = try await database.load(key, now: now)
        guard isFirst == true else { return loaded }
        let record = loaded.session.map { SessionRecord(data: $0.data, expireDate: $0.expireDate) }
        let value = record.map { CachedData.encode($0.data) } ?? absence.bytes
        _ = try? await cache.set(place, value, seconds: record?.seconds(from: now) ?? 0, if: .equal(absence.bytes))
        return loaded
    }

    @EventLoop
    public func create(
        _ key: String, _ record: SessionRecord, replacing oldKey: String?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        var absence: Absence?
        if let oldKey {
            try stale.requireRoom(for: place(oldKey))
            absence = try? await putAbsence(at: place(oldKey))
        }
        let saved: SavedSession
        do throws(SessionStoreError) {
            saved = try await database.create(key, record, replacing: oldKey, now: now)
        } catch {
            if let oldKey {
                if error == .keyGone { try await end(oldKey) } else if absence == nil { stale.add(place(oldKey)) }
            }
            throw error
        }
        if let oldKey { try await end(oldKey) }
        let seconds = record.seconds(from: now)
        if seconds > 0 {
            // Nobody has had the key before: at worst nothing is cached.
            _ = try? await cache.set(place(key), CachedData.encode(record.data), seconds: seconds, if: .always)
        }
        return saved
    }

    @EventLoop
    public func update(
        _ key: String, _ record: SessionRecord, revision: [UInt8]?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        let place = place(key)
        try stale.requireRoom(for: place)
        let absence = try? await putAbsence(at: place)
        let saved: SavedSession
        do throws(SessionStoreError) {
            saved = try await database.update(key, record, revision: revision, now: now)
        } catch {
            // Whether it was written may be unknown.
            if absence == nil { stale.add(place) }
            throw error
        }
        let seconds = record.seconds(from: now)
        do throws(CacheError) {
            guard let absence else { throw .connectionLost("") }
            guard seconds > 0 else { return saved }
            let isOurs = try await cache.set(
                place, CachedData.encode(record.data), seconds: seconds, if: .equal(absence.bytes))
            // Another has written meanwhile: which of us the database holds is not known here.
            if !isOurs { try await cache.delete(place) }
        } catch {
            stale.add(place)
        }
        return saved
    }

    /// Returns when the session has ended everywhere, or throws: then it is tried again until it is done.
    @EventLoop
    public func delete(_ key: String) async throws(SessionStoreError) {
        guard SessionKey.fitsColumn(key) else { return }
        try stale.requireRoom(for: place(key))
        let absence = try? await putAbsence(at: place(key))
        do throws(SessionStoreError) {
            try await database.delete(key)
        } catch {
            // Whether it is gone may be unknown.
            if absence == nil { stale.add(place(key)) }
            throw error
        }
        try await end(key)
    }

    @EventLoop
    public func clearExpired(now: Int64) async throws(SessionStoreError) -> Int {
        try await database.clearExpired(now: now)
    }

    // MARK: Parts

    private func place(_ key: String) -> String { settings.key(Self.prefix + key) }

    private func putAbsence(at place: String) async throws(CacheError) -> Absence {
        let absence = Absence()
        _ = try await cache.set(place, absence.bytes, seconds: Self.absenceSeconds, if: .always)
        return absence
    }

    /// Takes out of the cache what the database has no longer.
    private func end(_ key: String) async throws(SessionStoreError) {
        do throws(CacheError) {
            try await cache.delete(place(key))
            stale.addLater(place(key))
        } catch {
            stale.add(place(key))
            throw .unavailable("the session has ended, but the cache may still show it: \(error)")
        }
    }
}
