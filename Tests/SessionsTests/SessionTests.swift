import DatabaseSessions
import DjangoFormat
import EventLoop
import TestSupport
import Testing

@testable import Sessions

/// A database with an engine on it, as a process has.
@EventLoop
private struct Fixture {
    let database: TestDatabase
    let engine: SessionEngine

    init(_ change: (inout SessionSettings) -> Void = { _ in }) async throws {
        database = try await TestDatabase()
        var settings = SessionSettings()
        change(&settings)
        engine = SessionEngine(
            store: try database.store(), codec: SessionCodec(secretKey: "test-secret-key"), settings: settings)
    }

    /// The key of a stored session.
    func stored(_ data: JSONObject) async throws -> String {
        let session = engine.session(nil)
        try await session.update(data)
        try await session.save()
        return try #require(session.sessionKey)
    }
}

@Suite("The session dictionary")
struct SessionTests {
    @Test("what was saved is loaded again, types and order included")
    func roundTrip() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let data: JSONObject = ["z": 1, "a": [true, nil, 1.5], "name": "é\u{1F600}", "m": ["k": "v"]]
            let session = fixture.engine.session(try await fixture.stored(data))
            #expect(try await session.items() == data)
            #expect(session.accessed && !session.modified)
        }
    }

    /// Section 1.4 of Django's behaviour: what each call does to a stored session that was not loaded.
    @Test("flags are set as Django sets them")
    func flags() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let calls: [(String, accessed: Bool, modified: Bool, (Session) async throws -> Void)] = [
                ("get", true, false, { _ = try await $0["present"] }),
                ("get of a missing name", true, false, { _ = try await $0["missing"] }),
                ("set", true, true, { try await $0.set("present", to: 1) }),
                ("pop", true, true, { try await $0.pop("present") }),
                ("pop of a missing name", true, false, { try await $0.pop("missing") }),
                ("has_key", true, false, { _ = try await $0.hasKey("present") }),
                ("setdefault", true, false, { _ = try await $0.setDefault("present", to: 2) }),
                ("setdefault of a missing name", true, true, { _ = try await $0.setDefault("missing", to: 2) }),
                ("update with nothing", true, true, { try await $0.update([:]) }),
                ("items", true, false, { _ = try await $0.items() }),
                ("clear", true, true, { $0.clear() }),
                ("is_empty", false, false, { _ = $0.isEmpty }),
                ("flush", true, true, { try await $0.flush() }),
                ("cycle_key", true, true, { try await $0.cycleKey() }),
                ("save", true, false, { try await $0.save() }),
                ("set_expiry", true, true, { try await $0.setExpiry(.seconds(5)) }),
                ("set_expiry(None) without one", true, false, { try await $0.setExpiry(.default) }),
                ("get_expiry_age", true, false, { _ = try await $0.getExpiryAge() }),
                ("get_expire_at_browser_close", true, false, { _ = try await $0.getExpireAtBrowserClose() }),
            ]
            for (name, accessed, modified, call) in calls {
                let session = fixture.engine.session(try await fixture.stored(["present": 1]))
                try await call(session)
                #expect(session.accessed == accessed, "accessed after \(name)")
                #expect(session.modified == modified, "modified after \(name)")
            }
        }
    }

    @Test("a new session has no key until it is saved")
    func noKey() async throws {
        try await onLoop {
            let session = try await Fixture().engine.session(nil)
            #expect(session.isEmpty)
            _ = try await session["missing"]
            #expect(session.isEmpty && session.sessionKey == nil)
            try await session.set("a", to: 1)
            #expect(!session.isEmpty && session.sessionKey == nil)
            try await session.save()
            #expect(try #require(session.sessionKey).wholeMatch(of: /[a-z0-9]{32}/) != nil)
        }
    }

    @Test("a key that the visitor made up is never adopted", arguments: ["made-up-key-of-some-length", "short", ""])
    func unknownKey(key: String) async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let session = fixture.engine.session(key)
            #expect(try await session["a"] == nil)
            #expect(session.sessionKey == nil)
            try await session.set("a", to: 1)
            try await session.save()
            #expect(session.sessionKey != key)
            #expect(try await fixture.database.data(key) == nil)
        }
    }

    @Test("cycling moves the data to a new key and ends the old one, in one step")
    func cycleKey() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let old = try await fixture.stored(["a": 1])
            let session = fixture.engine.session(old)
            try await session.cycleKey()
            #expect(try await fixture.database.data(old) != nil)
            try await session.set("b", to: 2)
            try await session.save()
            let new = try #require(session.sessionKey)
            #expect(new != old)
            #expect(try await fixture.database.data(old) == nil)
            #expect(try await fixture.engine.session(new).items() == ["a": 1, "b": 2])
        }
    }

    @Test("flush deletes the row at once, also one that was to be replaced")
    func flush() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let key = try await fixture.stored(["a": 1])
            let session = fixture.engine.session(key)
            try await session.cycleKey()
            try await session.flush()
            #expect(session.sessionKey == nil && session.isEmpty)
            #expect(try await fixture.database.data(key) == nil)
        }
    }

    @Test("saving does not bring back a session that was logged out elsewhere")
    func noResurrection() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let key = try await fixture.stored(["a": 1])
            let late = fixture.engine.session(key)
            try await late.set("b", to: 2)
            try await fixture.engine.session(key).flush()
            await #expect(throws: SessionStoreError.keyGone) { try await late.save() }
            #expect(try await fixture.database.data(key) == nil)
        }
    }

    @Test("data that is corrupt or badly signed is an empty session under the same key")
    func corrupt() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            for text in ["", "garbage", "e30:1r31eq:AAAA", "WzEsMl0:1r31eq:x"] {
                let key = try await fixture.stored(["a": 1])
                try await fixture.database.run("UPDATE django_session SET session_data = '\(text)'")
                let session = fixture.engine.session(key)
                #expect(try await session.items() == [:])
                try await session.set("b", to: 2)
                try await session.save()
                #expect(session.sessionKey == key)
                #expect(try await fixture.engine.session(key).items() == ["b": 2])
            }
        }
    }
}

@Suite("When a session ends")
struct SessionExpiryTests {
    @Test("ages and dates are Django's")
    func ages() async throws {
        try await onLoop {
            let fixture = try await Fixture { $0.cookieAge = 1000 }
            let session = fixture.engine.session(nil)
            #expect(try await session.getExpiryAge() == 1000)
            try await session.setExpiry(.seconds(300))
            #expect(try await session.getExpiryAge() == 300)
            #expect(try await abs(session.getExpiryDate() - fixture.engine.now - 300_000_000) < 1_000_000)
            try await session.setExpiry(.seconds(0))
            #expect(try await session.getExpireAtBrowserClose())
            #expect(try await session.getExpiryAge() == 1000)
            try await session.setExpiry(.default)
            #expect(try await !session.getExpireAtBrowserClose())
            let date = fixture.engine.now + 60_000_000
            try await session.setExpiry(.date(date))
            #expect(try await session.getExpiryDate() == date)
            #expect(try await session.getExpiryAge() == 59)
            try await session.setExpiry(.seconds(-10))
            #expect(try await session.getExpiryAge() == -10)
        }
    }

    @Test(
        "what no calendar can hold does not stop the worker",
        arguments: ["1e300", "-1e300", "NaN", "Infinity", "99999999999999999999999999"])
    func absurd(number: String) async throws {
        try await onLoop {
            let session = try await Fixture().engine.session(nil)
            try await session.set("_session_expiry", to: .number(try #require(JSONNumber(text: number))))
            _ = try await session.getExpiryAge()
            _ = try await session.getExpiryDate()
            try await session.save()
        }
    }

    @Test("a session past its date is not loaded, and its key is not kept")
    func expired() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let key = try await fixture.stored(["a": 1])
            try await fixture.database.run("UPDATE django_session SET expire_date = now() - interval '1 second'")
            let session = fixture.engine.session(key)
            #expect(try await session["a"] == nil)
            #expect(session.sessionKey == nil)
        }
    }
}
