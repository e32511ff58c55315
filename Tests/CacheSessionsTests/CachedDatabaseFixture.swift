@testable import CacheSessions
import DatabaseSessions
import DjangoFormat
import EventLoop
import Logging
import Sessions
import TestSupport

/// Two processes on one database and one Redis.
@EventLoop
struct CachedDatabaseFixture {
    let key = "abcdefghijklmnopqrstuvwxyz012345"
    var place: String { ":1:django.contrib.sessions.cached_db" + key }

    let redis: TestRedis
    let database: TestDatabase
    let rows: DatabaseStore
    let ours: InterruptedStore
    /// Its steps can be interrupted.
    let store: CachedDatabaseStore
    let other: CachedDatabaseStore
    let client: RedisClient

    init(limit: Duration) async throws {
        redis = try await TestRedis()
        database = try await TestDatabase()
        rows = try database.store()
        ours = InterruptedStore(rows)
        let logger = Logger(label: "test")
        store = CachedDatabaseStore(database: ours, try await settings(redis), limit: limit, logger: logger)
        other = CachedDatabaseStore(database: rows, try await settings(redis), limit: limit, logger: logger)
        client = try redisClient(redis.url())
    }

    /// The data that the cache shows to Django.
    func cached() async throws -> JSONObject? {
        guard case .bytes(let value) = try await client.run("GET", place),
            case .data(let data) = CachedData(value)
        else { return nil }
        return data
    }

    /// What Django does at logout.
    func djangoDeletes() async throws {
        try await rows.delete(key)
        _ = try await client.run("DEL", place)
    }

    func djangoCaches(_ data: JSONObject) async throws {
        _ = try await client.command([Array("SET".utf8), Array(place.utf8), Pickle.encode(.object(data))])
    }

    func close() {
        store.close()
        other.close()
        rows.close()
        client.close()
    }
}

func withCachedDatabase(
    limit: Duration = .seconds(1), _ body: @escaping @EventLoop @Sendable (CachedDatabaseFixture) async throws -> Void
) async throws {
    try await onLoop {
        let fixture = try await CachedDatabaseFixture(limit: limit)
        try await body(fixture)
        fixture.close()
    }
}
