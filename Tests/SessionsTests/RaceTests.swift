import DjangoFormat
import EventLoop
import TestSupport
import Testing

@testable import Sessions

/// What requests at the same time do to each other's sessions, on every engine.
@Suite("Requests at the same time")
struct RaceTests {
    @Test("of two saves the last wins with all its data", arguments: TestEngine.withStore)
    func twoSaves(engine: TestEngine) async throws {
        try await engine.run { engine in
            let key = try await engine.stored()
            let (first, second) = (engine.session(key), engine.session(key))
            try await first.set("first", to: 1)
            try await second.set("second", to: 2)
            try await first.save()
            try await second.save()
            #expect(try await engine.session(key).items() == ["a": 1, "second": 2])
        }
    }

    @Test(
        "a save after a deletion, a logout or a login elsewhere fails, and the session stays gone",
        arguments: TestEngine.withStore, ["delete", "flush", "cycle"])
    func saveAfterEnd(engine: TestEngine, end: String) async throws {
        try await engine.run { engine in
            let key = try await engine.stored()
            let late = engine.session(key)
            try await late.set("b", to: 2)
            let other = engine.session(key)
            switch end {
            case "delete": try await other.delete()
            case "flush": try await other.flush()
            default:
                try await other.cycleKey()
                try await other.save()
            }
            await #expect(throws: SessionStoreError.keyGone) { try await late.save() }
            #expect(try await !late.exists(key))
        }
    }

    @Test("two logins from one anonymous session make two sessions", arguments: TestEngine.withStore)
    func twoLogins(engine: TestEngine) async throws {
        try await engine.run { engine in
            let key = try await engine.stored()
            let logins = [engine.session(key), engine.session(key)]
            for login in logins { try await login.cycleKey() }
            for (number, login) in logins.enumerated() {
                try await login.set("user", to: .int(number))
                try await login.save()
            }
            #expect(logins[0].sessionKey != logins[1].sessionKey)
            for (number, login) in logins.enumerated() {
                #expect(try await engine.session(login.sessionKey).items() == ["a": 1, "user": .int(number)])
            }
            #expect(try await !engine.session(nil).exists(key))
        }
    }

    @Test(
        "of two that renew a session one does; the other fails where it has changed something",
        arguments: TestEngine.withStore)
    func twoRenewals(engine: TestEngine) async throws {
        try await engine.run { engine in
            let key = try await engine.stored()
            let (first, late, changed) = (engine.session(key), engine.session(key), engine.session(key))
            for session in [first, late, changed] {
                #expect(try await session["a"] == 1)
                session.renew(setting: "hash", to: "new")
            }
            #expect(try await first.save())
            #expect(first.sessionKey != key && first.modified && !first.isToBeRenewed)
            #expect(try await engine.session(first.sessionKey).items() == ["a": 1, "hash": "new"])
            #expect(try await !late.save())
            #expect(late.sessionKey == key && !late.modified)
            #expect(try await late.items() == ["a": 1])
            try await changed.set("b", to: 2)
            await #expect(throws: SessionStoreError.keyGone) { try await changed.save() }
            #expect(try await !engine.session(nil).exists(key))
            try await first.set("b", to: 3)
            let newKey = first.sessionKey
            #expect(try await first.save())
            #expect(first.sessionKey == newKey)
        }
    }

    @Test("what takes the place of nothing is not stored", arguments: TestEngine.withStore)
    func replacingNothing(engine: TestEngine) async throws {
        try await engine.run { engine in
            let (key, gone) = (SessionKey.generate(), SessionKey.generate())
            let record = SessionRecord(data: ["a": 1], expireDate: engine.now + 3_600_000_000)
            await #expect(throws: SessionStoreError.keyGone) {
                try await engine.store.create(key, record, replacing: gone, now: engine.now)
            }
            let isStored = try await engine.store.exists(key)
            #expect(!isStored)
        }
    }

    @Test("who finds a new key taken tries another, and leaves the owner alone", arguments: TestEngine.withStore)
    func sameKey(engine: TestEngine) async throws {
        try await engine.run { engine in
            let store = CountingStore(engine.store)
            store.keysToTake = 3
            let session = SessionEngine(store: store, codec: testCodec(), settings: engine.settings).session(nil)
            try await session.set("a", to: 1)
            try await session.save()
            #expect(store.writes == 4)
            #expect(try await engine.session(session.sessionKey).items() == ["a": 1])
        }
    }

    @Test("a session that ends while it is in use is gone, and what is written then has a new key")
    func endsMeanwhile() async throws {
        for engine in TestEngine.byClock {
            let clock = TestClock()
            try await engine.run(now: { clock.now }) { engine in
                let session = engine.session(nil)
                try await session.set("a", to: 1)
                try await session.setExpiry(.duration(.seconds(60)))
                try await session.save()
                let key = try #require(session.sessionKey)
                #expect(try await engine.session(key)["a"] == 1)
                clock.advance(seconds: 61)
                let late = engine.session(key)
                #expect(try await late["a"] == nil)
                #expect(late.sessionKey == nil)
                try await late.set("b", to: 2)
                try await late.save()
                #expect(late.sessionKey != key)
                #expect(try await engine.session(late.sessionKey).items() == ["b": 2])
            }
        }
    }
}
