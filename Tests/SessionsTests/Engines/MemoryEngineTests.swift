import DjangoFormat
import EventLoop
import TestSupport
import Testing

@testable import Sessions

/// Django's `CacheSessionTests` on the memory of the process.
@Suite("The cache engine in memory")
struct MemoryEngineTests {
    @Test("load overlong key")
    func loadOverlongKey() async throws {
        try await TestEngine.cache.run { engine async throws in
            let key = String(repeating: "abcdefghijklmnopqrstuvwxyz0123456789", count: 20)
            #expect(try await engine.session(key).load() == [:])
        }
    }

    @Test("default cache")
    func defaultCache() async throws {
        try await TestEngine.cache.run { engine in
            let session = engine.session(nil)
            try await session.save()
            #expect(try await engine.store.exists(try #require(session.sessionKey)))
        }
    }

    @Test("create and save")
    func createAndSave() async throws {
        try await TestEngine.cache.run { engine in
            let session = engine.session(nil)
            try await session.create()
            try await session.save()
            #expect(try await engine.store.exists(try #require(session.sessionKey)))
        }
    }

    @Test("one that has ended is not saved any more, as in a cache that has dropped it")
    func saveAfterEnd() async throws {
        let clock = TestClock()
        try await TestEngine.cache.run(now: { clock.now }) { engine in
            let session = engine.session(nil)
            try await session.setExpiry(.seconds(10))
            try await session.save()
            clock.advance(seconds: 11)
            await #expect(throws: SessionStoreError.keyGone) { try await session.save() }
        }
    }

    @Test("a full memory forgets those that end first")
    func full() async throws {
        try await onLoop {
            let engine = SessionEngine(store: MemoryStore(maximumCount: 9), codec: testCodec())
            var keys: [String] = []
            for number in 0..<10 {
                let session = engine.session(nil)
                try await session.setExpiry(.seconds(1000 - number))
                try await session.save()
                keys.append(try #require(session.sessionKey))
            }
            var kept: [Bool] = []
            for key in keys { kept.append(try await engine.store.exists(key)) }
            #expect(kept == [true, true, true, true, true, true, false, false, false, true])
        }
    }
}
