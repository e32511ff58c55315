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
    @Test("Writes go to both, and loads come from the cache, which a load from the database fills")
    func layout() async throws {
        try await withCachedDatabase { f in
            _ = try await f.store.create(f.key, record(["a": 1], seconds: 500), replacing: nil, now: now)
            #expect(try await f.cached() == ["a": 1])
            #expect(try await f.rows.data(f.key) == ["a": 1])
            guard case .integer(let left) = try await f.client.run("PTTL", f.place) else {
                throw CacheError.server("")
            }
            #expect((470_000...500_000).contains(left))
            try await f.store.update(f.key, ["a": 2])
            #expect(try await f.cached() == ["a": 2])
            #expect(try await f.rows.data(f.key) == ["a": 2])
            // As Django does, the cache is believed.
            try await f.djangoCaches(["a": 3])
            #expect(try await f.store.data(f.key) == ["a": 3])
            _ = try await f.client.run("DEL", f.place)
            #expect(try await f.store.data(f.key) == ["a": 2])
            #expect(try await f.cached() == ["a": 2])
            #expect(try await f.store.exists(f.key) == true)
            try await f.store.delete(f.key)
            #expect(try await f.cached() == nil)
            #expect(try await f.store.exists(f.key) == false)
            #expect(try await f.store.data(f.key) == nil)
            await #expect(throws: SessionStoreError.keyGone) { try await f.store.update(f.key, ["a": 4]) }
            #expect(try await f.other.data(f.key) == nil)
        }
    }

    @Test("A filled cache entry lasts as long as the row, and a key without a row leaves nothing behind")
    func filling() async throws {
        try await withCachedDatabase { f in
            _ = try await f.rows.create(f.key, record(["a": 1], seconds: 100), replacing: nil, now: now)
            #expect(try await f.store.data(f.key) == ["a": 1])
            guard case .integer(let left) = try await f.client.run("PTTL", f.place) else {
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
        try await withCachedDatabase { f in
            try await f.store.create(f.key, ["a": 1])
            try await f.store.create("new-key-new-key", ["a": 2], replacing: f.key)
            #expect(try await f.other.data("new-key-new-key") == ["a": 2])
            #expect(try await f.other.data(f.key) == nil)
            #expect(try await f.cached() == nil)
            await #expect(throws: SessionStoreError.keyGone) {
                try await f.store.create("other-key-other", [:], replacing: f.key)
            }
            try await f.store.create(f.key, ["a": 3])
            await #expect(throws: SessionStoreError.keyExists) {
                try await f.store.create("new-key-new-key", [:], replacing: f.key)
            }
            #expect(try await f.other.data(f.key) == ["a": 3])
            #expect(try await f.other.data("new-key-new-key") == ["a": 2])
        }
    }

    @Test("A load that a logout overtakes does not bring the session back")
    func loadAndLogout() async throws {
        for byDjango in [false, true] {
            try await withCachedDatabase { f in
                try await f.rows.create(f.key, ["a": 1])
                f.ours.afterLoad = { byDjango ? try await f.djangoDeletes() : try await f.other.delete(f.key) }
                #expect(try await f.store.data(f.key) == ["a": 1])  // it was loaded before
                #expect(try await f.cached() == nil)
                #expect(try await f.other.data(f.key) == nil)
                #expect(try await f.store.data(f.key) == nil)
            }
        }
    }

    @Test("A load that a save overtakes does not bring the old data back")
    func loadAndSave() async throws {
        for byDjango in [false, true] {
            try await withCachedDatabase { f in
                try await f.rows.create(f.key, ["a": 1])
                f.ours.afterLoad = {
                    if byDjango {
                        try await f.rows.update(f.key, ["a": 2])
                        try await f.djangoCaches(["a": 2])
                    } else {
                        try await f.other.update(f.key, ["a": 2])
                    }
                }
                #expect(try await f.store.data(f.key) == ["a": 1])
                #expect(try await f.cached() == ["a": 2])
                #expect(try await f.store.data(f.key) == ["a": 2])
            }
        }
    }

    @Test("A save that a logout overtakes does not bring the session back")
    func saveAndLogout() async throws {
        for byDjango in [false, true] {
            try await withCachedDatabase { f in
                try await f.store.create(f.key, ["a": 1])
                f.ours.afterUpdate = { byDjango ? try await f.djangoDeletes() : try await f.other.delete(f.key) }
                try await f.store.update(f.key, ["a": 2])
                #expect(try await f.cached() == nil)
                #expect(try await f.other.data(f.key) == nil)
            }
        }
    }

    @Test("Of two saves the cache shows the one that the database holds, or none")
    func twoSaves() async throws {
        for byDjango in [false, true] {
            try await withCachedDatabase { f in
                try await f.store.create(f.key, ["a": 1])
                f.ours.afterUpdate = {
                    if byDjango {
                        try await f.rows.update(f.key, ["a": 3])
                        try await f.djangoCaches(["a": 3])
                    } else {
                        try await f.other.update(f.key, ["a": 3])
                    }
                }
                try await f.store.update(f.key, ["a": 2])
                #expect(try await f.rows.data(f.key) == ["a": 3])
                #expect(try await f.cached() == nil)
                #expect(try await f.other.data(f.key) == ["a": 3])
            }
        }
    }

    @Test("Many saves, loads and logouts at once leave nothing in the cache that the database has not")
    func storm() async throws {
        try await withCachedDatabase { f in
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
        try await withCachedDatabase { f in
            try await f.store.create(f.key, ["a": 1])
            try await f.store.delete(f.key)
            try await f.djangoCaches(["a": 1])
            await EventLoop.sleep(for: Invalidations.secondTime + .milliseconds(300))
            #expect(try await f.cached() == nil)
        }
    }

    @Test("A cached session that only Python reads is taken from the database")
    func foreign() async throws {
        try await withCachedDatabase { f in
            try await f.rows.create(f.key, ["a": 1])
            for text in ["cdecimal\nDecimal\n(V1.5\ntR.", "garbage", "7", "N."] {
                _ = try await f.client.run("SET", f.place, text)
                #expect(try await f.store.data(f.key) == ["a": 1])
            }
        }
    }

    @Test("What JSON does not take is refused before anything is written")
    func notSerializable() async throws {
        try await withCachedDatabase { f in
            let data: JSONObject = ["a": .python(.bytes([1]))]
            let refusal = SessionStoreError.unstorable("Object of type bytes is not JSON serializable")
            await #expect(throws: refusal) { try await f.store.create(f.key, data) }
            let cached = try await f.cached()
            #expect(cached == nil)
        }
    }
}
