import DjangoFormat
import EventLoop
import TestSupport
import Testing

@testable import Sessions

/// The rest of Django's `SessionTestsMixin`: the session in its store.
@Suite("The contract of every engine: the store")
struct StoreContract {
    @Test("save", arguments: TestEngine.withStore)
    func save(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.save()
            #expect(try await session.exists(session.sessionKey))
        }
    }

    @Test("delete", arguments: TestEngine.all)
    func delete(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.save()
            let key = try #require(session.sessionKey)
            try await session.delete(key)
            #expect(try await !session.exists(key))
            try await session.delete(key)
        }
    }

    @Test("flush", arguments: TestEngine.all)
    func flush(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.set("foo", to: "bar")
            try await session.save()
            let previous = try #require(session.sessionKey)
            try await session.flush()
            #expect(try await !session.exists(previous))
            #expect(session.sessionKey == nil)
            #expect(session.modified)
            #expect(session.accessed)
            #expect(try await session.items() == [:])
        }
    }

    @Test("cycle", arguments: TestEngine.all)
    func cycle(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.update(["a": "c", "b": "d"])
            try await session.save()
            let previous = try #require(session.sessionKey)
            let data = try await session.items()
            try await session.cycleKey()
            #expect(try await !session.exists(previous))
            #expect(session.sessionKey != previous)
            #expect(try await session.items() == data)
            try await session.save()
            #expect(try await !engine.session(nil).exists(previous))
            #expect(try await engine.session(session.sessionKey).items() == data)
        }
    }

    @Test("cycle with no session cache", arguments: TestEngine.all)
    func cycleWithNoSessionCache(engine: TestEngine) async throws {
        try await engine.run { engine in
            let first = engine.session(nil)
            try await first.update(["a": "c", "b": "d"])
            try await first.save()
            let session = engine.session(first.sessionKey)
            #expect(session.cache == nil)
            try await session.cycleKey()
            #expect(try await session.items() == ["a": "c", "b": "d"])
        }
    }

    @Test("save doesnt clear data", arguments: TestEngine.all)
    func saveDoesntClearData(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.set("a", to: "b")
            try await session.save()
            #expect(try await session["a"] == "b")
        }
    }

    @Test("invalid key", arguments: TestEngine.all)
    func invalidKey(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session("1")
            try await session.save()
            #expect(session.sessionKey != nil)
            #expect(session.sessionKey != "1")
            #expect(try await session["cat"] == nil)
            try await session.delete()
            try await session.delete("1")
        }
    }

    @Test("actual expiry", arguments: TestEngine.all)
    func actualExpiry(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.set("foo", to: "bar")
            try await session.setExpiry(.duration(.seconds(-10)))
            try await session.save()
            let again = engine.session(session.sessionKey)
            #expect(try await !again.hasKey("foo"))
            #expect(again.sessionKey == nil)
        }
    }

    @Test("session load does not create record", arguments: TestEngine.all)
    func sessionLoadDoesNotCreateRecord(engine: TestEngine) async throws {
        try await engine.run { engine async throws in
            let session = engine.session("someunknownkey")
            #expect(try await session.load() == [:])
            #expect(session.sessionKey == nil)
            #expect(try await !session.exists(session.sessionKey))
            #expect(try await !session.exists("someunknownkey"))
        }
    }

    @Test(
        "session save does not resurrect session logged out in other context", arguments: TestEngine.withStore)
    func sessionSaveDoesNotResurrectSessionLoggedOutInOtherContext(engine: TestEngine) async throws {
        try await engine.run { engine in
            let first = engine.session(nil)
            try await first.set("test_data", to: "value1")
            try await first.save(mustCreate: true)

            try await engine.session(first.sessionKey).delete()

            try await first.set("test_data", to: "value2")
            await #expect(throws: SessionStoreError.keyGone) { try await first.save() }
            #expect(try await first.load() == [:])
        }
    }

    // MARK: Beyond Django's

    @Test("what was saved is loaded again, types and order included", arguments: TestEngine.all)
    func roundTrip(engine: TestEngine) async throws {
        try await engine.run { engine in
            let data: JSONObject = [
                "z": 1, "a": [true, nil, 1.5], "name": "\u{e9}\u{1F600}", "m": ["k": "v"],
                "big": .number(try #require(JSONNumber(text: "18446744073709551616"))),
                "lone": .string(JSONString(utf16: [0xD800, 0x78])),
            ]
            let first = engine.session(nil)
            try await first.update(data)
            try await first.save()
            let session = engine.session(first.sessionKey)
            #expect(try await session.items() == data)
            #expect(session.accessed && !session.modified)
            try await session.set("z", to: 2)
            try await session.save()
            #expect(try await engine.session(session.sessionKey)["z"] == 2)
        }
    }

    @Test(
        "a key that the visitor made up is never adopted, saved before or after it was looked at",
        arguments: TestEngine.all,
        [
            "made-up-key-of-some-length", "madeupkeyofsomelength", "../../../../etc/passwd", "nul\0nulnul", "short", "",
            String(repeating: "a", count: 41), String(repeating: "a", count: 5000),
            String(repeating: "\u{e9}", count: 8),
        ])
    func unknownKey(engine: TestEngine, key: String) async throws {
        try await engine.run { engine in
            let session = engine.session(key)
            #expect(try await session["a"] == nil)
            #expect(session.sessionKey == nil)
            try await session.set("a", to: 1)
            try await session.save()
            #expect(session.sessionKey != key)
            #expect(try await !session.exists(key))

            let blind = engine.session(key)
            blind.clear()
            try await blind.set("a", to: 1)
            if blind.sessionKey == nil || engine.store.keyIsData {
                try await blind.save()
                #expect(blind.sessionKey != key)
            } else {
                await #expect(throws: SessionStoreError.keyGone) { try await blind.save() }
                await #expect(throws: Never.self) { try await blind.save(mustCreate: true) }
                #expect(blind.sessionKey != key)
            }
            #expect(try await !blind.exists(key))
            try await engine.session(key).delete()
            try await engine.session(key).flush()
        }
    }

    @Test("a session that must be new is not stored over another", arguments: TestEngine.withStore)
    func mustCreate(engine: TestEngine) async throws {
        try await engine.run { engine in
            let first = engine.session(nil)
            try await first.set("a", to: 1)
            try await first.save(mustCreate: true)
            let second = engine.session(first.sessionKey)
            await #expect(throws: SessionStoreError.keyExists) { try await second.save(mustCreate: true) }
            #expect(try await engine.session(first.sessionKey).items() == ["a": 1])
        }
    }

    @Test("creating makes a new session of what is there, without loading", arguments: TestEngine.withStore)
    func create(engine: TestEngine) async throws {
        try await engine.run { engine in
            let first = engine.session(nil)
            try await first.set("a", to: 1)
            try await first.save()
            let key = try #require(first.sessionKey)

            let empty = engine.session(key)
            try await empty.create()
            #expect(empty.sessionKey != key && empty.modified && empty.accessed)
            #expect(try await empty.exists(empty.sessionKey))
            #expect(try await engine.session(empty.sessionKey).items() == [:])

            try await first.create()
            #expect(first.sessionKey != key)
            #expect(try await engine.session(first.sessionKey).items() == ["a": 1])
            #expect(try await engine.session(key).items() == ["a": 1])
        }
    }

    @Test("a session that was deleted keeps key and data, and cannot be saved", arguments: TestEngine.withStore)
    func deleted(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.set("a", to: 1)
            try await session.save()
            let key = session.sessionKey
            session.modified = false
            try await session.delete()
            #expect(session.sessionKey == key && !session.modified)
            #expect(try await session["a"] == 1)
            await #expect(throws: SessionStoreError.keyGone) { try await session.save() }

            let cycled = engine.session(nil)
            try await cycled.save()
            let old = try #require(cycled.sessionKey)
            try await cycled.cycleKey()
            try await cycled.delete()
            #expect(try await !engine.session(nil).exists(old))
            await #expect(throws: SessionStoreError.keyGone) { try await cycled.save() }
        }
    }

    @Test("a session that ended is cleared away, another is not", arguments: TestEngine.withStore)
    func clearExpired(engine: TestEngine) async throws {
        try await engine.run { engine in
            var keys: [String] = []
            for age in [3600, -3600] {
                let session = engine.session(nil)
                try await session.set("foo", to: "bar")
                try await session.setExpiry(.seconds(age))
                try await session.save()
                keys.append(try #require(session.sessionKey))
            }
            try await engine.clearExpired()
            let session = engine.session(nil)
            #expect(try await session.exists(keys[0]))
            #expect(try await !session.exists(keys[1]))
            #expect(try await engine.clearExpired() == 0)
        }
    }
}
