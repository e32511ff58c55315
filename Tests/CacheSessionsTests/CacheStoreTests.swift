@testable import CacheSessions
import DjangoFormat
import EventLoop
import Logging
import Sessions
import TestSupport
import Testing

@Suite("The cache engine")
struct CacheStoreTests {
    private static let key = "abcdefghijklmnopqrstuvwxyz012345"
    private static let place = ":1:django.contrib.sessions.cache" + key

    /// A store on a Redis of its own, and a look into that.
    private func with(
        limit: Duration = .seconds(5),
        _ body: @escaping @EventLoop @Sendable (TestRedis, CacheStore, RedisClient) async throws -> Void
    ) async throws {
        try await onLoop {
            let redis = try await TestRedis()
            let store = CacheStore(try await settings(redis), limit: limit, logger: Logger(label: "test"))
            let client = try redisClient(redis.url())
            try await body(redis, store, client)
            store.close()
            client.close()
        }
    }

    @Test("A session is stored under Django's key, pickled, and for as long as it lasts")
    func layout() async throws {
        try await with { redis, store, client in
            _ = try await store.create(Self.key, record(["a": 1], seconds: 500), replacing: nil, now: now)
            #expect(try await client.run("GET", Self.place) == .bytes(Pickle.encode(["a": 1])))
            guard case .integer(let left) = try await client.run("PTTL", Self.place) else {
                throw CacheError.server("")
            }
            #expect((470_000...500_000).contains(left))
            #expect(try await store.data(Self.key) == ["a": 1])
            #expect(try await store.exists(Self.key))
        }
        try await onLoop {
            let redis = try await TestRedis()
            var own = try await settings(redis)
            (own.keyPrefix, own.version) = ("site", 7)
            let store = CacheStore(own, logger: Logger(label: "test"))
            try await store.create(Self.key, [:])
            let client = try redisClient(redis.url())
            #expect(try await client.run("EXISTS", "site:7:django.contrib.sessions.cache" + Self.key) == .integer(1))
            store.close()
            client.close()
        }
    }

    @Test("Create is not update: a key that is taken is refused, and a session that is gone stays gone")
    func createAndUpdate() async throws {
        try await with { _, store, _ in
            try await store.create(Self.key, ["a": 1])
            await #expect(throws: SessionStoreError.keyExists) { try await store.create(Self.key, ["a": 2]) }
            #expect(try await store.data(Self.key) == ["a": 1])
            try await store.update(Self.key, ["a": 3])
            #expect(try await store.data(Self.key) == ["a": 3])
            try await store.delete(Self.key)
            #expect(try await store.data(Self.key) == nil)
            #expect(try await store.exists(Self.key) == false)
            await #expect(throws: SessionStoreError.keyGone) { try await store.update(Self.key, ["a": 4]) }
            #expect(try await store.data(Self.key) == nil)
            try await store.delete(Self.key)
        }
    }

    @Test("A new key takes the place of the old one in one step, or not at all")
    func replacing() async throws {
        try await with { _, store, _ in
            try await store.create("old-key-old-key", ["a": 1])
            try await store.create("taken-key-taken", ["b": 1])
            await #expect(throws: SessionStoreError.keyExists) {
                try await store.create("taken-key-taken", ["a": 2], replacing: "old-key-old-key")
            }
            #expect(try await store.data("old-key-old-key") == ["a": 1])
            try await store.create("new-key-new-key", ["a": 2], replacing: "old-key-old-key")
            #expect(try await store.data("new-key-new-key") == ["a": 2])
            #expect(try await store.data("old-key-old-key") == nil)
            await #expect(throws: SessionStoreError.keyGone) {
                try await store.create("other-key-other", ["a": 3], replacing: "old-key-old-key")
            }
            #expect(try await store.data("other-key-other") == nil)
        }
    }

    @Test("A session without time left is stored and gone, as Django's")
    func noTimeLeft() async throws {
        try await with { _, store, client in
            _ = try await store.create(Self.key, record(["a": 1], seconds: -10), replacing: nil, now: now)
            await EventLoop.sleep(for: .milliseconds(5))
            #expect(try await client.run("EXISTS", Self.place) == .integer(0))
            try await store.create(Self.key, ["a": 1])
            _ = try await store.update(Self.key, record(["a": 1], seconds: 0), revision: nil, now: now)
            await EventLoop.sleep(for: .milliseconds(5))
            #expect(try await client.run("EXISTS", Self.place) == .integer(0))
        }
    }

    @Test("What is no session is none; what only Python reads is an error, and stays")
    func foreign() async throws {
        try await with { _, store, client in
            for text in ["5", "garbage", "\u{1}", "(lp0\n.", "N."] {
                _ = try await client.run("SET", Self.place, text)
                #expect(try await store.data(Self.key) == nil)
            }
            let decimal = "cdecimal\nDecimal\n(V1.5\ntR."
            _ = try await client.run("SET", Self.place, decimal)
            await #expect { try await store.data(Self.key) } throws: { "\($0)".contains("decimal.Decimal") }
            #expect(try await client.run("GET", Self.place) == bytes(decimal))
        }
    }

    @Test(
        "A key that no session can have is unknown", arguments: [String(repeating: "x", count: 41), "abcdefgh\0", ""])
    func impossibleKeys(key: String) async throws {
        try await with { _, store, _ in
            #expect(try await store.data(key) == nil)
            await #expect(throws: SessionStoreError.keyGone) { try await store.update(key, [:]) }
            try await store.delete(key)
        }
    }

    @Test("A Django that stores a session again which has just ended does not bring it back for long")
    func resurrection() async throws {
        try await with { _, store, client in
            try await store.create(Self.key, ["a": 1])
            try await store.delete(Self.key)
            // Django's save is two steps: there is a session; store it.
            _ = try await client.command([Array("SET".utf8), Array(Self.place.utf8), Pickle.encode(["a": 2])])
            await EventLoop.sleep(for: Invalidations.secondTime + .milliseconds(300))
            #expect(try await client.run("EXISTS", Self.place) == .integer(0))
        }
    }

    @Test("Redis away is an error at the deadline; a logout that failed is done when it is back")
    func away() async throws {
        try await with(limit: .milliseconds(300)) { redis, store, client in
            try await store.create(Self.key, ["a": 1])
            redis.freeze()
            for _ in 0..<2 {
                await #expect { try await store.delete(Self.key) } throws: { error in
                    if case .unavailable = error as? SessionStoreError { true } else { false }
                }
            }
            // This process knows that it has ended.
            #expect(try await store.data(Self.key) == nil)
            await #expect(throws: SessionStoreError.keyGone) { try await store.update(Self.key, ["a": 2]) }
            await #expect(throws: SessionStoreError.self) { try await store.data("another-session") }
            await #expect(throws: SessionStoreError.self) { try await store.create("another-session", [:]) }
            redis.thaw()
            let start = ContinuousClock.now
            while try await client.run("EXISTS", Self.place) == .integer(1) {
                try #require(ContinuousClock.now - start < .seconds(30))
                await EventLoop.sleep(for: .milliseconds(20))
            }
            #expect(try await store.data(Self.key) == nil)
        }
    }
}
