@testable import CacheSessions
import DatabaseSessions
import DjangoFormat
import EventLoop
import Logging
import Sessions
import TestSupport
import Testing

@Suite("The engine of a cache before the database")
struct CachedDatabaseStoreTests {
    private static let key = "abcdefghijklmnopqrstuvwxyz012345"
    private static let place = ":1:django.contrib.sessions.cached_db" + key

    /// Two processes on one database and one Redis.
    @EventLoop
    private struct Fixture {
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

    private func with(
        limit: Duration = .seconds(1), _ body: @escaping @EventLoop @Sendable (Fixture) async throws -> Void
    ) async throws {
        try await onLoop {
            let fixture = try await Fixture(limit: limit)
            try await body(fixture)
            fixture.close()
        }
    }

    @Test("Writes go to both, and loads come from the cache, which a load from the database fills")
    func layout() async throws {
        try await with { f in
            _ = try await f.store.create(Self.key, record(["a": 1], seconds: 500), replacing: nil, now: now)
            #expect(try await f.cached() == ["a": 1])
            #expect(try await f.rows.data(Self.key) == ["a": 1])
            guard case .integer(let left) = try await f.client.run("PTTL", Self.place) else {
                throw CacheError.server("")
            }
            #expect((470_000...500_000).contains(left))
            try await f.store.update(Self.key, ["a": 2])
            #expect(try await f.cached() == ["a": 2])
            #expect(try await f.rows.data(Self.key) == ["a": 2])
            // As Django does, the cache is believed.
            try await f.djangoCaches(["a": 3])
            #expect(try await f.store.data(Self.key) == ["a": 3])
            _ = try await f.client.run("DEL", Self.place)
            #expect(try await f.store.data(Self.key) == ["a": 2])
            #expect(try await f.cached() == ["a": 2])
            #expect(try await f.store.exists(Self.key) == true)
            try await f.store.delete(Self.key)
            #expect(try await f.cached() == nil)
            #expect(try await f.store.exists(Self.key) == false)
            #expect(try await f.store.data(Self.key) == nil)
            await #expect(throws: SessionStoreError.keyGone) { try await f.store.update(Self.key, ["a": 4]) }
            #expect(try await f.other.data(Self.key) == nil)
        }
    }

    @Test("A filled cache entry lasts as long as the row, and a key without a row leaves nothing behind")
    func filling() async throws {
        try await with { f in
            _ = try await f.rows.create(Self.key, record(["a": 1], seconds: 100), replacing: nil, now: now)
            #expect(try await f.store.data(Self.key) == ["a": 1])
            guard case .integer(let left) = try await f.client.run("PTTL", Self.place) else {
                throw CacheError.server("")
            }
            #expect((70_000...100_000).contains(left))
            #expect(try await f.store.data("another-session") == nil)
            await EventLoop.sleep(for: .milliseconds(5))
            let missing = ":1:django.contrib.sessions.cached_dbanother-session"
            #expect(try await f.client.run("EXISTS", missing) == .integer(0))
        }
    }

    @Test("A new key takes the place of the old one in both")
    func replacing() async throws {
        try await with { f in
            try await f.store.create(Self.key, ["a": 1])
            try await f.store.create("new-key-new-key", ["a": 2], replacing: Self.key)
            #expect(try await f.other.data("new-key-new-key") == ["a": 2])
            #expect(try await f.other.data(Self.key) == nil)
            #expect(try await f.cached() == nil)
            await #expect(throws: SessionStoreError.keyGone) {
                try await f.store.create("other-key-other", [:], replacing: Self.key)
            }
            try await f.store.create(Self.key, ["a": 3])
            await #expect(throws: SessionStoreError.keyExists) {
                try await f.store.create("new-key-new-key", [:], replacing: Self.key)
            }
            #expect(try await f.other.data(Self.key) == ["a": 3])
            #expect(try await f.other.data("new-key-new-key") == ["a": 2])
        }
    }

    @Test("A load that a logout overtakes does not bring the session back")
    func loadAndLogout() async throws {
        for byDjango in [false, true] {
            try await with { f in
                try await f.rows.create(Self.key, ["a": 1])
                f.ours.afterLoad = { byDjango ? try await f.djangoDeletes() : try await f.other.delete(Self.key) }
                #expect(try await f.store.data(Self.key) == ["a": 1])  // it was loaded before
                #expect(try await f.cached() == nil)
                #expect(try await f.other.data(Self.key) == nil)
                #expect(try await f.store.data(Self.key) == nil)
            }
        }
    }

    @Test("A load that a save overtakes does not bring the old data back")
    func loadAndSave() async throws {
        for byDjango in [false, true] {
            try await with { f in
                try await f.rows.create(Self.key, ["a": 1])
                f.ours.afterLoad = {
                    if byDjango {
                        try await f.rows.update(Self.key, ["a": 2])
                        try await f.djangoCaches(["a": 2])
                    } else {
                        try await f.other.update(Self.key, ["a": 2])
                    }
                }
                #expect(try await f.store.data(Self.key) == ["a": 1])
                #expect(try await f.cached() == ["a": 2])
                #expect(try await f.store.data(Self.key) == ["a": 2])
            }
        }
    }

    @Test("A save that a logout overtakes does not bring the session back")
    func saveAndLogout() async throws {
        for byDjango in [false, true] {
            try await with { f in
                try await f.store.create(Self.key, ["a": 1])
                f.ours.afterUpdate = { byDjango ? try await f.djangoDeletes() : try await f.other.delete(Self.key) }
                try await f.store.update(Self.key, ["a": 2])
                #expect(try await f.cached() == nil)
                #expect(try await f.other.data(Self.key) == nil)
            }
        }
    }

    @Test("Of two saves the cache shows the one that the database holds, or none")
    func twoSaves() async throws {
        for byDjango in [false, true] {
            try await with { f in
                try await f.store.create(Self.key, ["a": 1])
                f.ours.afterUpdate = {
                    if byDjango {
                        try await f.rows.update(Self.key, ["a": 3])
                        try await f.djangoCaches(["a": 3])
                    } else {
                        try await f.other.update(Self.key, ["a": 3])
                    }
                }
                try await f.store.update(Self.key, ["a": 2])
                #expect(try await f.rows.data(Self.key) == ["a": 3])
                #expect(try await f.cached() == nil)
                #expect(try await f.other.data(Self.key) == ["a": 3])
            }
        }
    }

    @Test("Many saves, loads and logouts at once leave nothing in the cache that the database has not")
    func storm() async throws {
        try await with { f in
            let keys = (0..<20).map { "session-of-storm-\($0)" }
            for key in keys { try await f.store.create(key, ["n": 0]) }
            await concurrently(
                (0..<2000).map { index in
                    {
                        let (key, store) = (keys[index % 20], index % 3 == 0 ? f.other : f.store)
                        switch index % 40 {
                        case 39 where index > 1500: try? await store.delete(key)
                        case 0..<15: try? await store.update(key, ["n": .int(index)])
                        default: _ = try? await store.data(key)
                        }
                    }
                })
            for key in keys {
                let row = try await f.rows.data(key)
                #expect(try await f.store.data(key) == row)
                #expect(try await f.other.data(key) == row)
            }
        }
    }

    @Test("Django, which may store what it read before a logout, does not bring the session back for long")
    func resurrection() async throws {
        try await with { f in
            try await f.store.create(Self.key, ["a": 1])
            try await f.store.delete(Self.key)
            try await f.djangoCaches(["a": 1])
            await EventLoop.sleep(for: Invalidations.secondTime + .milliseconds(300))
            #expect(try await f.cached() == nil)
        }
    }

    @Test("With Redis away sessions are read from and saved to the database; what it held is not shown again")
    func away() async throws {
        try await with(limit: .milliseconds(200)) { f in
            try await f.store.create(Self.key, ["a": 1])
            try await f.store.create("another-session", ["b": 1])
            f.redis.freeze()
            try await f.store.update(Self.key, ["a": 2])
            let start = ContinuousClock.now
            for _ in 0..<20 { #expect(try await f.store.data(Self.key) == ["a": 2]) }
            #expect(try await f.store.data("another-session") == ["b": 1])
            try await f.store.create("a-new-session", ["c": 1])
            #expect(try await f.store.data("a-new-session") == ["c": 1])
            #expect(ContinuousClock.now - start < .seconds(15), "an outage is found out once")
            f.redis.thaw()
            while try await f.cached() == ["a": 1] {
                try #require(ContinuousClock.now - start < .seconds(30))
                await EventLoop.sleep(for: .milliseconds(20))
            }
            #expect(try await f.other.data(Self.key) == ["a": 2])
        }
    }

    @Test("A logout with Redis away is an error until Redis knows, and is done then")
    func logoutAway() async throws {
        try await with(limit: .milliseconds(200)) { f in
            try await f.store.create(Self.key, ["a": 1])
            f.redis.freeze()
            await #expect { try await f.store.delete(Self.key) } throws: { error in
                if case .unavailable = error as? SessionStoreError { true } else { false }
            }
            #expect(try await f.rows.data(Self.key) == nil)
            #expect(try await f.store.data(Self.key) == nil)
            await #expect(throws: SessionStoreError.self) {
                try await f.store.create("new-key-new-key", ["a": 1], replacing: Self.key)
            }
            f.redis.thaw()
            let start = ContinuousClock.now
            while try await f.cached() != nil {
                try #require(ContinuousClock.now - start < .seconds(30))
                await EventLoop.sleep(for: .milliseconds(20))
            }
            #expect(try await f.other.data(Self.key) == nil)
        }
    }

    @Test("While Redis has no memory left, sessions are saved, get a new key and end, and it shows nothing old of them")
    func outOfMemory() async throws {
        try await with { f in
            for key in [Self.key, "another-session", "a-third-session"] { try await f.store.create(key, ["a": 1]) }
            _ = try await f.client.run("CONFIG", "SET", "maxmemory", "1")
            await #expect(throws: CacheError.self) { _ = try await f.client.run("SET", "x", "y") }
            try await f.store.delete(Self.key)
            #expect(try await f.cached() == nil)
            #expect(try await f.other.data(Self.key) == nil)
            try await f.store.create("new-key-new-key", ["a": 2], replacing: "another-session")
            #expect(try await f.other.data("another-session") == nil)
            #expect(try await f.other.data("new-key-new-key") == ["a": 2])
            try await f.store.update("a-third-session", ["a": 3])
            let start = ContinuousClock.now
            while try await f.other.data("a-third-session") != ["a": 3] {
                try #require(ContinuousClock.now - start < .seconds(30))
                await EventLoop.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test("With Redis away, no more sessions can be changed than can be remembered; those that are can be again")
    func roomDuringOutage() async throws {
        try await with(limit: .milliseconds(200)) { f in
            f.redis.freeze()
            let (options, logger) = (try await settings(f.redis).redis, Logger(label: "test"))
            let cache = RedisCache(options, limit: .milliseconds(50), isPatient: false, logger: logger)
            let stale = Invalidations(cache, logger: logger)
            for number in 1..<Invalidations.room { stale.add("\(number)") }
            try stale.requireRoom(for: "another")
            stale.add("the-last")
            #expect(throws: SessionStoreError.self) { try stale.requireRoom(for: "another") }
            try stale.requireRoom(for: "the-last")
            stale.close()
            cache.close()
            f.redis.thaw()
        }
    }

    @Test("A session whose end is unknown, with Redis away, is not shown when Redis is back", arguments: [true, false])
    func unknownEnd(isReplaced: Bool) async throws {
        try await with(limit: .milliseconds(200)) { f in
            try await f.store.create(Self.key, ["a": 1])
            f.redis.freeze()
            // From now on nothing is sent that Redis would still do when it is back.
            _ = try await f.store.data("another-session")
            f.ours.losesAnswers = true
            await #expect(throws: SessionStoreError.unavailable("the answer was lost")) {
                if isReplaced {
                    try await f.store.create("new-key-new-key", ["a": 1], replacing: Self.key)
                } else {
                    try await f.store.delete(Self.key)
                }
            }
            f.redis.thaw()
            #expect(try await f.store.data(Self.key) == nil)
            let start = ContinuousClock.now
            while try await f.cached() != nil {
                try #require(ContinuousClock.now - start < .seconds(30))
                await EventLoop.sleep(for: .milliseconds(20))
            }
            #expect(try await f.other.data(Self.key) == nil)
        }
    }

    @Test("A save while Redis restarts under load loses nothing")
    func restartUnderLoad() async throws {
        try await with(limit: .milliseconds(500)) { f in
            let keys = (0..<50).map { "session-of-restart-\($0)" }
            for key in keys { try await f.store.create(key, ["n": 0]) }
            EventLoop.start {
                for _ in 0..<3 {
                    await EventLoop.sleep(for: .milliseconds(150))
                    f.redis.stop()
                    await EventLoop.sleep(for: .milliseconds(150))
                    do { try await f.redis.start() } catch { Issue.record(error, "Redis did not start again") }
                }
            }
            var wrong = 0
            await concurrently(
                keys.map { key in
                    {
                        for number in 1...60 {
                            do {
                                try await f.store.update(key, ["n": .int(number)])
                                if try await f.store.data(key) != ["n": .int(number)] { wrong += 1 }
                                await EventLoop.sleep(for: .milliseconds(20))
                            } catch { wrong += 1 }
                        }
                    }
                })
            #expect(wrong == 0)
            for key in keys { #expect(try await f.other.data(key) == ["n": 60]) }
        }
    }

    @Test("A cached session that only Python reads is taken from the database")
    func foreign() async throws {
        try await with { f in
            try await f.rows.create(Self.key, ["a": 1])
            for text in ["cdecimal\nDecimal\n(V1.5\ntR.", "garbage", "7", "N."] {
                _ = try await f.client.run("SET", Self.place, text)
                #expect(try await f.store.data(Self.key) == ["a": 1])
            }
        }
    }

    @Test("What JSON does not take is refused before anything is written")
    func notSerializable() async throws {
        try await with { f in
            let data: JSONObject = ["a": .python(.bytes([1]))]
            let refusal = SessionStoreError.unstorable("Object of type bytes is not JSON serializable")
            await #expect(throws: refusal) { try await f.store.create(Self.key, data) }
            let cached = try await f.cached()
            #expect(cached == nil)
        }
    }
}
