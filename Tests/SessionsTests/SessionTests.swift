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
}

/// What a session does on the database beyond the contract of every engine.
@Suite("Sessions in the database")
struct SessionTests {
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

    @Test("cycling moves the data to a new key and ends the old one, in one step")
    func cycleKey() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let old = try await fixture.engine.stored(["a": 1])
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
            let key = try await fixture.engine.stored(["a": 1])
            let session = fixture.engine.session(key)
            try await session.cycleKey()
            try await session.flush()
            #expect(session.sessionKey == nil && session.isEmpty)
            #expect(try await fixture.database.data(key) == nil)
        }
    }

    @Test("data that is corrupt or badly signed is an empty session under the same key")
    func corrupt() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            for text in ["", "garbage", "e30:1r31eq:AAAA", "WzEsMl0:1r31eq:x"] {
                let key = try await fixture.engine.stored(["a": 1])
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

    @Test("saving a session that has no row makes one, and marks it modified, so that its cookie is set")
    func savedWithoutData() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let session = fixture.engine.session(nil)
            try await session.save()
            #expect(session.modified && session.accessed && !session.isEmpty)
            #expect(try await fixture.database.data(try #require(session.sessionKey)) != nil)
        }
    }

    @Test("saving twice writes twice, under one key")
    func savedTwice() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let session = fixture.engine.session(nil)
            try await session.set("a", to: 1)
            try await session.save()
            let key = try #require(session.sessionKey)
            try await session.set("b", to: 2)
            try await session.save()
            #expect(session.sessionKey == key)
            #expect(try await fixture.engine.session(key).items() == ["a": 1, "b": 2])
            #expect(try await fixture.database.number("SELECT count(*) FROM django_session") == 1)
        }
    }

    @Test("cycling, flushing and saving in any order leave one row at most, with what was set last")
    func orders() async throws {
        try await onLoop {
            let steps: [Character: (Session) async throws -> Void] = [
                "c": { try await $0.cycleKey() }, "f": { try await $0.flush() }, "s": { try await $0.save() },
                "w": { try await $0.set("w", to: 1) }, "e": { $0.clear() },
            ]
            for order in ["cfs", "fcs", "csc", "ccs", "scs", "cfcws", "fws", "ecs", "ces", "csfs", "cscfws", "wcwsws"] {
                let fixture = try await Fixture()
                let old = try await fixture.engine.stored(["a": 1])
                let session = fixture.engine.session(old)
                for step in order { try await steps[step]?(session) }
                if order.hasSuffix("c") { try await session.save() }
                let key = try #require(session.sessionKey)
                #expect(key != old, "\(order)")
                #expect(try await fixture.database.number("SELECT count(*) FROM django_session") == 1, "\(order)")
                let kept: JSONObject = order.contains("f") || order.contains("e") ? [:] : ["a": 1]
                let written: JSONObject = order.contains("w") ? ["w": 1] : [:]
                let expected = kept.merging(written) { _, new in new }
                #expect(try await fixture.engine.session(key).items() == expected, "\(order)")
            }
        }
    }

    @Test("a save that failed can be tried again, and still replaces the row of the old key")
    func failedSave() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let old = try await fixture.engine.stored(["a": 1])
            let session = fixture.engine.session(old)
            try await session.cycleKey()
            try await fixture.database.run("ALTER TABLE django_session RENAME TO away")
            await #expect(throws: SessionStoreError.self) { try await session.save() }
            #expect(session.modified && session.sessionKey != old)
            try await fixture.database.run("ALTER TABLE away RENAME TO django_session")
            try await session.save()
            #expect(try await fixture.database.data(old) == nil)
            #expect(try await fixture.engine.session(session.sessionKey).items() == ["a": 1])
        }
    }

    @Test("a session that could not be loaded or deleted is not taken for an empty one")
    func failedLoad() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let key = try await fixture.engine.stored(["a": 1])
            let session = fixture.engine.session(key)
            try await fixture.database.run("ALTER TABLE django_session RENAME TO away")
            await #expect(throws: SessionStoreError.self) { _ = try await session["a"] }
            await #expect(throws: SessionStoreError.self) { try await session.flush() }
            #expect(!session.isEmpty && session.sessionKey == key)
            try await fixture.database.run("ALTER TABLE away RENAME TO django_session")
            try await session.flush()
            #expect(session.isEmpty)
            #expect(try await fixture.database.data(key) == nil)
        }
    }

    @Test("a store in which every key is taken is an error, not an endless search")
    func noFreeKey() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            try await fixture.database.run(
                "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
            try await fixture.database.run(
                "CREATE TRIGGER nothing BEFORE INSERT ON django_session FOR EACH ROW EXECUTE FUNCTION nothing()")
            let session = fixture.engine.session(nil)
            await #expect(throws: SessionStoreError.self) { try await session.save() }
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
            let key = try await fixture.engine.stored(["a": 1])
            try await fixture.database.run("UPDATE django_session SET expire_date = now() - interval '1 second'")
            let session = fixture.engine.session(key)
            #expect(try await session["a"] == nil)
            #expect(session.sessionKey == nil)
        }
    }
}
