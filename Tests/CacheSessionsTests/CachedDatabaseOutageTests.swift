@testable import CacheSessions
import DatabaseSessions
import DjangoFormat
import EventLoop
import Logging
import Sessions
import TestSupport
import Testing

@Suite("The engine of a cache before the database, where Redis is away, starts again or is full")
struct CachedDatabaseOutageTests {
    @Test("With Redis away sessions are read from and saved to the database; what it held is not shown again")
    func away() async throws {
        try await withCachedDatabase(limit: .milliseconds(200)) { f in
            try await f.store.create(f.key, ["a": 1])
            try await f.store.create("another-session", ["b": 1])
            f.redis.freeze()
            try await f.store.update(f.key, ["a": 2])
            let start = ContinuousClock.now
            for _ in 0..<20 { #expect(try await f.store.data(f.key) == ["a": 2]) }
            #expect(try await f.store.data("another-session") == ["b": 1])
            try await f.store.create("a-new-session", ["c": 1])
            #expect(try await f.store.data("a-new-session") == ["c": 1])
            #expect(ContinuousClock.now - start < .seconds(15), "an outage is found out once")
            f.redis.thaw()
            #expect(try await eventually { try await f.cached() != ["a": 1] })
            #expect(try await f.other.data(f.key) == ["a": 2])
        }
    }

    @Test("A logout with Redis away is an error until Redis knows, and is done then")
    func logoutAway() async throws {
        try await withCachedDatabase(limit: .milliseconds(200)) { f in
            try await f.store.create(f.key, ["a": 1])
            f.redis.freeze()
            await #expect { try await f.store.delete(f.key) } throws: { error in
                if case .unavailable = error as? SessionStoreError { true } else { false }
            }
            #expect(try await f.rows.data(f.key) == nil)
            #expect(try await f.store.data(f.key) == nil)
            await #expect(throws: SessionStoreError.self) {
                try await f.store.create("new-key-new-key", ["a": 1], replacing: f.key)
            }
            f.redis.thaw()
            #expect(try await eventually { try await f.cached() == nil })
            #expect(try await f.other.data(f.key) == nil)
        }
    }

    @Test("While Redis has no memory left, sessions are saved, get a new key and end, and it shows nothing old of them")
    func outOfMemory() async throws {
        try await withCachedDatabase { f in
            for key in [f.key, "another-session", "a-third-session"] { try await f.store.create(key, ["a": 1]) }
            _ = try await f.client.run("CONFIG", "SET", "maxmemory", "1")
            await #expect(throws: CacheError.self) { _ = try await f.client.run("SET", "x", "y") }
            try await f.store.delete(f.key)
            #expect(try await f.cached() == nil)
            #expect(try await f.other.data(f.key) == nil)
            try await f.store.create("new-key-new-key", ["a": 2], replacing: "another-session")
            #expect(try await f.other.data("another-session") == nil)
            #expect(try await f.other.data("new-key-new-key") == ["a": 2])
            try await f.store.update("a-third-session", ["a": 3])
            #expect(try await eventually { try await f.other.data("a-third-session") == ["a": 3] })
        }
    }

    @Test("With Redis away, no more sessions can be changed than can be remembered; those that are can be again")
    func roomDuringOutage() async throws {
        try await withCachedDatabase(limit: .milliseconds(200)) { f in
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
        try await withCachedDatabase(limit: .milliseconds(200)) { f in
            try await f.store.create(f.key, ["a": 1])
            f.redis.freeze()
            // From now on nothing is sent that Redis would still do when it is back.
            _ = try await f.store.data("another-session")
            f.ours.losesAnswers = true
            await #expect(throws: SessionStoreError.unavailable("the answer was lost")) {
                if isReplaced {
                    try await f.store.create("new-key-new-key", ["a": 1], replacing: f.key)
                } else {
                    try await f.store.delete(f.key)
                }
            }
            f.redis.thaw()
            #expect(try await f.store.data(f.key) == nil)
            #expect(try await eventually { try await f.cached() == nil })
            #expect(try await f.other.data(f.key) == nil)
        }
    }

    @Test("A save while Redis restarts under load loses nothing")
    func restartUnderLoad() async throws {
        try await withCachedDatabase(limit: .milliseconds(500)) { f in
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
}
